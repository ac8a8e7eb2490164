import { RULE_PREVIEW_MAX_PAYMENTS, RULE_PREVIEW_MAX_STEPS, RULE_PREVIEW_MAX_TRANSACTIONS } from "../config.ts";
import { decideForRule, FIRST_ROUND, isSpent, type WorkLimit } from "../core/matching/decide.ts";
import type { Decision } from "../core/matching/decision.ts";
import type { Side } from "../core/matching/item.ts";
import type { IndexedItem, ItemIndex } from "../core/matching/item-index.ts";
import { listIndexKeys } from "../core/matching/keys.ts";
import { MemoryIndex } from "../core/matching/memory-index.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { newMeter } from "../core/matching/search.ts";
import { compilePaymentRule } from "../core/payment/compile-payment-rule.ts";
import { NO_PREVIEW, type RulePreview } from "../core/payment/rule-preview.ts";
import { notFound, ok, type Result } from "../core/result.ts";
import { listPaymentUids } from "../db/expected-payments.ts";
import { findPaymentRule } from "../db/payment-rules.ts";
import type { ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies, WorkState } from "./work-off.ts";

const PAGE_ITEMS = 500;
/** Pending transactions that are passed over at most before the rest is left out. */
const PENDING_MAX_ITEMS = 2_000;

/**
 * Decides by one rule alone over a copy of what is open in a Reconciler's index, which stays as it is. `reached` is where
 * `workOff` has come to: behind D1 or during a pass the preview is not complete.
 */
export async function previewPaymentRule(
  deps: WorkDependencies,
  store: ReconcilerStore,
  reached: WorkState,
  ruleUid: string,
): Promise<Result<RulePreview>> {
  const configuration = store.readConfiguration();
  if (!configuration) return ok({ ...NO_PREVIEW, is_complete: false });
  const stored = await findPaymentRule(deps.db, configuration.environmentId, ruleUid);
  if (!stored) return notFound("rule");
  const transactions = listNewestOpen(store, "a", RULE_PREVIEW_MAX_TRANSACTIONS);
  const payments = listNewestOpen(store, "b", RULE_PREVIEW_MAX_PAYMENTS);
  const rule = compilePaymentRule(stored);
  const decided = decideAll(rule, new IndexCopy(store.index, rule, [...transactions.items, ...payments.items]));
  const ids = decided.decisions.flatMap(({ allocations }) => allocations.map(({ item }) => item.id));
  const uids = await listPaymentUids(deps.db, ids);
  return ok({
    transactions_evaluated: transactions.items.length,
    expected_payments_evaluated: payments.items.length,
    is_complete: reached === "settled" && transactions.isAll && payments.isAll && decided.isComplete,
    matches: decided.decisions.map((decision) => presentDecision(decision, uids)),
    ambiguous_transaction_ids: decided.ambiguous.map(({ uid }) => uid),
  });
}

/** The newest items of a side that matching may take now. */
function listNewestOpen(store: ReconcilerStore, side: Side, limit: number): { items: IndexedItem[]; isAll: boolean } {
  const items: IndexedItem[] = [];
  const max = limit + PENDING_MAX_ITEMS;
  let before = Number.MAX_SAFE_INTEGER;
  for (let seen = 0; seen < max; seen += PAGE_ITEMS) {
    const ids = store.listNewest(side, before, PAGE_ITEMS);
    items.push(...ids.flatMap((id) => store.index.find(id) ?? []).filter(({ payment }) => !payment?.isPending));
    if (items.length > limit) break;
    if (ids.length < PAGE_ITEMS) return { items, isAll: true };
    before = ids.at(-1) as number;
  }
  return { items: items.slice(0, limit), isAll: false };
}

/** Some items of an index under one rule's keys; what a person has taken apart there stays apart here. */
class IndexCopy extends MemoryIndex {
  readonly #source: ItemIndex;

  constructor(source: ItemIndex, rule: EngineRule, items: readonly IndexedItem[]) {
    super(source.order);
    this.#source = source;
    for (const item of items) this.put(item, listIndexKeys([rule], item));
  }

  override isVoidedSet(setKey: string): boolean {
    return this.#source.isVoidedSet(setKey);
  }
}

interface Decided {
  decisions: Decision[];
  ambiguous: IndexedItem[];
  isComplete: boolean;
}

function decideAll(rule: EngineRule, index: MemoryIndex): Decided {
  const meter = newMeter();
  const limit: WorkLimit = { items: PAGE_ITEMS, steps: RULE_PREVIEW_MAX_STEPS };
  const decisions: Decision[] = [];
  let position: typeof FIRST_ROUND | null = FIRST_ROUND;
  while (position && !isSpent(meter, limit)) {
    const slice = decideForRule(rule, [rule], index, position, limit, meter);
    decisions.push(...slice.decisions);
    position = slice.next;
  }
  const notes = index.listNotes(null, Number.MAX_SAFE_INTEGER).flatMap(({ itemId, finding }) => {
    const item = index.find(itemId);
    return item ? [{ item, finding }] : [];
  });
  return {
    decisions,
    ambiguous: notes.flatMap(({ item, finding }) => (finding === "ambiguous" && item.side === "a" ? [item] : [])),
    isComplete: position === null && notes.every(({ finding }) => finding !== "cut"),
  };
}

function presentDecision({ allocations }: Decision, uids: ReadonlyMap<number, string>): RulePreview["matches"][number] {
  const [transaction] = allocations.filter(({ side }) => side === "a");
  if (!transaction) throw new Error("a payment match has a transaction");
  return {
    transaction_id: transaction.item.uid,
    amount: transaction.amount,
    expected_payments: allocations
      .filter(({ side }) => side === "b")
      .map(({ item, amount }) => ({ id: uids.get(item.id) as string, amount })),
  };
}
