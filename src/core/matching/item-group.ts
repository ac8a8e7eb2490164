import type { Item } from "./item.ts";

/** Items that are matched as one. */
export interface ItemGroup {
  /** The items, each with the group's open amount and sign in place of its own. */
  items: readonly Item[];
  /** One of them, to stand for the group. */
  whole: Item;
}

/** The signed sum (credit +, debit −) of open amounts, in minor units. */
export function sumOpen(items: readonly Item[]): bigint {
  return items.reduce((sum, item) => sum + BigInt(item.open * item.sign), 0n);
}

/** A sum without its sign. */
export function sizeOf(sum: bigint): bigint {
  return sum < 0n ? -sum : sum;
}

/**
 * Items as a group, whose open amount is the absolute value of their signed sum and whose sign is that sum's; undefined
 * for no items, and when a number cannot hold the sum exactly.
 */
export function groupOf(items: readonly Item[]): ItemGroup | undefined {
  const [first] = items;
  if (first === undefined) return undefined;
  if (items.length === 1) return { items, whole: first };
  const amount = amountOf(sumOpen(items));
  if (amount === undefined) return undefined;
  const members = items.map((item) => ({ ...item, ...amount }));
  return { items: members, whole: members[0] as Item };
}

/** A signed sum as an open amount and a sign; undefined when a number cannot hold it exactly. */
export function amountOf(sum: bigint): Pick<Item, "open" | "sign"> | undefined {
  const open = sizeOf(sum);
  return open > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : { open: Number(open), sign: sum < 0n ? -1 : 1 };
}
