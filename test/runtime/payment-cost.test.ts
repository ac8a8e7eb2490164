import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { PaymentWorld } from "../core/matching/payment-world.ts";
import { payment, paymentRule, sameReference, transaction, withIdentifiers } from "../oracle/payment-builders.ts";
import type { PaymentRecord } from "../oracle/payment-worlds.ts";
import type { OraclePaymentRule } from "../oracle/payments.ts";
import { bindings } from "../support/scene.ts";

interface Case {
  name: string;
  rule: OraclePaymentRule;
  /** The record with this number among those that are open. */
  open: (n: number) => PaymentRecord;
  /** What comes then, and is matched, with half of them before and after it. */
  comes: (middle: number) => PaymentRecord;
}

const ofPair = (name: string) => withIdentifiers({ ref: name });
const fieldsOf = (name: string) => ({ fields: { "custom_identifiers.ref": name } });
const BATCH = 20;

const CASES: Case[] = [
  {
    name: "a transaction, one to one by its amount alone among exact amounts and ranges",
    rule: paymentRule("one_to_one"),
    open: (n) => payment(`p${n}`, n % 2 === 0 ? 1_000 * n : [1_000 * n - 400, 1_000 * n + (n % 400)]),
    comes: (middle) => transaction("t", 1_000 * middle - 1_000),
  },
  {
    name: "a transaction, one to one by its amount alone, in nobody's range though the cells around it are full",
    rule: paymentRule("one_to_one"),
    open: (n) => payment(`p${n}`, n === 0 ? 200 : n % 2 === 0 ? [0, 100 + (n % 99)] : [201, 300 + (n % 99)]),
    comes: () => transaction("t", 200),
  },
  {
    name: "an expected payment, one to one by its range alone",
    rule: paymentRule("one_to_one"),
    open: (n) => transaction(`t${n}`, 1_000 * n),
    comes: (middle) => payment("p", [1_000 * middle - 900, 1_000 * middle + 900]),
  },
  {
    name: "a transaction, many to one by a reference",
    rule: paymentRule("many_transactions_to_one_expected_payment", { conditions: [sameReference] }),
    open: (n) => payment(`p${n}`, 1_000 + n, ofPair(`r${n}`)),
    comes: (middle) => transaction("t", 500, fieldsOf(`r${middle}`)),
  },
  {
    name: "a transaction of a batch by its reference",
    rule: paymentRule("one_transaction_to_many_expected_payments", {
      conditions: [{ ...sameReference, payment: "custom_identifiers.batch" }],
    }),
    open: (n) => payment(`p${n}`, 100, withIdentifiers({ batch: `b${Math.floor(n / BATCH)}` })),
    comes: (middle) => transaction("t", 100 * BATCH, fieldsOf(`b${Math.floor(middle / BATCH)}`)),
  },
  {
    name: "an expected payment of a batch whose transaction waits",
    rule: paymentRule("one_transaction_to_many_expected_payments", {
      conditions: [{ ...sameReference, payment: "custom_identifiers.batch" }],
    }),
    open: (n) => transaction(`t${n}`, 100, fieldsOf(`b${n}`)),
    comes: (middle) => payment("p", 100, withIdentifiers({ batch: `b${middle}` })),
  },
];

/** Rows that are read for what comes when so many records are open. */
function measure({ rule, open, comes }: Case, count: number): Promise<number> {
  const stub = bindings.RECONCILER.getByName(crypto.randomUUID());
  return runInDurableObject(stub, (_, { storage }) => {
    const store = new SqliteStore(storage);
    const world = new PaymentWorld([rule], store.index);
    store.transaction(() => {
      for (let n = 0; n < count; n++) world.put(open(n));
    });
    const before = store.rowsRead;
    world.arrive(comes(count / 2));
    expect(world.links).toHaveLength(1);
    return store.rowsRead - before;
  });
}

describe("the rows that the index reads", () => {
  it.each(CASES)("do not grow with what is open: $name", { timeout: 120_000 }, async (one) => {
    const few = await measure(one, 1_000);
    const many = await measure(one, 20_000);
    console.log(`rows read by ${one.name}: ${JSON.stringify({ "1000": few, "20000": many })}`);
    expect(many).toBeLessThanOrEqual(few + 25);
    expect(many).toBeLessThan(500);
  });
});
