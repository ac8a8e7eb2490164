import { attempt, isSpent, listFailures, type RuleFailure, type WorkLimit } from "./decide.ts";
import type { Item } from "./item.ts";
import type { IndexedItem, ItemIndex } from "./item-index.ts";
import { findOutcome, type Outcome } from "./outcome.ts";
import { isWhole } from "./payment-keys.ts";
import type { EngineRule } from "./rule.ts";
import { newMeter, type Search } from "./search.ts";

/** What would be made of a pending transaction if it were posted. */
export interface TentativeMatch {
  rule: EngineRule;
  transaction: IndexedItem;
  payments: readonly Item[];
}

/**
 * For pending transactions, in the given order, the match that the first rule which yields one would make of them;
 * other ids are passed over. What it is matched with or ambiguous because of is remembered, so that it is looked at
 * again without that.
 */
export function findTentative(
  ids: readonly number[],
  rules: readonly EngineRule[],
  index: ItemIndex,
  limit: WorkLimit,
): { found: TentativeMatch[]; visited: number; failures: RuleFailure[] } {
  const meter = newMeter();
  const found: TentativeMatch[] = [];
  let visited = 0;
  for (const id of ids.slice(0, limit.items)) {
    const transaction = index.find(id);
    const match = transaction?.payment?.isPending ? matchAsPosted(transaction, rules, { index, meter }) : undefined;
    if (match) found.push(match);
    visited += 1;
    if (isSpent(meter, limit)) break;
  }
  return { found, visited, failures: listFailures(meter) };
}

function matchAsPosted(
  transaction: IndexedItem,
  rules: readonly EngineRule[],
  looking: Omit<Search, "rule">,
): TentativeMatch | undefined {
  const { payment } = transaction;
  const posted = payment && { ...transaction, payment: { ...payment, isPending: false } };
  if (!posted || !isWhole(posted)) return undefined;
  for (const rule of rules) {
    const search = { ...looking, rule };
    const outcome = attempt<Outcome>(search, () => findOutcome(search, posted), { kind: "none" });
    if (outcome.kind === "match") {
      const payments = outcome.decision.allocations.filter(({ side }) => side === "b").map(({ item }) => item);
      looking.index.watch(
        transaction.id,
        payments.map(({ id }) => id),
      );
      return { rule, transaction, payments };
    }
    if (outcome.kind !== "none") looking.index.watch(transaction.id, outcome.because);
  }
  return undefined;
}
