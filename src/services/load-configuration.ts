import { FIRST_ROUND } from "../core/matching/decide.ts";
import type { ItemIndex, Note } from "../core/matching/item-index.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { compilePaymentRule } from "../core/payment/compile-payment-rule.ts";
import { readRuleDefinition } from "../core/rule-definition.ts";
import { compileFilters } from "../core/rules/compile.ts";
import type { Db } from "../db/client.ts";
import { listActiveRules, listVoidedSets, type News } from "../db/news.ts";
import { listActivePaymentRules } from "../db/payment-rules.ts";
import type { Configuration, Progress, ReconcilerStore } from "./reconciler-store.ts";

/**
 * Reads what the reconciliation is now. If its rules change between the news and this read, its generation is no longer
 * the one that stands here, and the guard refuses what would be matched by it.
 */
export async function loadConfiguration(db: Db, reconciliationUid: string, news: News): Promise<Configuration> {
  const { reconciliation, sources } = news;
  const isOfPayments = reconciliation.account_id !== null;
  const rules = isOfPayments ? [] : await listActiveRules(db, reconciliation.id);
  return {
    reconciliationId: reconciliation.id,
    reconciliationUid,
    environmentId: reconciliation.environment_id,
    generation: reconciliation.generation,
    runType: reconciliation.run_type,
    expectedWithinDays: reconciliation.expected_within_days,
    dueGeneration: reconciliation.due_generation,
    accountUid: isOfPayments ? reconciliationUid : null,
    sources: sources.map(({ source_id: id, side }) => ({ id, side })),
    rules: rules.map(({ id, uid, version, definition }) => {
      return { id, uid, version, definition: readRuleDefinition(definition) };
    }),
    paymentRules: isOfPayments ? await listActivePaymentRules(db, reconciliation.id) : [],
  };
}

/** Makes the store follow a configuration: from nothing, or from an older one with as little work as it allows. */
export async function takeInConfiguration(
  db: Db,
  store: ReconcilerStore,
  next: Configuration,
  news: News,
): Promise<void> {
  const before = store.readConfiguration();
  const progress = store.readProgress();
  if (!before || !progress || hasOtherDueDays(before, next)) {
    store.clear();
    store.writeConfiguration(next);
    await loadVoidedSets(db, store, next.reconciliationId);
    const { chain_no: no, chain_hash: hash, marks_token: token } = news.reconciliation;
    const cursors = next.sources.map(({ id }) => ({ sourceId: id, no: 0, token: null }));
    store.writeProgress({
      cursors,
      head: { no, hash },
      isLoading: true,
      reindexAfter: null,
      pass: null,
      marksTokens: [token],
    });
    return;
  }
  store.transaction(() => follow(store, before, next, progress));
}

/**
 * Days that came and went between two looks have cleared marks, too, and what was taken for overdue by them was not:
 * the number alone would not tell.
 */
function hasOtherDueDays(before: Configuration, next: Configuration): boolean {
  return before.expectedWithinDays !== next.expectedWithinDays || (before.dueGeneration ?? 0) !== next.dueGeneration;
}

function follow(store: ReconcilerStore, before: Configuration, next: Configuration, progress: Progress): void {
  const stays = (source: Configuration["sources"][number]) =>
    before.sources.some(({ id, side }) => id === source.id && side === source.side);
  for (const { id, side } of before.sources) {
    if (!next.sources.some((source) => source.id === id && source.side === side)) store.removeSource(id);
  }
  const hasLostSource = before.sources.some(
    ({ id, side }) => !next.sources.some((source) => source.id === id && source.side === side),
  );
  const hasNewSource = next.sources.some((source) => !stays(source));
  const cursors = next.sources.map((source) => {
    const known = stays(source) ? progress.cursors.find((cursor) => cursor.sourceId === source.id) : undefined;
    return known ?? { sourceId: source.id, no: 0, token: null };
  });
  const hasOtherRules = JSON.stringify(listRules(before)) !== JSON.stringify(listRules(next));
  if (hasOtherRules) store.clearKeys();
  if (hasOtherRules || before.runType !== next.runType) {
    forgetNotes(store.index, new Set(listRules(next).map(({ id }) => id)));
  }
  const isContinuous = next.runType === "continuous";
  // A source that has left may have been what made a record of the other side ambiguous.
  const isOtherwise = hasOtherRules || hasLostSource || before.runType !== next.runType;
  const needsPass = isContinuous && listRules(next).length > 0 && isOtherwise;
  // A batch reconciliation matches nothing by itself; should it become continuous again, a pass finds what this forgets.
  if (!isContinuous) store.dequeue(store.peekQueue(Number.MAX_SAFE_INTEGER));
  store.writeConfiguration(next);
  store.writeProgress({
    ...progress,
    cursors,
    isLoading: progress.isLoading || hasNewSource,
    hasSettled: progress.hasSettled === true && !hasNewSource,
    reindexAfter: hasOtherRules ? 0 : progress.reindexAfter,
    pass: needsPass ? { rule: 0, position: FIRST_ROUND } : isContinuous ? progress.pass : null,
  });
}

const NOTES_PAGE_ROWS = 1_000;

/** What rules that are there no more have noted; the others look at everything again. */
function forgetNotes(index: ItemIndex, ruleIds: ReadonlySet<number>): void {
  let page: Note[] = [];
  do {
    page = index.listNotes(page.at(-1) ?? null, NOTES_PAGE_ROWS);
    for (const { itemId, ruleId } of page) if (!ruleIds.has(ruleId)) index.note(itemId, ruleId, null);
  } while (page.length === NOTES_PAGE_ROWS);
}

function listRules({ rules, paymentRules }: Configuration) {
  return [...rules, ...paymentRules];
}

async function loadVoidedSets(db: Db, store: ReconcilerStore, reconciliationId: number): Promise<void> {
  for (let after = ""; ; ) {
    const page = await listVoidedSets(db, reconciliationId, after);
    store.index.addVoidedSets(page);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

export interface FailedRule {
  uid: string;
  version: number;
  message: string;
}

interface CompiledRules {
  rules: EngineRule[];
  failed: FailedRule[];
}

const compiled = new WeakMap<Configuration, CompiledRules>();

/** The rules of a configuration, compiled once for as long as it is in memory; those that fail are left out. */
export function compileRules(configuration: Configuration): EngineRule[] {
  return compileAll(configuration).rules;
}

/** The rules that could not be compiled, and why. */
export function listFailedRules(configuration: Configuration): FailedRule[] {
  return compileAll(configuration).failed;
}

function compileAll(configuration: Configuration): CompiledRules {
  const known = compiled.get(configuration);
  if (known) return known;
  const result: CompiledRules = { rules: [], failed: [] };
  const compilations = [
    ...configuration.rules.map((rule) => ({ rule, compile: () => compileOne(rule) })),
    ...configuration.paymentRules.map((rule) => ({ rule, compile: () => compilePaymentRule(rule) })),
  ];
  for (const { rule, compile } of compilations) {
    try {
      result.rules.push(compile());
    } catch (error) {
      const { uid, version } = rule;
      result.failed.push({ uid, version, message: String(error) });
      console.error(
        JSON.stringify({ message: "rule cannot be compiled", rule_id: uid, version, error: String(error) }),
      );
    }
  }
  compiled.set(configuration, result);
  return result;
}

function compileOne({ id, uid, version, definition }: Configuration["rules"][number]): EngineRule {
  return {
    id,
    uid,
    version,
    cardinality: definition.cardinality,
    groupBy: definition.group_by ?? [],
    rollup: definition.rollup,
    isSubset: definition.subset,
    onAmbiguous: definition.on_ambiguous,
    payment: null,
    compiled: compileFilters(definition.filters).compiled,
  };
}
