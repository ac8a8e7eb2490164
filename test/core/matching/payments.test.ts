import { describe, expect, it } from "vitest";
import { decideForItems } from "../../../src/core/matching/decide.ts";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { pairKeyOf, setKeyOf } from "../../../src/core/matching/set-key.ts";
import { payment, paymentRule, sameReference, transaction, withIdentifiers } from "../../oracle/payment-builders.ts";
import { type PaymentEvent, type PaymentRecord, paymentWorlds } from "../../oracle/payment-worlds.ts";
import type { OraclePaymentRule } from "../../oracle/payments.ts";
import fc from "../../support/fast-check.ts";
import { PaymentWorld } from "./payment-world.ts";

const oneToOne = paymentRule("one_to_one");
const manyToOne = paymentRule("many_transactions_to_one_expected_payment");
const groups = paymentRule("one_transaction_to_many_expected_payments");
const earliest = { on_ambiguous: "earliest" } as const;
const batch = (name: string) => withIdentifiers({ batch: name });
const referring = (ref: string) => ({ fields: { "custom_identifiers.ref": ref } });

/** What a stream of records makes, in the order of making, without the rule's name. */
function stream(rule: OraclePaymentRule | OraclePaymentRule[], ...records: PaymentRecord[]): string[] {
  const world = new PaymentWorld([rule].flat(), new MemoryIndex());
  for (const record of records) world.arrive(record);
  return world.links.map((link) => link.slice(link.indexOf(" ") + 1));
}

interface Case {
  name: string;
  rule: OraclePaymentRule | OraclePaymentRule[];
  records: PaymentRecord[];
  makes: string[];
}

describe("one to one", () => {
  it.each<Case>([
    {
      name: "matches the same amount, whichever comes first",
      rule: oneToOne,
      records: [payment("p1", 100), transaction("t1", 100), transaction("t2", 200), payment("p2", 200)],
      makes: ["t1 = p1:100", "t2 = p2:200"],
    },
    { name: "matches nothing else", rule: oneToOne, records: [payment("p", 100), transaction("t", 99)], makes: [] },
    {
      name: "matches the bounds of a range, and reconciles it with what came",
      rule: oneToOne,
      records: [payment("p1", [90, 110]), transaction("t1", 90), payment("p2", [40, 50]), transaction("t2", 50)],
      makes: ["t1 = p1:90", "t2 = p2:50"],
    },
    {
      name: "does not match what lies beyond a range",
      rule: oneToOne,
      records: [payment("p", [90, 110]), transaction("t1", 89), transaction("t2", 111)],
      makes: [],
    },
    {
      name: "keeps directions and currencies apart",
      rule: oneToOne,
      records: [
        payment("p", 100),
        transaction("t1", 100, { direction: "debit" }),
        transaction("t2", 100, { currency: "EUR" }),
        payment("p0", 0),
        transaction("t0", 0, { direction: "debit" }),
      ],
      makes: [],
    },
    {
      name: "matches nothing with nothing",
      rule: oneToOne,
      records: [payment("p", [0, 5]), transaction("t", 0)],
      makes: ["t = p:0"],
    },
    {
      name: "leaves a transaction alone that fits two payments",
      rule: oneToOne,
      records: [payment("p1", 100), payment("p2", [50, 150]), transaction("t", 100)],
      makes: [],
    },
    {
      name: "leaves a payment alone that two transactions fit",
      rule: oneToOne,
      records: [transaction("t1", 100), transaction("t2", 120), payment("p", [50, 150])],
      makes: [],
    },
    {
      name: "takes the payment with the earliest date, if it is to choose",
      rule: { ...oneToOne, ...earliest },
      records: [
        payment("p1", [100, 400], { dates: { lower: "2026-03-02", upper: null } }),
        payment("p2", [0, 100], { dates: { lower: "2026-03-01", upper: null } }),
        payment("p3", 100, { dates: { lower: "2026-03-01", upper: null } }),
        transaction("t", 100),
      ],
      makes: ["t = p2:100"],
    },
    {
      name: "takes the payment with the earliest date among ranges that lie alike",
      rule: { ...oneToOne, ...earliest },
      records: [
        payment("p1", [90, 110], { dates: { lower: "2026-03-03", upper: null } }),
        payment("p2", [92, 108], { dates: { lower: "2026-03-02", upper: null } }),
        payment("p3", [91, 109], { dates: { lower: "2026-03-01", upper: null } }),
        payment("p4", [93, 107], { dates: { lower: "2026-03-04", upper: null } }),
        transaction("t", 100),
      ],
      makes: ["t = p3:100"],
    },
    {
      name: "reads a separator in a reference as any other character",
      rule: { ...oneToOne, conditions: [sameReference] },
      records: [
        payment("p1", 100, withIdentifiers({ ref: "x" })),
        payment("p2", 100, withIdentifiers({ ref: "x\u001e1\u001e!" })),
        transaction("t1", 100, referring("x")),
        transaction("t2", 100, referring("x\u001e1\u001e!")),
      ],
      makes: ["t1 = p1:100", "t2 = p2:100"],
    },
    {
      name: "takes the transaction with the earliest date, not the one that is nearest to a bound",
      rule: { ...oneToOne, ...earliest },
      records: [
        transaction("t1", 110, { date: "2026-03-03" }),
        transaction("t2", 95, { date: "2026-03-02" }),
        transaction("t3", 100, { date: "2026-03-02" }),
        payment("p", [90, 110]),
      ],
      makes: ["t2 = p:95"],
    },
    {
      name: "holds when one of the alternatives does",
      rule: { ...oneToOne, conditions: [sameReference] },
      records: [
        payment("p1", 100, {
          alternatives: [{ "custom_identifiers.ref": "x" }, { "custom_identifiers.ref": "y" }],
        }),
        payment("p2", 100, withIdentifiers({ ref: "z" })),
        transaction("t", 100, referring("y")),
      ],
      makes: ["t = p1:100"],
    },
  ])("$name", ({ rule, records, makes }) => {
    expect(stream(rule, ...records)).toEqual(makes);
  });
});

describe("many transactions to one expected payment", () => {
  it.each<Case>([
    {
      name: "adds up transactions until the amount is reached",
      rule: manyToOne,
      records: [payment("p", 100), transaction("t1", 60), transaction("t2", 30), transaction("t3", 10)],
      makes: ["t1 = p:60", "t2 = p:30", "t3 = p:10"],
    },
    {
      name: "adds up what was there before, earliest first",
      rule: manyToOne,
      records: [
        transaction("t1", 60, { date: "2026-03-09" }),
        transaction("t2", 30, { date: "2026-03-08" }),
        payment("p", 100),
      ],
      makes: ["t2 = p:30", "t1 = p:60"],
    },
    {
      name: "is done at the lower bound",
      rule: manyToOne,
      records: [payment("p", [90, 110]), transaction("t1", 60), transaction("t2", 30), transaction("t3", 10)],
      makes: ["t1 = p:60", "t2 = p:30"],
    },
    {
      name: "never takes more than remains",
      rule: manyToOne,
      records: [payment("p", 100), transaction("t1", 60), transaction("t2", 41)],
      makes: ["t1 = p:60"],
    },
    {
      name: "takes the days at both bounds, and no others",
      rule: manyToOne,
      records: [
        payment("p", 100),
        transaction("t1", 1, { date: "2026-02-28" }),
        transaction("t2", 2, { date: "2026-03-01" }),
        transaction("t3", 3, { date: "2026-03-31" }),
        transaction("t4", 4, { date: "2026-04-01" }),
      ],
      makes: ["t2 = p:2", "t3 = p:3"],
    },
    {
      name: "demands both dates",
      rule: manyToOne,
      records: [
        payment("p1", 100, { dates: { lower: "2026-03-01", upper: null } }),
        payment("p2", 100, { dates: { lower: null, upper: "2026-03-31" } }),
        transaction("t", 50),
      ],
      makes: [],
    },
    {
      name: "leaves transactions of nothing alone",
      rule: manyToOne,
      records: [payment("p1", 100), payment("p2", 0, { direction: "debit" }), transaction("t", 0)],
      makes: [],
    },
    {
      name: "leaves a transaction alone that fits two payments",
      rule: manyToOne,
      records: [payment("p1", 100), payment("p2", 80), transaction("t", 50)],
      makes: [],
    },
    {
      name: "leaves transactions alone that compete for what remains",
      rule: manyToOne,
      records: [transaction("t1", 60), transaction("t2", 50), payment("p", 100)],
      makes: [],
    },
    {
      name: "takes the payment of which least remains, if it is to choose, and of several transactions the largest",
      rule: { ...manyToOne, ...earliest },
      records: [
        payment("p1", 100),
        payment("p2", 80),
        transaction("t1", 50),
        transaction("t2", 40, { currency: "EUR" }),
        transaction("t3", 70, { currency: "EUR" }),
        payment("p3", 100, { currency: "EUR" }),
      ],
      makes: ["t1 = p2:50", "t3 = p3:70"],
    },
  ])("$name", ({ rule, records, makes }) => {
    expect(stream(rule, ...records)).toEqual(makes);
  });

  it("matches what competed once the payment has changed so that it does not", () => {
    const world = new PaymentWorld([manyToOne], new MemoryIndex());
    for (const record of [transaction("t1", 60), transaction("t2", 50), payment("p", 100)]) world.arrive(record);
    expect(world.notes).toEqual(["rule t1", "rule t2", "rule p"]);
    world.happen({ kind: "delete", place: 0, other: 0 });
    expect(world.links).toEqual(["rule t2 = p:50"]);
    expect(world.notes).toEqual([]);
  });
});

describe("one transaction to many expected payments", () => {
  it.each<Case>([
    {
      name: "matches a whole batch",
      rule: groups,
      records: [payment("p1", 60, batch("b")), payment("p2", 40, batch("b")), transaction("t", 100)],
      makes: ["t = p1:60 p2:40"],
    },
    {
      name: "matches it when its last payment comes",
      rule: groups,
      records: [transaction("t", 100), payment("p1", 60, batch("b")), payment("p2", 40, batch("b"))],
      makes: ["t = p1:60 p2:40"],
    },
    {
      name: "matches a batch of one",
      rule: groups,
      records: [payment("p", 100, batch("b")), transaction("t", 100)],
      makes: ["t = p:100"],
    },
    {
      name: "never searches for a part of a batch",
      rule: groups,
      records: [
        payment("p1", 60, batch("b")),
        payment("p2", 40, batch("b")),
        payment("p3", 1, batch("b")),
        transaction("t", 100),
      ],
      makes: [],
    },
    {
      name: "takes those of a batch that satisfy the conditions",
      rule: { ...groups, conditions: [sameReference] },
      records: [
        payment("p1", 60, withIdentifiers({ batch: "b", ref: "x" })),
        payment("p2", 40, withIdentifiers({ batch: "b", ref: "x" })),
        payment("p3", 1, withIdentifiers({ batch: "b", ref: "y" })),
        transaction("t", 100, referring("x")),
      ],
      makes: ["t = p1:60 p2:40"],
    },
    {
      name: "leaves a batch open of which one has a range",
      rule: groups,
      records: [payment("p1", 60, batch("b")), payment("p2", [39, 40], batch("b")), transaction("t", 100)],
      makes: [],
    },
    {
      name: "leaves a batch open of which something is reconciled",
      rule: [manyToOne, groups],
      records: [
        payment("p1", 60, batch("b")),
        transaction("t1", 20),
        payment("p2", 40, { ...batch("b"), dates: { lower: null, upper: null } }),
        transaction("t2", 80, { date: "2026-04-01" }),
      ],
      makes: ["t1 = p1:20"],
    },
    {
      name: "knows no batch of a payment whose alternatives differ in it, or lack it",
      rule: groups,
      records: [
        payment("p1", 100, {
          alternatives: [{ "custom_identifiers.batch": "b" }, { "custom_identifiers.batch": "c" }],
        }),
        payment("p2", 100, { alternatives: [{ "custom_identifiers.batch": "b" }, {}] }),
        payment("p3", 100),
        transaction("t", 100),
      ],
      makes: [],
    },
    {
      name: "groups by days and counterparties, too",
      rule: { ...groups, group_by: ["counterparty_id", "date_upper_bound"] },
      records: [
        payment("p1", 60, { counterparty: "c" }),
        payment("p2", 40, { counterparty: "c" }),
        payment("p3", 40, { counterparty: "d" }),
        payment("p4", 40, { counterparty: "c", dates: { lower: null, upper: "2026-04-30" } }),
        payment("p5", 40, { counterparty: "c", dates: { lower: null, upper: null } }),
        transaction("t", 100),
      ],
      makes: ["t = p1:60 p2:40"],
    },
    {
      name: "leaves a transaction alone that pays two batches",
      rule: groups,
      records: [payment("p1", 100, batch("b")), payment("p2", 100, batch("c")), transaction("t", 100)],
      makes: [],
    },
    {
      name: "leaves a batch alone that two transactions pay",
      rule: groups,
      records: [transaction("t1", 100), transaction("t2", 100), payment("p", 100, batch("b"))],
      makes: [],
    },
    {
      name: "takes the batch that begins earliest, if it is to choose",
      rule: { ...groups, ...earliest },
      records: [
        payment("p1", 100, batch("b")),
        payment("p2", 100, { ...batch("c"), dates: { lower: "2026-02-01", upper: null } }),
        transaction("t", 100),
      ],
      makes: ["t = p2:100"],
    },
  ])("$name", ({ rule, records, makes }) => {
    expect(stream(rule, ...records)).toEqual(makes);
  });

  it.each<[string, number, PaymentEvent, string]>([
    ["leaves", 100, { kind: "delete", place: 2, other: 0 }, "rule t = p1:60 p2:40"],
    ["becomes smaller", 140, { kind: "edit", place: 2, other: 1 }, "rule t = p1:60 p2:40 p3:40"],
  ])("matches a batch when a payment %s that was too much", (_, amount, event, made) => {
    const world = new PaymentWorld([groups], new MemoryIndex());
    world.arrive(payment("p1", 60, batch("b")));
    world.arrive(payment("p2", 40, batch("b")));
    world.arrive(payment("p3", 70, batch("b")));
    world.arrive(transaction("t", amount));
    expect(world.links).toEqual([]);
    world.happen(event);
    expect(world.links).toEqual([made]);
  });

  it("notes one more batch that an ambiguous transaction would pay, once nothing is in its way", () => {
    const world = new PaymentWorld([groups], new MemoryIndex());
    const records = [payment("p1", 100, batch("b1")), payment("p2", 100, batch("b2")), payment("p3", 100, batch("b3"))];
    for (const record of [payment("p0", 1, batch("b3")), ...records, transaction("t", 100)]) world.arrive(record);
    expect(world.notes).toEqual(["rule p1", "rule p2", "rule t"]);
    world.happen({ kind: "delete", place: 0, other: 0 });
    expect(world.notes).toEqual(["rule p1", "rule p2", "rule p3", "rule t"]);
  });

  it("matches a transaction that had too much before it when only a part of that goes", () => {
    const world = new PaymentWorld([{ ...groups, conditions: [sameReference] }], new MemoryIndex());
    const of = (ref: string) => withIdentifiers({ batch: "b", ref });
    world.arrive(transaction("t", 100, referring("x")));
    for (const [place, ref] of ["x", "y", "x", "x"].entries()) world.arrive(payment(`p${place}`, 50, of(ref)));
    expect(world.links).toEqual(["rule t = p0:50 p2:50"]);
    world.arrive(payment("p4", 20, of("x")));
    world.arrive(transaction("t1", 70, referring("y")));
    world.arrive(transaction("t2", 50, referring("x")));
    expect(world.links).toHaveLength(1);
    world.happen({ kind: "delete", place: 2, other: 0 });
    expect(world.links.slice(1)).toEqual(["rule t2 = p3:50"]);
  });

  it("explains each expected payment with the transaction, in the order of its allocations", () => {
    const world = new PaymentWorld([{ ...groups, conditions: [sameReference] }], new MemoryIndex());
    const identifiers = withIdentifiers({ batch: "b", ref: "x" });
    world.arrive(payment("p1", 60, { ...identifiers, dates: { lower: "2026-03-02", upper: null } }));
    world.arrive(payment("p2", 40, identifiers));
    world.arrive(transaction("t", 100, referring("x")));
    const [decision] = world.decisions;
    expect(decision?.allocations.map(({ item, amount }) => [item.uid, amount])).toEqual([
      ["t", 100],
      ["p2", 40],
      ["p1", 60],
    ]);
    expect(decision?.variance).toBe(0);
    expect(decision?.explanation).toEqual([
      { a: "x", b: "x", passed: true },
      { a: "x", b: "x", passed: true },
    ]);
  });
});

describe("a pair that was taken apart", () => {
  it.each([
    ["one to one", oneToOne],
    ["many to one", manyToOne],
    ["groups", groups],
  ])("is not made again, not even after an edit: %s", (_, rule) => {
    const world = new PaymentWorld([rule], new MemoryIndex());
    world.arrive(payment("p", 100, batch("b")));
    world.arrive(transaction("t", 100));
    world.happen({ kind: "undo", place: 0, other: 0 });
    world.happen({ kind: "edit", place: 0, other: 0 });
    world.happen({ kind: "edit", place: 1, other: 1 });
    expect(world.links).toEqual(["rule t = p:100"]);
  });

  it("stands in the way of its transaction's whole batch, and of no other match", () => {
    const world = new PaymentWorld([oneToOne, { ...groups, id: "weaker" }], new MemoryIndex());
    world.arrive(payment("p1", 100, batch("b")));
    world.arrive(transaction("t1", 100));
    world.happen({ kind: "undo", place: 0, other: 0 });
    world.arrive(payment("p2", 0, batch("b")));
    expect(world.links).toEqual(["rule t1 = p1:100"]);
    world.arrive(transaction("t2", 100));
    expect(world.links).toEqual(["rule t1 = p1:100", "rule t2 = p1:100"]);
  });

  it("has a name that no set of records has", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.array(fc.record({ id: fc.nat(), version: fc.nat() })), (one, other, items) => {
        expect(pairKeyOf(one, other)).not.toBe(setKeyOf(items));
        if (one !== other) expect(pairKeyOf(one, other)).not.toBe(pairKeyOf(other, one));
      }),
    );
  });
});

describe("a transaction that is linked in part", () => {
  it.each([oneToOne, manyToOne, groups])("is left to people: $strategy", (rule) => {
    const world = new PaymentWorld([rule], new MemoryIndex());
    world.put(transaction("t", 100, { linked: 40, links: 1 }));
    world.arrive(payment("p1", 60, batch("b")));
    world.arrive(payment("p2", 100, batch("c")));
    expect(world.links).toEqual([]);
    expect(world.notes).toEqual([]);
  });
});

describe("a pending transaction", () => {
  const pending = { isPending: true };

  it.each<[string, OraclePaymentRule, PaymentRecord[], string[]]>([
    ["one to one", oneToOne, [payment("p", [90, 110])], ["rule t = p"]],
    ["many to one", manyToOne, [payment("p", 500)], ["rule t = p"]],
    ["groups", groups, [payment("p1", 60, batch("b")), payment("p2", 40, batch("b"))], ["rule t = p1 p2"]],
    ["what is ambiguous", oneToOne, [payment("p1", 100), payment("p2", 100)], []],
    ["what a posted one fits as well", manyToOne, [payment("p", 100), transaction("t1", 1, pending)], ["rule t = p"]],
  ])("is matched with nothing, and said what it would be: %s", (_, rule, records, expected) => {
    const world = new PaymentWorld([rule], new MemoryIndex());
    for (const record of records) world.arrive(record);
    world.arrive(transaction("t", 100, pending));
    expect(world.findTentative(["t"])).toEqual(expected);
    expect(world.tentative.filter((found) => found.includes(" t = "))).toEqual(expected);
    expect(world.links).toEqual([]);
    expect(world.notes.filter((note) => note.endsWith(" t"))).toEqual([]);
  });

  it("is found when its expected payment comes", () => {
    const world = new PaymentWorld([oneToOne], new MemoryIndex());
    world.arrive(transaction("t", 100, pending));
    world.arrive(payment("p", 100));
    expect(world.tentative).toEqual(["rule t = p"]);
  });

  it("does not stand in the way of a posted one, and is matched itself once it is posted", () => {
    const world = new PaymentWorld([oneToOne], new MemoryIndex());
    world.arrive(transaction("t1", 100, pending));
    world.arrive(payment("p1", 100));
    world.arrive(transaction("t2", 100));
    world.arrive(payment("p2", 100));
    world.happen({ kind: "post", place: 0, other: 0 });
    expect(world.links).toEqual(["rule t2 = p1:100", "rule t1 = p2:100"]);
  });

  it("is compared with posted ones", () => {
    const world = new PaymentWorld([manyToOne], new MemoryIndex());
    for (const record of [transaction("t1", 60), transaction("t2", 50), payment("p", 100)]) world.arrive(record);
    world.arrive(transaction("t", 10, pending));
    expect(world.tentative).toEqual([]);
    world.happen({ kind: "delete", place: 1, other: 0 });
    expect(world.links).toEqual(["rule t1 = p:60"]);
    expect(world.tentative.at(-1)).toEqual("rule t = p");
  });

  it("is named by a pass under a rule, to be looked at", () => {
    const world = new PaymentWorld([oneToOne], new MemoryIndex());
    const id = world.put(transaction("t", 100, pending));
    world.put(payment("p", 100));
    expect(world.pass()).toEqual([id]);
    expect(world.links).toEqual([]);
  });
});

describe("a pass under rules that match one to one and skip", () => {
  const draws = paymentWorlds({ strategies: ["one_to_one"], ambiguous: ["skip"] });
  const places = fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 });

  it("makes the same whatever the order in which all that is open has come", () => {
    fc.assert(
      fc.property(draws, places, ({ rules, records }, places) => {
        const [first, second] = [places.toSorted((left, right) => left - right), places].map((order) => {
          const world = new PaymentWorld(rules, new MemoryIndex());
          for (const [place, record] of records.entries()) world.put(record, order[place]);
          world.pass();
          return new Set(world.links);
        });
        expect(second).toEqual(first);
      }),
      { numRuns: 1_500 },
    );
  });

  it("makes under one rule what looking at the records one by one makes, in any order", () => {
    fc.assert(
      fc.property(draws, places, ({ rules: [rule], records }, places) => {
        const made = [false, true].map((passes) => {
          const world = new PaymentWorld([rule as OraclePaymentRule], new MemoryIndex());
          const ids = records.map((record) => world.put(record));
          if (passes) world.pass();
          else world.drain(places.flatMap((place) => ids[place] ?? []));
          return new Set(world.links);
        });
        expect(made[1]).toEqual(made[0]);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe("the work of one look", () => {
  it("is cut when there is too much to read, and matches nothing", () => {
    const rule = { ...manyToOne, conditions: [{ ...sameReference, operator: "contains" as const }] };
    const world = new PaymentWorld([rule], new MemoryIndex());
    for (let n = 0; n < 20_500; n++) world.put(transaction(`t${n}`, 1 + (n % 5)));
    const id = world.put(payment("p", 100));
    const { decisions } = decideForItems([id], world.rules, world.index, { items: 1, steps: 1 });
    expect(decisions).toEqual([]);
    expect(world.index.listNotes(null, 10)).toEqual([{ itemId: id, ruleId: 1, finding: "cut" }]);
  });
});
