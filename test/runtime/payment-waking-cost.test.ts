import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { DRAIN_MAX_ITEMS, SLICE_MAX_STEPS } from "../../src/config.ts";
import { EVALUATION_STEPS, PAYMENT_MAX_STEPS } from "../../src/core/matching/limits.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { PaymentWorld } from "../core/matching/payment-world.ts";
import { payment, paymentRule, sameReference, transaction, withIdentifiers } from "../oracle/payment-builders.ts";
import type { OraclePaymentRule } from "../oracle/payments.ts";
import { bindings } from "../support/scene.ts";

const TIMEOUT_MS = 120_000;
const FEW = 1_000;
const MANY = 10_000;
const COMING = 20;

const pairs = { ...paymentRule("one_to_one", { conditions: [sameReference] }), id: "pairs" };
/** No key leads from a payment to its transactions: every open one is read that is not too large. */
const batches = {
  ...paymentRule("one_transaction_to_many_expected_payments", {
    conditions: [{ transaction: "vendor_description", operator: "contains", payment: "custom_identifiers.batch" }],
  }),
  id: "batches",
} as const;

const ofBatch = (name: string, amount: number) => payment(name, amount, withIdentifiers({ batch: "B7", ref: name }));
const deposit = (name: string, amount: number, text: string) =>
  transaction(name, amount, { fields: { vendor_description: text, "custom_identifiers.ref": text } });

/** Expected payments of one batch beside so many open transactions, none of which is larger than all of it. */
function inCrowd<T>(
  count: number,
  work: (world: PaymentWorld, store: SqliteStore) => T,
  rules: readonly OraclePaymentRule[] = [pairs, batches],
): Promise<T> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, { storage }) => {
    const store = new SqliteStore(storage);
    const world = new PaymentWorld(rules, store.index);
    store.transaction(() => {
      for (let n = 0; n < COMING; n++) world.put(ofBatch(`p${n}`, 10_001 + n));
      for (let n = 0; n < count; n++) world.put(deposit(`t${n}`, 1 + n, `no. ${n}`));
    });
    return work(world, store);
  });
}

/** Rows that are read by something that is done at once. */
function measure(store: SqliteStore, what: string, act: () => void): number {
  const [before, started] = [store.rowsRead, performance.now()];
  store.transaction(act);
  const rows = store.rowsRead - before;
  console.log(`${what}: ${rows} rows, ${Math.round(performance.now() - started)} ms`);
  return rows;
}

describe("beside a rule of groups that no key leads to", () => {
  it("decisions of another rule read no more with more that is open", { timeout: TIMEOUT_MS }, async () => {
    const decide = (count: number) =>
      inCrowd(count, (world, store) => {
        const rows = measure(store, `${COMING} decisions beside ${count} open transactions`, () => {
          for (let n = 0; n < COMING; n++) world.arrive(deposit(`d${n}`, 10_001 + n, `p${n}`));
        });
        expect(world.links).toHaveLength(COMING);
        return rows;
      });
    const [few, many] = [await decide(FEW), await decide(MANY)];
    expect(many).toBeLessThanOrEqual(few + 25);
    expect(many).toBeLessThan(100 * COMING);
  });

  it("what comes is taken in without reading what is open", { timeout: TIMEOUT_MS }, async () => {
    const takeIn = (count: number) =>
      inCrowd(count, (world, store) => {
        world.index.note(world.idOf("t1"), 1, "ambiguous");
        const woken: number[] = [];
        const rows = measure(store, `${COMING} arrivals beside ${count} open transactions`, () => {
          for (let n = 0; n < COMING; n++) woken.push(...world.bring(ofBatch(`new${n}`, 5)));
        });
        expect(woken).toHaveLength(COMING);
        return rows;
      });
    const [few, many] = [await takeIn(FEW), await takeIn(MANY)];
    expect(many).toBeLessThanOrEqual(few + 25);
    expect(many).toBeLessThan(50 * COMING);
  });

  it("what goes wakes nothing but what it kept open", { timeout: TIMEOUT_MS }, async () => {
    const go = (count: number) =>
      inCrowd(
        count,
        (world, store) => {
          const amounts = Array.from({ length: COMING - 1 }, (_, n) => 10_001 + n);
          const rest = amounts.reduce((sum, amount) => sum + amount, 0);
          world.arrive(deposit("late", rest, "for B7"));
          const rows = measure(store, `a departure beside ${count} open transactions`, () => {
            world.happen({ kind: "delete", place: COMING - 1, other: 0 });
          });
          expect(world.made.map(({ link }) => [link.transaction_id, link.parts.length])).toEqual([
            ["late", COMING - 1],
          ]);
          return rows;
        },
        [{ ...batches, on_ambiguous: "earliest" }],
      );
    const [few, many] = [await go(FEW), await go(MANY)];
    expect(many).toBeLessThanOrEqual(few + 25);
    expect(many).toBeLessThan(50 * COMING);
  });

  it("what comes is looked at in slices that are each bounded, to the end", { timeout: TIMEOUT_MS }, async () => {
    const costs = await inCrowd(MANY, (world, store) => {
      const slices: { rows: number; ms: number }[] = [];
      const coming = Array.from({ length: 3 * COMING }, (_, n) => world.bring(ofBatch(`new${n}`, 5))).flat();
      let [rows, started] = [store.rowsRead, performance.now()];
      world.drain(coming, { items: DRAIN_MAX_ITEMS, steps: SLICE_MAX_STEPS }, () => {
        slices.push({ rows: store.rowsRead - rows, ms: Math.round(performance.now() - started) });
        [rows, started] = [store.rowsRead, performance.now()];
      });
      return slices;
    });
    console.log(`slices of ${3 * COMING} looks among ${MANY} open transactions: ${JSON.stringify(costs)}`);
    expect(costs.length).toBeGreaterThan(1);
    const evaluations = (SLICE_MAX_STEPS + PAYMENT_MAX_STEPS) / EVALUATION_STEPS;
    for (const { rows } of costs) expect(rows).toBeLessThan(3 * evaluations);
  });
});
