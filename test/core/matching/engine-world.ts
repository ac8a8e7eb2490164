import { decideForItems, decideForRule, FIRST_ROUND, type WorkLimit } from "../../../src/core/matching/decide.ts";
import type { Decision } from "../../../src/core/matching/decision.ts";
import type { Item } from "../../../src/core/matching/item.ts";
import type { IndexedItem, ItemIndex } from "../../../src/core/matching/item-index.ts";
import { listIndexKeys } from "../../../src/core/matching/keys.ts";
import type { EngineRule } from "../../../src/core/matching/rule.ts";
import { takeInItem } from "../../../src/core/matching/waking.ts";
import { compileFilters } from "../../../src/core/rules/compile.ts";
import {
  type OracleItem,
  type OracleMatch,
  type OracleRecord,
  type OracleRule,
  type OracleSide,
  type OracleState,
  untouched,
} from "../../oracle/model.ts";
import { byRunOrder } from "../../oracle/order.ts";

/** Small, so that every world of more than a few records is worked off in several slices. */
export const SMALL_SLICES: WorkLimit = { items: 3, steps: 2_000 };

const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** What the engine noted of an open record under a rule that skips. */
export interface EngineNote {
  rule_id: string;
  record_id: string;
}

/** What the engine has made, in the oracle's words. */
export interface EngineOutcome {
  decisions: readonly Decision[];
  matches: readonly OracleMatch[];
  /** Rule by rule, strong ones first, each in a run's order. */
  notes: readonly EngineNote[];
  /** What stays open, in the order of arrival. */
  state: OracleState;
}

/** Records and rules in the engine's shape, over an index that has to be empty. */
export class EngineWorld {
  readonly index: ItemIndex;
  readonly rules: readonly EngineRule[];
  readonly decisions: Decision[] = [];
  readonly #records = new Map<number, OracleRecord>();

  constructor(rules: readonly OracleRule[], index: ItemIndex) {
    this.index = index;
    this.rules = listByStrength(rules);
  }

  put({ record, open }: OracleItem): void {
    const item = toIndexedItem(record, open);
    this.#records.set(item.id, record);
    this.index.put(item, listIndexKeys(this.rules, item));
  }

  /** Puts a record back as it was before a match. */
  restore(item: Item): void {
    this.index.put({ ...item, due: null }, listIndexKeys(this.rules, item));
  }

  run(limit: WorkLimit): void {
    for (const rule of this.rules) this.runRule(rule, limit);
  }

  runRule(rule: EngineRule, limit: WorkLimit): void {
    for (let position = FIRST_ROUND as typeof FIRST_ROUND | null; position !== null; ) {
      const slice = decideForRule(rule, this.rules, this.index, position, limit);
      this.decisions.push(...slice.decisions);
      position = slice.next;
    }
  }

  /** Puts a record and looks at it alone; answers what has to be looked at next. */
  arrive(record: OracleRecord): number[] {
    const item = toIndexedItem(record, record.amount);
    this.#records.set(item.id, record);
    const woken = takeInItem(item.id, item, this.rules, this.index);
    const { decisions, again, visited } = decideForItems([item.id], this.rules, this.index, SMALL_SLICES);
    this.decisions.push(...decisions);
    return [...(visited === 0 ? [item.id] : []), ...woken, ...again];
  }

  /** Takes in that a record was changed, or, with nothing in its place, deleted; answers what has to be looked at next. */
  change(id: number, content: OracleRecord | null): number[] {
    const version = (this.index.find(id) as IndexedItem).version + 1;
    const item = content && { ...toIndexedItem(content, content.amount), version };
    if (content) this.#records.set(id, content);
    const woken = takeInItem(id, item, this.rules, this.index);
    return item ? [id, ...woken] : woken;
  }

  /** Looks at items until nothing is left to look at, as a Reconciler drains its queue. */
  drain(ids: readonly number[], limit: WorkLimit): void {
    const queue = new Set(ids);
    for (let rounds = 0; queue.size > 0; rounds++) {
      if (rounds > 2_000) throw new Error("it does not settle");
      const page = [...queue].slice(0, limit.items);
      const { decisions, again, visited } = decideForItems(page, this.rules, this.index, limit);
      this.decisions.push(...decisions);
      for (const id of page.slice(0, visited)) queue.delete(id);
      for (const id of again) queue.add(id);
    }
  }

  recordOf(id: number): OracleRecord {
    return this.#records.get(id) as OracleRecord;
  }

  get state(): OracleState {
    return this.#listOpen()
      .sort((left, right) => left.id - right.id)
      .map((item) => ({ record: this.recordOf(item.id), open: item.open }));
  }

  get notes(): EngineNote[] {
    const places = new Map(this.#listOpen().map(({ id }, place) => [id, place]));
    const strength = new Map(this.rules.map(({ id }, place) => [id, place]));
    const placeOf = (places: Map<number, number>, id: number) => places.get(id) ?? EVERYTHING;
    return this.index
      .listNotes(null, EVERYTHING)
      .sort(
        (left, right) =>
          placeOf(strength, left.ruleId) - placeOf(strength, right.ruleId) ||
          placeOf(places, left.itemId) - placeOf(places, right.itemId),
      )
      .map(({ itemId, ruleId, finding }) => {
        const rule = this.rules.find(({ id }) => id === ruleId);
        if (!rule || finding === "cut") throw new Error(`${finding} under ${rule?.uid}: worlds are too small for that`);
        return { rule_id: rule.uid, record_id: this.recordOf(itemId).id };
      });
  }

  get outcome(): EngineOutcome {
    const { decisions, notes, state } = this;
    return { decisions, matches: decisions.map((decision) => this.matchOf(decision)), notes, state };
  }

  matchOf({ rule, variance, allocations }: Decision): OracleMatch {
    const side = (wanted: OracleSide) =>
      allocations
        .filter((allocation) => allocation.side === wanted)
        .map(({ item, amount }) => ({ record: this.recordOf(item.id), open: amount }))
        .sort(byRunOrder)
        .map(({ record, open }) => ({ record_id: record.id, side: wanted, amount: open }));
    return { rule_id: rule.uid, variance, allocations: [...side("a"), ...side("b")] };
  }

  #listOpen(): IndexedItem[] {
    return this.index.walk(null, EVERYTHING);
  }
}

/** What a run of the engine makes of records, from a state in which none is matched unless one is given. */
export function runEngine(
  records: readonly OracleRecord[],
  rules: readonly OracleRule[],
  index: ItemIndex,
  limit: WorkLimit = SMALL_SLICES,
  before: OracleState = untouched(records),
): EngineOutcome {
  const world = new EngineWorld(rules, index);
  for (const item of before) world.put(item);
  world.run(limit);
  return world.outcome;
}

/** What the engine makes of records that come one after the other. */
export function streamEngine(
  records: readonly OracleRecord[],
  rules: readonly OracleRule[],
  index: ItemIndex,
  limit: WorkLimit = SMALL_SLICES,
): EngineOutcome {
  const world = new EngineWorld(rules, index);
  for (const record of inOrderOfArrival(records)) world.drain(world.arrive(record), limit);
  return world.outcome;
}

export function inOrderOfArrival(records: readonly OracleRecord[]): OracleRecord[] {
  return [...records].sort((left, right) => left.arrival - right.arrival);
}

export function toIndexedItem(record: OracleRecord, open: number): IndexedItem {
  return {
    id: record.arrival + 1,
    uid: record.id,
    side: record.side,
    sourceId: Number(`${record.side === "a" ? 1 : 2}${record.type_key.at(-1)}`),
    typeKey: record.type_key,
    version: 1,
    date: record.date,
    amount: record.amount,
    open,
    matches: open < record.amount ? 1 : 0,
    currency: record.currency,
    sign: record.direction === "credit" ? 1 : -1,
    description: record.description,
    externalId: record.external_id,
    metadata: record.metadata,
    due: null,
  };
}

export function toEngineRule(rule: OracleRule, id: number): EngineRule {
  return {
    id,
    uid: rule.id,
    version: 1,
    cardinality: rule.cardinality,
    groupBy: rule.group_by ?? [],
    rollup: rule.rollup && { group_by_kind: "identifier", lookback_days: null, date_field: "date", ...rule.rollup },
    isSubset: rule.subset,
    onAmbiguous: rule.on_ambiguous,
    payment: null,
    compiled: compileFilters(rule.filters).compiled,
  };
}

function listByStrength(rules: readonly OracleRule[]): EngineRule[] {
  return rules
    .map((rule, place) => ({ priority: rule.priority, rule: toEngineRule(rule, place + 1) }))
    .sort((left, right) => left.priority - right.priority)
    .map(({ rule }) => rule);
}
