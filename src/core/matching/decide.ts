import type { Decision } from "./decision.ts";
import { compareWalk, type IndexedItem, type ItemIndex, type WalkPosition, walkPositionOf } from "./item-index.ts";
import { listIndexKeys } from "./keys.ts";
import { ALLOCATION_CHARS, RIVALS_MAX_NOTES } from "./limits.ts";
import { findOutcome, type Outcome, propose } from "./outcome.ts";
import { isOfGroups } from "./payment-keys.ts";
import { listRecords, NOTHING } from "./proposal.ts";
import type { EngineRule } from "./rule.ts";
import { type Meter, newMeter, type Search } from "./search.ts";
import { listWoken } from "./waking.ts";

export interface Decided {
  decisions: Decision[];
  /** Items that have to be looked at again, in this order. */
  again: number[];
  /** How many of the items were looked at before the work came to its limit. */
  visited: number;
  failures: RuleFailure[];
}

/** A rule whose evaluation threw for some item: nothing is matched by it there, and the other rules go on. */
export interface RuleFailure {
  rule: EngineRule;
  message: string;
}

/**
 * What one call may do: look at so many items, and stop when the work comes to so many steps, or what is decided to so
 * many characters as JSON.
 */
export interface WorkLimit {
  items: number;
  steps: number;
  chars?: number;
}

/**
 * Matches items in the given order, each under every rule, strong rules first, until nothing fits any more. The index
 * takes in each decision at once, so that the next one sees it. An item for which the limit comes between two of its
 * matches does not count as visited.
 */
export function decideForItems(
  ids: readonly number[],
  rules: readonly EngineRule[],
  index: ItemIndex,
  limit: WorkLimit,
): Decided {
  const decided: Decided = { decisions: [], again: [], visited: 0, failures: [] };
  const meter = newMeter();
  for (const id of ids.slice(0, limit.items)) {
    for (;;) {
      const decision = findDecision(id, rules, index, meter, decided.again);
      if (!decision) break;
      decided.decisions.push(decision);
      meter.chars += charsOf(decision);
      meter.groups.clear();
      for (const other of applyDecision(decision, rules, index, meter)) if (other !== id) decided.again.push(other);
      forgetNotes(decision, rules, index);
      if (isSpent(meter, limit)) return { ...decided, failures: listFailures(meter) };
    }
    decided.visited += 1;
    if (isSpent(meter, limit)) break;
  }
  return { ...decided, failures: listFailures(meter) };
}

/** Whether the work that a meter has counted comes to a limit. */
export function isSpent(meter: Meter, limit: WorkLimit): boolean {
  return meter.steps >= limit.steps || meter.chars >= (limit.chars ?? Number.POSITIVE_INFINITY);
}

function charsOf({ explanation, allocations }: Decision): number {
  return JSON.stringify(explanation).length + ALLOCATION_CHARS * allocations.length;
}

/** With another open amount a record may be ambiguous because of others than before. */
function forgetNotes({ allocations }: Decision, rules: readonly EngineRule[], index: ItemIndex): void {
  for (const { item } of allocations) {
    for (const rule of index.find(item.id) ? rules : []) index.note(item.id, rule.id, null);
  }
}

function findDecision(
  id: number,
  rules: readonly EngineRule[],
  index: ItemIndex,
  meter: Meter,
  again: number[],
): Decision | undefined {
  for (const rule of rules) {
    const { outcome, unnoted } = lookAt(id, { rule, index, meter }, true);
    if (outcome.kind === "match") return outcome.decision;
    again.push(...unnoted);
  }
  return undefined;
}

interface Sight {
  outcome: Outcome;
  /** Others that an ambiguous record has made ambiguous, too, as far as they have not been noted as such. */
  unnoted: number[];
}

function lookAt(id: number, search: Search, isTouched: boolean): Sight {
  const { rule, index } = search;
  const item = index.find(id);
  if (!item) return { outcome: { kind: "none" }, unnoted: [] };
  const isNew = rule.onAmbiguous === "skip" && !hasNote(index, id, rule);
  const outcome = attempt<Outcome>(search, () => findOutcome(search, item), { kind: "none" });
  const isUncertain = outcome.kind === "ambiguous" || outcome.kind === "cut";
  if (isUncertain) index.watch(id, outcome.because);
  index.note(id, rule.id, isUncertain ? outcome.kind : null);
  // Whoever may be matched with a single record found it when it was looked at, and was ambiguous, too, or matched.
  const namesOthers = outcome.kind === "ambiguous" && (isTouched || rule.cardinality !== "one_to_one");
  const unnoted = namesOthers ? listUnnoted(search, item, outcome.because, isNew) : [];
  return { outcome, unnoted };
}

/** What throws finds nothing; its rule is remembered as one that failed. */
export function attempt<T>({ rule, meter }: Search, work: () => T, nothing: T): T {
  try {
    return work();
  } catch (error) {
    meter.failures.set(rule, String(error));
    return nothing;
  }
}

function listUnnoted(search: Search, item: IndexedItem, because: readonly number[], isNew: boolean): number[] {
  const { rule, index } = search;
  const isUnnoted = (other: number) => other !== item.id && !hasNote(index, other, rule);
  // A search for sets names all that it chose from. Some of these are in no set: they would be named for ever.
  if (rule.isSubset) return isNew ? because.filter(isUnnoted) : [];
  // A transaction may have become ambiguous with one more group, whose members it alone can name.
  const mayHaveMore = isOfGroups(rule) && item.side === "a";
  if (!isNew && !mayHaveMore && !because.some(isUnnoted)) return [];
  return [...new Set([...because, ...listRivals(search, item)])].filter(isUnnoted);
}

/** The records with which a rule might match an ambiguous one, not only the best of them. */
function listRivals(search: Search, item: IndexedItem): number[] {
  const { found } = attempt(search, () => propose(search, item, RIVALS_MAX_NOTES), NOTHING);
  return found.flatMap(listRecords).map(({ id }) => id);
}

/** The rules whose evaluation has thrown while a meter counted. */
export function listFailures({ failures }: Meter): RuleFailure[] {
  return [...failures].map(([rule, message]) => ({ rule, message }));
}

function hasNote(index: ItemIndex, itemId: number, rule: EngineRule): boolean {
  const [note] = index.listNotes({ itemId, ruleId: rule.id - 1 }, 1);
  return note?.itemId === itemId && note.ruleId === rule.id;
}

/** Where a pass under one rule is: in its walk over all items, or over those that its own matches have woken. */
export interface RoundPosition {
  isRepeat: boolean;
  after: WalkPosition | null;
}

export const FIRST_ROUND: RoundPosition = { isRepeat: false, after: null };

export interface RuleSlice {
  decisions: Decision[];
  visited: number;
  failures: RuleFailure[];
  /** Items for which a match may have made another one possible, under whichever rule, and pending transactions. */
  woken: number[];
  /** Where the next slice goes on; null once the rule has nothing left to match. */
  next: RoundPosition | null;
}

/**
 * One slice of a pass under one rule: takes the items of both sides in walking order and matches each until nothing
 * fits it any more, then again those for which that has changed something, until nothing changes. An item for which the
 * limit comes between two of its matches is taken again by the next slice. A meter of earlier calls counts towards the
 * limit; the index must be as they have left it.
 */
export function decideForRule(
  rule: EngineRule,
  rules: readonly EngineRule[],
  index: ItemIndex,
  position: RoundPosition,
  limit: WorkLimit,
  meter: Meter = newMeter(),
): RuleSlice {
  const slice: RuleSlice = { decisions: [], visited: 0, failures: [], woken: [], next: null };
  let after = position.after;
  for (const item of walkRound(index, position, limit.items)) {
    // What nothing has touched was there, as it is, when those before it were looked at.
    let isTouched = index.unwake(item.id) || position.isRepeat;
    if (item.payment?.isPending) slice.woken.push(item.id);
    for (;;) {
      const { outcome, unnoted } = lookAt(item.id, { rule, index, meter }, isTouched);
      index.wake(unnoted.filter((id) => position.isRepeat || isBefore(index.find(id), item)));
      if (outcome.kind !== "match") break;
      isTouched = true;
      slice.decisions.push(outcome.decision);
      meter.chars += charsOf(outcome.decision);
      meter.groups.clear();
      const woken = applyDecision(outcome.decision, rules, index, meter);
      for (const id of woken) slice.woken.push(id);
      index.wake(woken.filter((id) => id !== item.id));
      if (isSpent(meter, limit)) {
        index.wake([item.id]);
        return { ...slice, failures: listFailures(meter), next: { ...position, after } };
      }
    }
    slice.visited += 1;
    after = walkPositionOf(item);
    if (isSpent(meter, limit)) break;
  }
  slice.failures = listFailures(meter);
  const isAtEnd = slice.visited < limit.items && !isSpent(meter, limit);
  if (!isAtEnd) return { ...slice, next: { ...position, after } };
  return index.walkWoken(null, 1).length > 0 ? { ...slice, next: { isRepeat: true, after: null } } : slice;
}

function* walkRound(index: ItemIndex, { isRepeat, after }: RoundPosition, limit: number): Generator<IndexedItem> {
  if (!isRepeat) return yield* index.walk(after, limit);
  // A match may wake items just ahead of it, so that none may be read before its turn.
  for (let count = 0; count < limit; count++) {
    const [item] = index.walkWoken(after, 1);
    if (!item) return;
    yield item;
    after = walkPositionOf(item);
  }
}

/** Whether a round has come past an item; what lies ahead is looked at anyway. */
function isBefore(other: IndexedItem | undefined, item: IndexedItem): boolean {
  return other !== undefined && compareWalk(walkPositionOf(other), walkPositionOf(item)) < 0;
}

/** Lets the index take in a decision. Answers the ids of items for which it may have made another match possible. */
function applyDecision(decision: Decision, rules: readonly EngineRule[], index: ItemIndex, meter: Meter): number[] {
  const woken: number[] = [];
  for (const { item: seen, amount } of decision.allocations) {
    // There may be more of them than a call takes arguments.
    for (const watcher of index.takeWatchers(seen.id)) woken.push(watcher);
    const indexed = index.find(seen.id);
    if (!indexed) continue;
    // What is matched loses its mark.
    const { isMarked: _, ...item } = indexed;
    const left = { ...item, open: item.open - amount, matches: item.matches + 1 };
    if (left.open <= (left.payment?.slack ?? 0)) {
      index.remove(item.id);
    } else {
      index.put(left, listIndexKeys(rules, left));
      woken.push(item.id);
    }
  }
  const changed = decision.allocations.map(({ item }) => item);
  return [...new Set([...woken, ...listWoken(changed, rules, index, meter)])];
}
