import { type FieldError, invalid, ok, type Result } from "../result.ts";
import type { EntryDraft } from "./entries.ts";

/**
 * Cuts the entries of a pending transaction in two: what is posted now, and what stays pending. Each entry needs one of
 * the same account and side with a smaller amount; where several are alike they are taken in their order.
 */
export function cutEntries(
  pending: readonly EntryDraft[],
  posted: readonly EntryDraft[],
): Result<{ posted: EntryDraft[]; remaining: EntryDraft[] }> {
  const left = posted.map((entry, place) => ({ entry, place }));
  const cut: EntryDraft[] = [];
  const remaining: EntryDraft[] = [];
  const errors: FieldError[] = [];
  for (const whole of pending) {
    const index = left.findIndex(
      ({ entry }) => entry.accountUid === whole.accountUid && entry.direction === whole.direction,
    );
    const [part] = index === -1 ? [] : left.splice(index, 1);
    if (!part) return refuse("", "There must be one entry for each of the pending ones.");
    if (part.entry.amount >= whole.amount) {
      errors.push(...refuse(`/${part.place}/amount`, `Must be less than ${whole.amount}.`).failure.errors);
    }
    cut.push(part.entry);
    remaining.push({ ...whole, amount: whole.amount - part.entry.amount });
  }
  const [extra] = left;
  if (extra) return refuse(`/${extra.place}`, "The transaction has no such entry.");
  return errors.length > 0 ? invalid(errors) : ok({ posted: cut, remaining });
}

function refuse(place: string, message: string) {
  const errors = [{ path: `/posted_ledger_entries${place}`, code: "invalid", message }];
  return { ok: false as const, failure: { kind: "invalid" as const, errors } };
}
