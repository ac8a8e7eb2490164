import { z } from "@hono/zod-openapi";
import { parseDay } from "../../core/calendar.ts";
import { MAX_ENTRIES } from "../../core/ledger/entries.ts";
import { dayOfInstant, type Instant, parseInstant, startOfDay } from "../../core/ledger/instant.ts";
import { metadataSchema } from "../../core/metadata.ts";
import { invalid, ok, type Result } from "../../core/result.ts";
import { newLedgerEntry } from "./new-ledger-entry.ts";

export const entries = z.array(newLedgerEntry).min(1).max(MAX_ENTRIES);
export const description = z.string().max(1000).nullish();
export const externalId = z.string().min(1).max(180).nullish();
export const effectiveAt = z
  .string()
  .refine((text) => parseInstant(text) !== undefined, {
    error: "Must be an RFC 3339 time.",
    params: { code: "invalid_format" },
  })
  .nullish()
  .meta({ format: "date-time" });
export const effectiveDate = z
  .string()
  .refine((text) => parseDay(text) !== undefined, {
    error: "Must be a date that exists, YYYY-MM-DD.",
    params: { code: "invalid_date" },
  })
  .nullish()
  .meta({ format: "date" });

/** What every ledger transaction may be sent with, wherever it is made. */
export const ledgerTransactionFields = {
  description,
  metadata: metadataSchema.optional(),
  effective_at: effectiveAt,
  effective_date: effectiveDate,
  external_id: externalId,
};

/** Both ways of saying when a transaction takes effect; undefined if neither is used. */
export function readEffect(given: {
  effective_at?: string | null | undefined;
  effective_date?: string | null | undefined;
}): Result<Instant | undefined> {
  const instant = given.effective_at == null ? undefined : (parseInstant(given.effective_at) as Instant);
  const day = given.effective_date == null ? undefined : (parseDay(given.effective_date) as string);
  if (day === undefined) return ok(instant);
  if (instant === undefined) return ok(startOfDay(day));
  if (dayOfInstant(instant) === day) return ok(instant);
  return invalid([{ path: "/effective_date", code: "invalid", message: "Is not the day of effective_at." }]);
}
