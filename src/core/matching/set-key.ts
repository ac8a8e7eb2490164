import type { Item } from "./item.ts";

/** Names a set of records as they are now: an edit of one of them makes it another set. */
export function setKeyOf(items: readonly Pick<Item, "id" | "version">[]): string {
  return [...items]
    .sort((left, right) => left.id - right.id)
    .map((item) => `${item.id}.${item.version}`)
    .join(",");
}

/** Names a transaction and an expected payment by their records' row numbers, whatever is edited; never a `setKeyOf`. */
export function pairKeyOf(transactionId: number, paymentId: number): string {
  return paymentsKeyOf(transactionId, [paymentId]);
}

/** Names a transaction and the expected payments that it pays, as `pairKeyOf` does for a single one. */
export function paymentsKeyOf(transactionId: number, paymentIds: readonly number[]): string {
  return `${transactionId}~${[...paymentIds].sort((left, right) => left - right).join("+")}`;
}
