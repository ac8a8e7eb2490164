import type { PlanBranch } from "../rules/plan.ts";
import { type Item, otherSide } from "./item.ts";
import { compareCandidates, type IndexedItem, type IndexOrder, type ItemIndex } from "./item-index.ts";
import { planName } from "./plan-name.ts";
import type { EngineRule } from "./rule.ts";

const PAGE_ITEMS = 8;

interface Candidate {
  /** Difference of the open amounts, in minor units. */
  distance: number;
  item: IndexedItem;
}

/**
 * The items on the other side that a rule's look-ups find for an item, each once, nearest first: by difference of the
 * open amounts, then in the index's order. Read lazily. `toKeys` makes the keys of a look-up key under which the items
 * are stored. The caller still has to evaluate the rule.
 */
export function* listCandidates(
  rule: EngineRule,
  item: Item,
  index: ItemIndex,
  toKeys: (key: string) => string[] = (key) => [key],
): Generator<IndexedItem> {
  const streams = rule.compiled.plan.branches.flatMap((branch, number) =>
    [...new Set(branch.lookupKeys(item))]
      .flatMap(toKeys)
      .map((key) => streamUnder(index, planName(rule, "single", number), key, branch, item)),
  );
  const seen = new Set<number>();
  for (const { item: candidate } of merge(streams, index.order)) {
    if (seen.has(candidate.id)) continue;
    seen.add(candidate.id);
    yield candidate;
  }
}

function* streamUnder(
  index: ItemIndex,
  plan: string,
  key: string,
  branch: PlanBranch,
  item: Item,
): Generator<Candidate> {
  const side = otherSide(item.side);
  const window = branch.amountWindow(item);
  const min = window?.min ?? 0;
  const max = window?.max ?? Number.MAX_SAFE_INTEGER;
  const center = item.open;
  const seekUp = (from: number) => atMost(max, index.nextRank(plan, side, key, Math.max(from, min), "up"));
  const seekDown = (from: number) => atLeast(min, index.nextRank(plan, side, key, Math.min(from, max), "down"));
  const at = (amount: number) => listAt(index, plan, side, key, amount, center);
  let up = seekUp(center);
  let down = seekDown(center - 1);
  while (up !== undefined || down !== undefined) {
    const above = up === undefined ? Number.POSITIVE_INFINITY : up - center;
    const below = down === undefined ? Number.POSITIVE_INFINITY : center - down;
    if (above === below) yield* merge([at(up as number), at(down as number)], index.order);
    else yield* at((above < below ? up : down) as number);
    if (up !== undefined && above <= below) up = seekUp(up + 1);
    if (down !== undefined && below <= above) down = seekDown(down - 1);
  }
}

function* listAt(
  index: ItemIndex,
  plan: string,
  side: Item["side"],
  key: string,
  amount: number,
  center: number,
): Generator<Candidate> {
  let after: Item | null = null;
  for (;;) {
    const page: IndexedItem[] = index.listAt(plan, side, key, amount, after, PAGE_ITEMS);
    for (const item of page) yield { distance: Math.abs(amount - center), item };
    if (page.length < PAGE_ITEMS) return;
    after = page.at(-1) as Item;
  }
}

function* merge(streams: Generator<Candidate>[], order: IndexOrder): Generator<Candidate> {
  const heads = streams.flatMap((stream) => {
    const { value, done } = stream.next();
    return done ? [] : [{ stream, candidate: value }];
  });
  while (heads.length > 0) {
    const nearest = heads.reduce((best, head) => (isNearer(head.candidate, best.candidate, order) ? head : best));
    yield nearest.candidate;
    const { value, done } = nearest.stream.next();
    if (done) heads.splice(heads.indexOf(nearest), 1);
    else nearest.candidate = value;
  }
}

function isNearer(a: Candidate, b: Candidate, order: IndexOrder): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance;
  return compareCandidates(a.item, b.item, order) < 0;
}

function atMost(max: number, amount: number | undefined): number | undefined {
  return amount !== undefined && amount <= max ? amount : undefined;
}

function atLeast(min: number, amount: number | undefined): number | undefined {
  return amount !== undefined && amount >= min ? amount : undefined;
}
