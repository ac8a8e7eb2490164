import { sumSignedCents } from "./cents.ts";
import type { NewRecord } from "./new-record.ts";

/** Records that one bank line stands for in truth, as only the shop knows it. */
export interface TrueGroup {
  members: NewRecord[];
  /** Null while the bank has none. */
  line: NewRecord | null;
  /** Sets of other records that would explain the line just as well. */
  rivals: NewRecord[][];
}

/** Whether the bank's line says without doubt whose money it is. */
export function isCertain({ members, line, rivals }: TrueGroup): boolean {
  return line !== null && rivals.length === 0 && sumSignedCents(members) === sumSignedCents([line]);
}

/** The groups whose line stays open. */
export function listUncertain(groups: readonly TrueGroup[]): (TrueGroup & { line: NewRecord })[] {
  return groups.flatMap((group) => (group.line && !isCertain(group) ? { ...group, line: group.line } : []));
}

/** The group of a bank line. */
export function groupOfLine(groups: readonly TrueGroup[], id: string): TrueGroup & { line: NewRecord } {
  const group = groups.find(({ line }) => line?.external_id === id);
  if (!group?.line) throw new Error(`${id} is no bank line of this month`);
  return { ...group, line: group.line };
}
