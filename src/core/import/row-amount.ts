import type { Direction } from "../record.ts";
import { type DecimalMark, readAmount, type WrittenAmount } from "./amount-text.ts";
import type { RowDraft } from "./row-draft.ts";

/** The amount of a row and the direction that goes with it; the target is the column that has it. */
export interface RowAmount {
  target: string;
  amount?: string;
  direction?: Direction;
}

/** The amount of a row with one amount column. A sign says the direction, unless something else does. */
export function readSigned(draft: RowDraft, decimalMark: DecimalMark, isDirectionGiven: boolean): RowAmount {
  const target = "amount";
  const written = readCell(draft, target, decimalMark);
  if (!written) {
    draft.refuse(target, "required", "The cell is empty.");
    return { target };
  }
  if (!isDirectionGiven) {
    return { target, amount: written.digits, direction: written.isNegative ? "debit" : "credit" };
  }
  if (written.isNegative) draft.refuse(target, "negative", "Must not be negative: the direction is given beside it.");
  return { target, amount: written.digits };
}

/** The amount of a row with a column for debits and one for credits: one of them has it, the other is empty or 0. */
export function readDebitOrCredit(draft: RowDraft, decimalMark: DecimalMark): RowAmount {
  const sides = (["debit", "credit"] as const).map((side) => ({ side, written: readCell(draft, side, decimalMark) }));
  const filled = sides.filter(({ written }) => written !== undefined);
  const weighty = filled.filter(({ written }) => /[1-9]/.test(written?.digits ?? ""));
  const [chosen, other] = weighty.length > 0 ? weighty : filled;
  if (!chosen?.written) {
    const wrong = sides.find(({ side }) => draft.isWrong(side));
    if (!wrong) draft.refuse("debit", "required", "Neither debit nor credit has an amount.");
    return { target: wrong?.side ?? "debit" };
  }
  const { side, written } = chosen;
  if (other && weighty.length > 0) draft.refuse("debit", "two_amounts", "Both debit and credit have an amount.");
  else if (other)
    draft.refuse("debit", "no_direction", "Debit and credit are both 0, which leaves the direction open.");
  if (written.isNegative) draft.refuse(side, "negative", "Must not be negative: its column is its direction.");
  return { target: side, amount: written.digits, direction: side };
}

function readCell(draft: RowDraft, target: string, decimalMark: DecimalMark): WrittenAmount | undefined {
  const text = draft.read(target);
  if (text === undefined) return undefined;
  const written = readAmount(text, decimalMark);
  if (!written) draft.refuse(target, "not_a_number", `Must be a number whose decimal mark is "${decimalMark}".`);
  return written;
}
