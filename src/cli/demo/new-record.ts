import { formatCents } from "./cents.ts";
import type { SourceKey } from "./sources.ts";

export interface NewRecord {
  type_key: SourceKey;
  date: string;
  amount: string;
  direction: "credit" | "debit";
  description: string;
  external_id: string;
  metadata: Record<string, string>;
}

/** A record and the day of the month on which it is sent, 1 being the first. */
export interface DatedRecord {
  day: number;
  record: NewRecord;
}

interface Draft {
  date: string;
  cents: number;
  direction?: "credit" | "debit";
  description: string;
  id: string;
  metadata?: Record<string, string>;
}

export function newRecord(typeKey: SourceKey, draft: Draft): NewRecord {
  const { date, cents, direction = "credit", description, id, metadata = {} } = draft;
  return { type_key: typeKey, date, amount: formatCents(cents), direction, description, external_id: id, metadata };
}
