import { formatDecimal } from "../decimal.ts";
import { getExponent, MAX_MINOR_UNITS, toDecimal } from "../money.ts";
import { type FieldError, fail, ok, type Result } from "../result.ts";
import { compareTexts } from "../text.ts";
import type { Allocation } from "./decision.ts";
import type { Item, Side, Sign } from "./item.ts";
import { sizeOf, sumOpen } from "./item-group.ts";

export interface ManualChoice {
  createAdjustment: boolean;
  allowPartial: boolean;
}

export interface ManualPlan {
  currency: string;
  allocations: Allocation[];
  /** The record that has to be made so that the sides balance: minor units, on the smaller side. */
  adjustment: { side: Side; amount: number; sign: Sign; date: string } | null;
}

/**
 * Balances a set of open items that a person puts together. Sides are compared by the absolute values of their signed
 * sums of open amounts. Refuses one-sided sets, several currencies, and sides that differ unless the choice says how
 * the difference is to be taken.
 */
export function planManualMatch(items: readonly Item[], choice: ManualChoice): Result<ManualPlan, FieldError[]> {
  const currencies = [...new Set(items.map((item) => item.currency))];
  const sides = { a: items.filter((item) => item.side === "a"), b: items.filter((item) => item.side === "b") };
  const errors: FieldError[] = [];
  if (sides.a.length === 0 || sides.b.length === 0) {
    errors.push(refuse("one_sided", `There is no record of Side ${sides.a.length === 0 ? "A" : "B"} among them.`));
  }
  if (currencies.length > 1) errors.push(refuse("mixed_currencies", `They are in ${currencies.join(" and ")}.`));
  const [currency] = currencies;
  if (errors.length > 0 || currency === undefined) return fail(errors);

  const sums = { a: sumOpen(sides.a), b: sumOpen(sides.b) };
  const sizes = { a: sizeOf(sums.a), b: sizeOf(sums.b) };
  if (sizes.a === sizes.b) return ok({ currency, allocations: items.map(inFull), adjustment: null });
  const [smaller, larger]: [Side, Side] = sizes.a < sizes.b ? ["a", "b"] : ["b", "a"];
  const difference = sizes[larger] - sizes[smaller];
  const show = (minor: bigint) => `${formatDecimal(toDecimal(minor, getExponent(currency)))} ${currency}`;
  if (choice.createAdjustment) {
    if (difference > MAX_MINOR_UNITS) {
      return fail([
        refuse("adjustment_too_large", `The difference of ${show(difference)} is more than a record can hold.`),
      ]);
    }
    const sign: Sign = (sums[smaller] || sums[larger]) > 0n ? 1 : -1;
    const date = items.reduce((latest, item) => (item.date > latest ? item.date : latest), "");
    const adjustment = { side: smaller, amount: Number(difference), sign, date };
    return ok({ currency, allocations: items.map(inFull), adjustment });
  }
  if (choice.allowPartial) {
    const filled = fill(sides[larger], sizes[smaller]);
    if (!filled.ok) return filled;
    const allocations = [...sides[smaller].map(inFull), ...filled.value];
    return ok({ currency, allocations, adjustment: null });
  }
  const message = `Side A comes to ${show(sizes.a)}, Side B to ${show(sizes.b)}: they differ by ${show(difference)}. Set create_adjustment or allow_partial to match them all the same.`;
  return fail([refuse("unbalanced", message)]);
}

/** Fills items up to `size` minor units in the order date, amount, external id, id; what gets nothing is left out. */
function fill(items: readonly Item[], size: bigint): Result<Allocation[], FieldError[]> {
  if (new Set(items.map((item) => item.sign)).size > 1) {
    return fail([
      refuse("mixed_directions", "The larger side has credits and debits, which cannot be filled in part."),
    ]);
  }
  if (size === 0n) return fail([refuse("nothing_to_fill", "The smaller side comes to zero.")]);
  const allocations: Allocation[] = [];
  let rest = size;
  for (const item of [...items].sort(compareForFilling)) {
    if (rest === 0n) break;
    const amount = BigInt(item.open) < rest ? item.open : Number(rest);
    if (amount === 0) continue;
    allocations.push({ item, side: item.side, amount });
    rest -= BigInt(amount);
  }
  return ok(allocations);
}

function compareForFilling(left: Item, right: Item): number {
  if (left.date !== right.date) return left.date < right.date ? -1 : 1;
  if (left.amount !== right.amount) return left.amount - right.amount;
  const [leftId, rightId] = [left.externalId ?? "", right.externalId ?? ""];
  if (leftId !== rightId) return compareTexts(leftId, rightId);
  return left.uid < right.uid ? -1 : 1;
}

function inFull(item: Item): Allocation {
  return { item, side: item.side, amount: item.open };
}

function refuse(code: string, message: string): FieldError {
  return { path: "/record_ids", code, message };
}
