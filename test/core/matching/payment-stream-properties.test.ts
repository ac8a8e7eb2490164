import { describe, expect, it } from "vitest";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { paymentGroupWorlds } from "../../oracle/payment-group-worlds.ts";
import { type PaymentRecord, type PaymentWorldDraw, paymentWorlds } from "../../oracle/payment-worlds.ts";
import { linksOf, nameOf, type OraclePaymentRule, type PaymentState, possibleLinksOf } from "../../oracle/payments.ts";
import fc from "../../support/fast-check.ts";
import { PaymentWorld } from "./payment-world.ts";

const NUM_RUNS = 1_500;

function play({ rules, records, events }: PaymentWorldDraw): PaymentWorld {
  const world = new PaymentWorld(rules, new MemoryIndex());
  for (const [place, record] of records.entries()) {
    world.arrive(record);
    const event = events[place];
    if (event) world.happen(event);
  }
  return world;
}

function playAfterPass({ rules, records, events }: PaymentWorldDraw): PaymentWorld {
  const world = new PaymentWorld(rules, new MemoryIndex());
  for (const record of records) world.put(record);
  world.drain(world.pass());
  for (const event of events) if (event) world.happen(event);
  return world;
}

const KINDS: [string, fc.Arbitrary<PaymentWorldDraw>][] = [
  ["one to one", paymentWorlds({ strategies: ["one_to_one"] })],
  ["many to one", paymentWorlds({ strategies: ["many_transactions_to_one_expected_payment"] })],
  ["groups", paymentWorlds({ strategies: ["one_transaction_to_many_expected_payments"] })],
  ["groups that are in each other's way", paymentGroupWorlds()],
  ["all strategies", paymentWorlds()],
  ["all strategies, skipping", paymentWorlds({ ambiguous: ["skip"] })],
];

describe.each(KINDS)("a stream of payments, edits, archivals and links taken apart, %s", (_, worlds) => {
  it("makes only links that the oracle allows in the state before them", () => {
    let made = 0;
    fc.assert(
      fc.property(worlds, (draw) => {
        for (const { link, rule, before } of play(draw).made) {
          expect(possibleLinksOf(before, rule).map(nameOf)).toContain(nameOf(link));
          made += 1;
        }
      }),
      { numRuns: NUM_RUNS },
    );
    expect(made).toBeGreaterThan(NUM_RUNS / 10);
  });

  it("matches no transaction twice, and no expected payment beyond its upper bound", () => {
    fc.assert(
      fc.property(worlds, (draw) => {
        const { transactions, payments } = play(draw).state;
        expect(transactions.filter(({ linked, amount }) => linked > amount)).toEqual([]);
        expect(payments.filter(({ linked, upper }) => linked > upper)).toEqual([]);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("leaves nothing open in the end that a rule would match, and notes what is ambiguous", () => {
    let ambiguous = 0;
    fc.assert(
      fc.property(worlds, (draw) => {
        const world = play(draw);
        const { state } = world;
        expect(draw.rules.flatMap((rule) => possibleLinksOf(state, rule).map(nameOf))).toEqual([]);
        const expected = draw.rules.flatMap((rule) => listDoubtful(state, rule));
        expect(new Set(world.notes)).toEqual(new Set(expected));
        ambiguous += expected.length;
      }),
      { numRuns: NUM_RUNS },
    );
    expect(ambiguous).toBeGreaterThan(NUM_RUNS / 100);
  });

  it("leaves nothing open after a pass and what it has woken, and what happens then", () => {
    fc.assert(
      fc.property(worlds, (draw) => {
        const world = playAfterPass(draw);
        const { state } = world;
        expect(draw.rules.flatMap((rule) => possibleLinksOf(state, rule).map(nameOf))).toEqual([]);
        expect(new Set(world.notes)).toEqual(new Set(draw.rules.flatMap((rule) => listDoubtful(state, rule))));
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("has found something that each pending transaction would be matched with, as soon as it would", () => {
    let found = 0;
    fc.assert(
      fc.property(worlds, (draw) => {
        const world = play(draw);
        const { state } = world;
        for (const { id } of state.transactions.filter(({ isPending }) => isPending)) {
          const expected = listTentative(state, draw.rules, id);
          const [made] = world.findTentative([id]);
          expect(expected.length > 0 ? expected : [undefined]).toContain(made);
          if (made === undefined) continue;
          // What would be made of it after a posted rival came is not looked for again.
          const said = world.tentative.map(withoutRule);
          expect(said.filter((pair) => pair.startsWith(`${id} =`))).not.toEqual([]);
          found += 1;
        }
      }),
      { numRuns: NUM_RUNS },
    );
    expect(found).toBeGreaterThan(NUM_RUNS / 100);
  });

  it("gives posted transactions what they would get without the pending ones", () => {
    fc.assert(
      fc.property(worlds, ({ rules, records }) => {
        const isPending = (record: PaymentRecord) => record.kind === "transaction" && record.isPending;
        const [all, posted] = [true, false].map((withPending) => {
          const world = new PaymentWorld(rules, new MemoryIndex());
          for (const [place, record] of records.entries())
            if (withPending || !isPending(record)) world.arrive(record, place);
          return world.links;
        });
        expect(all).toEqual(posted);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

function withoutRule(found: string): string {
  return found.slice(found.indexOf(" ") + 1);
}

/** What a rule notes, being of two minds about it, as `rule record`. */
function listDoubtful(state: PaymentState, rule: OraclePaymentRule): string[] {
  return linksOf(state, rule)
    .flatMap(({ transaction_id, parts }) => [transaction_id, ...parts.map(({ payment_id }) => payment_id)])
    .map((id) => `${rule.id} ${id}`);
}

/** What the first rule that links a pending transaction may make of it, were it posted. */
function listTentative(state: PaymentState, rules: readonly OraclePaymentRule[], id: string): string[] {
  const transactions = state.transactions.map((one) => (one.id === id ? { ...one, isPending: false } : one));
  const links = rules.map((rule) =>
    possibleLinksOf({ ...state, transactions }, rule)
      .filter((link) => link.transaction_id === id)
      .map(({ parts }) => `${rule.id} ${id} = ${listPayments(parts)}`),
  );
  return links.find((ofRule) => ofRule.length > 0) ?? [];
}

function listPayments(parts: readonly { payment_id: string }[]): string {
  return parts
    .map(({ payment_id }) => payment_id)
    .sort()
    .join(" ");
}
