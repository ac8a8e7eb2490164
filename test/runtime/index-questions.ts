import type { PaymentFacts, Side } from "../../src/core/matching/item.ts";
import {
  type IndexedItem,
  type IndexKey,
  type ItemIndex,
  type Note,
  type WalkPosition,
  walkPositionOf,
} from "../../src/core/matching/item-index.ts";
import fc from "../support/fast-check.ts";

/** Few values of everything, so that items meet; texts whose order differs between code points and UTF-16. */
const IDS = Array.from({ length: 12 }, (_, place) => place + 1);
const PLANS = ["1.1.bucket.0", "1.1.bucket.1"];
const KEYS = ["USD", "USD\u001ex", "USD\u001e\ue000", "USD\u001e\u{1f4b3}", "USD\u001e\u{10ffff}", "USD\u001f"];
const SIDES: Side[] = ["a", "b"];
const CURRENCIES = ["USD", "JPY"];
const LARGEST = 999_999_999_999_999;
const AMOUNTS = [0, 50, 100, 150, 200, LARGEST];
const RANKS = [-1_000_000_000, -1, 0, 100, LARGEST];
const SPANS: [number, number][] = [
  [-1_000_000_000, Number.MAX_SAFE_INTEGER],
  [-1, 100],
  [100, 100],
  [2, 99],
  [101, -2],
];
const DAYS = ["2026-01-01", "2026-01-02", "2026-02-01"];
const EXTERNAL_IDS = [null, "", "e1", "E1", "e1\u0001", "\ue000", "\uff5e", "\u{1f4b3}", "é"];

const SAMPLE: IndexedItem = {
  id: 1,
  uid: "uid 1",
  side: "a",
  sourceId: 1,
  typeKey: "left",
  version: 1,
  date: "2026-01-01",
  amount: 100,
  open: 100,
  matches: 0,
  currency: "USD",
  sign: 1,
  description: null,
  externalId: null,
  metadata: {},
  due: null,
};

export function sampleOf(id: number, fields: Partial<IndexedItem> = {}): IndexedItem {
  return { ...SAMPLE, id, uid: `uid ${id}`, ...fields };
}

const id = fc.constantFrom(...IDS);
const ids = fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 5 });

const payment: fc.Arbitrary<PaymentFacts> = fc.record({
  slack: fc.constantFrom(0, 100),
  isPending: fc.boolean(),
  dates: fc.constantFrom({ lower: null, upper: null }, { lower: "2026-01-01", upper: "2026-02-01" }),
  alternatives: fc.constantFrom([{}], [{ type: null, "custom_identifiers.x": "y" }, { type: "ach" }]),
});

const item: fc.Arbitrary<IndexedItem> = fc
  .record({
    payment: fc.option(payment, { nil: null }),
    id,
    side: fc.constantFrom(...SIDES),
    sourceId: fc.constantFrom(1, 2),
    version: fc.constantFrom(1, 2),
    date: fc.constantFrom(...DAYS),
    amount: fc.constantFrom(...AMOUNTS),
    open: fc.constantFrom(...AMOUNTS),
    matches: fc.constantFrom(0, 1),
    currency: fc.constantFrom(...CURRENCIES),
    sign: fc.constantFrom(1 as const, -1 as const),
    description: fc.constantFrom(null, "", "x"),
    externalId: fc.constantFrom(...EXTERNAL_IDS),
    metadata: fc.constantFrom({}, { ref: "x" }),
    due: fc.constantFrom(null, "2026-01-01", "2026-02-01"),
    isMarked: fc.boolean(),
  })
  .map(({ id, payment, isMarked, ...fields }) =>
    sampleOf(id, { ...fields, ...(payment ? { payment } : {}), ...(isMarked ? { isMarked } : {}) }),
  );

const keys: fc.Arbitrary<IndexKey[]> = fc.uniqueArray(
  fc.record({
    plan: fc.constantFrom(...PLANS),
    key: fc.constantFrom(...KEYS),
    rank: fc.constantFrom(...RANKS),
    isTallied: fc.boolean(),
  }),
  { selector: ({ plan, key, rank }) => `${plan} ${key} ${rank}`, maxLength: 6 },
);

export type IndexChange = (index: ItemIndex) => unknown;

/** Draws what a call is made with. */
function calling<T>(drawn: fc.Arbitrary<T>, call: (index: ItemIndex, drawn: T) => unknown): fc.Arbitrary<IndexChange> {
  return drawn.map((value) => (index) => call(index, value));
}

const finding = fc.constantFrom("ambiguous" as const, "cut" as const, null);

/** Every call that changes an index; each answers what the call answers. */
export const indexChange: fc.Arbitrary<IndexChange> = fc.oneof(
  { weight: 8, arbitrary: calling(fc.tuple(item, keys), (index, [item, keys]) => index.put(item, keys)) },
  { weight: 3, arbitrary: calling(id, (index, id) => index.remove(id)) },
  { weight: 2, arbitrary: calling(ids, (index, ids) => index.wake(ids)) },
  calling(id, (index, id) => index.unwake(id)),
  {
    weight: 4,
    arbitrary: calling(fc.tuple(id, fc.constantFrom(1, 2, 10), finding), (index, [id, rule, finding]) =>
      index.note(id, rule, finding),
    ),
  },
  calling(fc.tuple(id, ids), (index, [id, others]) => index.watch(id, others)),
  calling(id, (index, id) => index.takeWatchers(id)),
  calling(ids, (index, ids) => index.addVoidedSets(ids.map(String))),
);

export type Answer = [question: string, answer: unknown];

/** Everything that an index may be asked, but for what it forgets by the asking. */
export function* askIndex(index: ItemIndex): Generator<Answer> {
  yield ["order", index.order];
  for (const id of [...IDS, 13]) {
    yield [`find ${id}`, index.find(id)];
    yield [`isVoidedSet ${id}`, index.isVoidedSet(String(id))];
  }
  for (const side of SIDES) {
    for (const plan of PLANS) {
      for (const key of KEYS) yield* askKey(index, plan, side, key);
      yield* askNextKey(index, plan, side);
    }
    yield* askNearest(index, side);
  }
  yield* walkThrough("walk", (after) => index.walk(after, 2));
  yield* walkThrough("walkWoken", (after) => index.walkWoken(after, 2));
  yield* pageThroughNotes(index);
}

/** As `askIndex`, with what is forgotten by the asking. */
export function* exhaustIndex(index: ItemIndex): Generator<Answer> {
  yield* askIndex(index);
  for (const id of [...IDS, 13, 14]) yield [`takeWatchers ${id}`, index.takeWatchers(id)];
}

function* askKey(index: ItemIndex, plan: string, side: Side, key: string): Generator<Answer> {
  const of = `${plan} ${side} ${key}`;
  for (const rank of RANKS) {
    for (const from of [rank - 1, rank, rank + 1]) {
      yield [`nextRank ${of} ${from} up`, index.nextRank(plan, side, key, from, "up")];
      yield [`nextRank ${of} ${from} down`, index.nextRank(plan, side, key, from, "down")];
    }
    const whole = index.listAt(plan, side, key, rank, null, 100);
    yield [`listAt ${of} ${rank}`, whole];
    for (const after of whole) {
      yield [`listAt ${of} ${rank} after ${after.id}`, index.listAt(plan, side, key, rank, after, 2)];
    }
  }
  for (const [min, max] of SPANS) {
    yield [`listBetween ${of} ${min} ${max}`, index.listBetween(plan, side, key, min, max, 100)];
    yield [`listBetween ${of} ${min} ${max} 2`, index.listBetween(plan, side, key, min, max, 2)];
    yield [`tally ${of} ${min} ${max}`, index.tally(plan, side, key, min, max)];
  }
}

function* askNextKey(index: ItemIndex, plan: string, side: Side): Generator<Answer> {
  for (const prefix of ["", "USD", "USD\u001e", "USD\u001e\u{10ffff}", "V"]) {
    for (const after of ["", "A", "V", prefix, ...KEYS]) {
      yield [`nextKey ${plan} ${side} ${prefix} ${after}`, index.nextKey(plan, side, prefix, after)];
    }
  }
}

function* askNearest(index: ItemIndex, side: Side): Generator<Answer> {
  for (const currency of CURRENCIES) {
    for (const amount of [0, 50, 75, 100, 125, LARGEST]) {
      for (const limit of [1, 3, 100]) {
        const question = `listNearest ${side} ${currency} ${amount} ${limit}`;
        yield [question, index.listNearest(side, currency, amount, limit)];
      }
    }
  }
}

function* walkThrough(name: string, list: (after: WalkPosition | null) => IndexedItem[]): Generator<Answer> {
  let after: WalkPosition | null = null;
  for (let page = 0; page < 20; page++) {
    const found = list(after);
    yield [`${name} ${page}`, found];
    const last = found.at(-1);
    if (!last) return;
    after = walkPositionOf(last);
  }
}

function* pageThroughNotes(index: ItemIndex): Generator<Answer> {
  let after: Note | null = null;
  for (let page = 0; page < 40; page++) {
    const notes: Note[] = index.listNotes(after, 2);
    yield [`listNotes ${page}`, notes];
    after = notes.at(-1) ?? null;
    if (!after) return;
  }
}
