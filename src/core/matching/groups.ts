import { agreesWith, bucketOf, dayOfItem, listManySides, NO_DAY, windowFrom } from "./bucket.ts";
import { listCandidates } from "./candidates.ts";
import { type Item, otherSide, type Side } from "./item.ts";
import { amountOf, groupOf } from "./item-group.ts";
import type { IndexedItem, Tally } from "./item-index.ts";
import { looksBack } from "./keys.ts";
import { EVALUATION_STEPS, GROUP_MAX_MEMBERS, GROUP_MAX_RIVALS } from "./limits.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import { CUT, type Look, makeProposal, NOTHING, type Proposal, rankProposals } from "./proposal.ts";
import type { Search } from "./search.ts";

/** The matches of whole groups in which a group rule would put a record, best first. */
export function proposeGroups(search: Search, item: IndexedItem, wanted: number): Look {
  const found: Proposal[] = [];
  for (const look of listLooks(search, item)) {
    if (look.isCut) return CUT;
    found.push(...look.found);
    // Without a lookback the anchors of a group come nearest first.
    if (look.isNearestFirst && found.length === wanted) break;
  }
  return { ...NOTHING, found: rankProposals(found, item.side, search.index.order, wanted) };
}

type PartialLook = Look & { isNearestFirst?: boolean };

function listLooks(search: Search, item: IndexedItem): Iterable<PartialLook> {
  const { rule } = search;
  if (rule.cardinality === "many_to_many") return [proposeBuckets(search, item)];
  if (!listManySides(rule).includes(item.side)) return lookFromAnchor(search, item);
  return looksBack(rule) ? lookFromMember(search, item) : lookFromBucket(search, item);
}

/** Many to many: the two buckets that a record's values name. */
function proposeBuckets(search: Search, item: IndexedItem): Look {
  const bucket = bucketOf(search.rule, item);
  if (bucket === undefined) return NOTHING;
  return keepThoseWith(
    item,
    remember(search, ["both", bucket], () => readBuckets(search, bucket, item)),
  );
}

function readBuckets(search: Search, bucket: string, item: Item): Look {
  const right = tallyAll(search, "b", bucket);
  const amount = amountOf(sumOf(right));
  if (amount === undefined || right.length === 0) return NOTHING;
  const anchorDay = right[0]?.rank ?? NO_DAY;
  // The sums are known without reading the members.
  const whole = { ...item, side: "b" as const, ...amount };
  if (![...listSpans(search, "a", bucket, anchorDay)].some(({ sum }) => mayFit(search, "a", sum, whole)))
    return NOTHING;
  if (countOf(right) > GROUP_MAX_MEMBERS) return CUT;
  const anchors = listMembers(search, "b", bucket, { min: NO_DAY, max: Number.MAX_SAFE_INTEGER });
  return readGroup(search, { side: "a", bucket, anchors, anchorDay });
}

function* lookFromAnchor(search: Search, anchor: IndexedItem): Generator<Look> {
  const side = otherSide(anchor.side);
  const buckets = listBuckets(search, anchor, side);
  if (buckets.length > GROUP_MAX_RIVALS) yield CUT;
  for (const bucket of buckets) yield formGroup(search, side, bucket, anchor);
}

/** With a lookback each anchor sees another part of the bucket. */
function* lookFromMember(search: Search, item: IndexedItem): Generator<Look> {
  const { rule } = search;
  const bucket = bucketOf(rule, item);
  if (bucket === undefined) return;
  const anchors = listAnchorsAhead(search, item, bucket);
  if (anchors.length > GROUP_MAX_RIVALS) yield CUT;
  for (const anchor of anchors) {
    yield keepThoseWith(item, formGroup(search, item.side, bucket, anchor));
  }
}

/** Without a lookback the bucket has one sum, for which anchors are looked up by amount. */
function* lookFromBucket(search: Search, item: IndexedItem): Generator<PartialLook> {
  const { rule, index } = search;
  const bucket = bucketOf(rule, item);
  const amount = bucket === undefined ? undefined : amountOf(sumOf(tallyAll(search, item.side, bucket)));
  if (bucket === undefined || amount === undefined) return;
  const toKeys = (key: string) => [keyInBucket(key, bucket), keyInBucket(key, "")];
  let rivals = 0;
  for (const anchor of listCandidates(rule, { ...item, ...amount }, index, toKeys)) {
    rivals += 1;
    if (rivals > GROUP_MAX_RIVALS) yield CUT;
    search.meter.steps += EVALUATION_STEPS;
    yield { ...formGroup(search, item.side, bucket, anchor), isNearestFirst: true };
  }
}

function keepThoseWith(item: IndexedItem, look: Look): Look {
  const found = look.found.filter((proposal) => proposal[item.side].some(({ id }) => id === item.id));
  return { ...look, found };
}

interface GroupPlace {
  /** The side of the group, and its bucket. */
  side: Side;
  bucket: string;
  /** What it is held against: a single record, or, of many to many, all of Side B's bucket of the same name. */
  anchors: readonly IndexedItem[];
  anchorDay: number;
}

/** The group of a bucket for a single record, if the rule allows the two to be matched. */
function formGroup(search: Search, side: Side, bucket: string, anchor: IndexedItem): Look {
  const anchorDay = dayOfItem(search.rule, anchor);
  const place = { side, bucket, anchors: [anchor], anchorDay };
  return remember(search, [side, bucket, anchor.id], () => readGroup(search, place));
}

function remember({ rule, meter }: Search, place: readonly unknown[], read: () => Look): Look {
  const name = JSON.stringify([rule.id, ...place]);
  const look = meter.groups.get(name) ?? read();
  meter.groups.set(name, look);
  return look;
}

function readGroup(search: Search, { side, bucket, anchors, anchorDay }: GroupPlace): Look {
  const { rule, index } = search;
  const anchor = groupOf(anchors)?.whole;
  if (!anchor) return NOTHING;
  for (const span of listSpans(search, side, bucket, anchorDay)) {
    if (!mayFit(search, side, span.sum, anchor)) continue;
    if (span.count > GROUP_MAX_MEMBERS) return CUT;
    const members = listMembers(search, side, bucket, span);
    const [first] = members;
    if (!first || (anchors.length === 1 && !agreesWith(rule, anchor, first))) return NOTHING;
    const [a, b] = side === "a" ? [members, anchors] : [anchors, members];
    search.meter.steps += a.length * b.length;
    if (!rule.compiled.evaluateSets(a, b).holds) continue;
    const proposal = makeProposal(a, b, true, index.order);
    return index.isVoidedSet(proposal.setKey) ? NOTHING : { ...NOTHING, found: [proposal] };
  }
  return NOTHING;
}

interface Span {
  min: number;
  max: number;
  sum: bigint;
  count: number;
}

/** The parts of a bucket that may be the group: by identifier all within reach, by date from the anchor back. */
function* listSpans(search: Search, side: Side, bucket: string, anchorDay: number): Generator<Span> {
  const { rule, index } = search;
  const { min, max } = windowFrom(rule, anchorDay);
  const tallies = index.tally(planName(rule, "bucket"), side, bucket, min, max);
  search.meter.steps += tallies.length;
  if (rule.rollup?.group_by_kind !== "date") {
    if (tallies.length > 0) yield { min, max, sum: sumOf(tallies), count: countOf(tallies) };
    return;
  }
  const span: Span = { min, max, sum: 0n, count: 0 };
  for (const { rank, sum, count } of tallies) {
    span.min = rank;
    span.sum += sum;
    span.count += count;
    yield { ...span };
  }
}

function mayFit({ rule }: Search, side: Side, sum: bigint, anchor: Item): boolean {
  const amount = amountOf(sum);
  if (amount === undefined) return false;
  const group = { ...anchor, side, ...amount };
  return side === "a" ? rule.compiled.amountsMayFit(group, anchor) : rule.compiled.amountsMayFit(anchor, group);
}

function listMembers(
  { rule, index, meter }: Search,
  side: Side,
  bucket: string,
  { min, max }: { min: number; max: number },
): IndexedItem[] {
  const members = index.listBetween(planName(rule, "bucket"), side, bucket, min, max, GROUP_MAX_MEMBERS);
  meter.steps += members.length * EVALUATION_STEPS;
  return members;
}

/** Buckets that may have members for an anchor, one more than the limit at most. */
export function listBuckets({ rule, index, meter }: Search, anchor: Item, side: Side): string[] {
  const own = bucketOf(rule, anchor);
  if (own !== undefined) return [own];
  const buckets = new Set<string>();
  for (const [number, branch] of rule.compiled.groupPlan.branches.entries()) {
    const plan = planName(rule, "member", number);
    for (const key of new Set(branch.lookupKeys(anchor))) {
      const prefix = keyInBucket(key, "");
      for (
        let at = index.nextKey(plan, side, prefix, prefix);
        at !== undefined;
        at = index.nextKey(plan, side, prefix, at)
      ) {
        buckets.add(at.slice(prefix.length));
        meter.steps += EVALUATION_STEPS;
        if (buckets.size > GROUP_MAX_RIVALS) return [...buckets];
      }
    }
  }
  return [...buckets];
}

/** Anchors whose lookback reaches a member, one more than the limit at most. */
export function listAnchorsAhead({ rule, index, meter }: Search, member: Item, bucket: string): IndexedItem[] {
  const day = dayOfItem(rule, member);
  const days = rule.rollup?.lookback_days ?? null;
  const [min, max] = days === null ? [NO_DAY, Number.MAX_SAFE_INTEGER] : [day, day + days];
  if (days !== null && day === NO_DAY) return [];
  const anchors = new Map<number, IndexedItem>();
  for (const [number, branch] of rule.compiled.groupPlan.branches.entries()) {
    const plan = planName(rule, "anchor", number);
    for (const key of new Set(branch.lookupKeys(member))) {
      for (const where of [bucket, ""]) {
        const limit = GROUP_MAX_RIVALS + 1 - anchors.size;
        const page = index.listBetween(plan, otherSide(member.side), keyInBucket(key, where), min, max, limit);
        for (const anchor of page) anchors.set(anchor.id, anchor);
        meter.steps += page.length * EVALUATION_STEPS;
        if (anchors.size > GROUP_MAX_RIVALS) return [...anchors.values()];
      }
    }
  }
  return [...anchors.values()];
}

/**
 * Records through which the groups are found that a change of these records may have made complete: one for each part
 * of a bucket that a lookback tells apart.
 */
export function listMates(search: Search, changed: readonly Item[]): number[] {
  const { rule } = search;
  if (rule.isSubset) return [];
  const sides = listManySides(rule);
  const places = new Map<string, MatePlace>();
  for (const item of changed) {
    const bucket = sides.includes(item.side) ? bucketOf(rule, item) : undefined;
    if (bucket === undefined) continue;
    // Of many to many Side B's bucket stands for both, and has one day for all.
    const side = rule.cardinality === "many_to_many" ? "b" : item.side;
    const name = JSON.stringify([side, bucket]);
    const place = places.get(name) ?? { side, bucket, days: new Set() };
    places.set(name, place);
    place.days.add(dayOfItem(rule, item));
  }
  const isWhole = rule.cardinality === "many_to_many" || !looksBack(rule);
  return [...places.values()].flatMap((place) => (isWhole ? listFirst(search, place) : listFirstOfDays(search, place)));
}

interface MatePlace {
  side: Side;
  bucket: string;
  days: Set<number>;
}

function listFirst({ rule, index }: Search, { side, bucket }: MatePlace): number[] {
  const plan = planName(rule, "bucket");
  return index.listBetween(plan, side, bucket, NO_DAY, Number.MAX_SAFE_INTEGER, 1).map(({ id }) => id);
}

/** The first record of each day that a lookback may hold together with one of some days. */
function listFirstOfDays({ rule, index }: Search, { side, bucket, days }: MatePlace): number[] {
  const plan = planName(rule, "bucket");
  const reach = rule.rollup?.lookback_days ?? 0;
  const firsts: number[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const day of [...days].sort((left, right) => left - right)) {
    // The days of a group lie close together: what several of them reach is read once.
    for (const { rank } of index.tally(plan, side, bucket, Math.max(from, day - reach), day + reach)) {
      firsts.push(...index.listAt(plan, side, bucket, rank, null, 1).map(({ id }) => id));
    }
    from = day + reach + 1;
  }
  return firsts;
}

function tallyAll({ rule, index, meter }: Search, side: Side, bucket: string): Tally[] {
  const tallies = index.tally(planName(rule, "bucket"), side, bucket, NO_DAY, Number.MAX_SAFE_INTEGER);
  meter.steps += tallies.length;
  return tallies;
}

function sumOf(tallies: readonly Tally[]): bigint {
  return tallies.reduce((sum, tally) => sum + tally.sum, 0n);
}

function countOf(tallies: readonly Tally[]): number {
  return tallies.reduce((count, tally) => count + tally.count, 0);
}
