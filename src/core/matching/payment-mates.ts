import type { Item } from "./item.ts";
import type { IndexedItem, ItemIndex } from "./item-index.ts";
import { PAYMENT_MAX_STEPS, PENDING_MAX_MATES } from "./limits.ts";
import { conditionsHold } from "./payment-fit.ts";
import { amountsInGroup } from "./payment-groups.ts";
import { isOfGroups } from "./payment-keys.ts";
import { type AmountBounds, amountsFor, listTransactions } from "./payment-streams.ts";
import type { EngineRule } from "./rule.ts";
import { type Meter, type Search, withAllowance } from "./search.ts";

/** Pending transactions, at most `PENDING_MAX_MATES`, that an expected payment may be matched with as it is now. */
export function listPendingMates(
  payment: IndexedItem,
  rules: readonly EngineRule[],
  index: ItemIndex,
  meter: Meter,
): number[] {
  const mates = new Set<number>();
  for (const rule of payment.side === "b" ? rules : []) {
    if (!rule.payment) continue;
    const search = withAllowance({ rule, index, meter }, PAYMENT_MAX_STEPS);
    const amounts = amountsOfMates(search, payment);
    for (const transaction of amounts ? listTransactions(search, payment, amounts, "pending") : []) {
      if (mayHold(rule, transaction, payment)) mates.add(transaction.id);
      if (mates.size === PENDING_MAX_MATES) return [...mates];
    }
  }
  return [...mates];
}

function amountsOfMates(search: Search, payment: IndexedItem): AmountBounds | undefined {
  if (isOfGroups(search.rule)) return amountsInGroup(search, payment);
  return amountsFor(payment, search.rule.payment === "one_to_one");
}

/** As `conditionsHold`; what throws will be said when the record is looked at. */
function mayHold(rule: EngineRule, a: Item, b: Item): boolean {
  try {
    return conditionsHold(rule, a, b);
  } catch {
    return true;
  }
}
