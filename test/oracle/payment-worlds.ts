import fc from "../support/fast-check.ts";
import type {
  OraclePayment,
  OraclePaymentCondition,
  OraclePaymentRule,
  OracleStrategy,
  OracleTransaction,
} from "./payments.ts";

export type PaymentRecord =
  | ({ readonly kind: "transaction" } & OracleTransaction)
  | ({ readonly kind: "payment" } & OraclePayment);

/** Something that happens after an arrival; `place` picks one of what is there. */
export interface PaymentEvent {
  readonly kind: "delete" | "edit" | "undo" | "link" | "post";
  readonly place: number;
  readonly other: number;
}

export interface PaymentWorldDraw {
  readonly rules: readonly OraclePaymentRule[];
  /** In the order in which they come. */
  readonly records: readonly PaymentRecord[];
  /** What happens after each of them. */
  readonly events: readonly (PaymentEvent | null)[];
}

export interface PaymentWorldOptions {
  strategies?: readonly OracleStrategy[];
  ambiguous?: readonly ("earliest" | "skip")[];
  maxRules?: number;
  maxRecords?: number;
  pending?: boolean;
}

const STRATEGIES: readonly OracleStrategy[] = [
  "one_to_one",
  "one_transaction_to_many_expected_payments",
  "many_transactions_to_one_expected_payment",
];

const CONDITIONS: readonly OraclePaymentCondition[] = [
  { transaction: "custom_identifiers.ref", operator: "equals", payment: "custom_identifiers.ref" },
  { transaction: "vendor_description", operator: "contains", payment: "custom_identifiers.code" },
  { transaction: "type", operator: "equals", payment: "type" },
];

const GROUPINGS = [
  ["custom_identifiers.batch"],
  ["custom_identifiers.batch"],
  ["counterparty_id"],
  ["date_upper_bound"],
  ["counterparty_id", "custom_identifiers.batch"],
];

const DAYS = ["2026-03-01", "2026-03-02", "2026-03-03"];

/** How much records are alike; in `batches` the expected payments are small and exact, the transactions their sums. */
const MOODS = ["loose", "dense", "batches"] as const;
type Mood = (typeof MOODS)[number];

/** Small amounts and few values of everything, so that much fits and much collides. */
export function paymentWorlds(options: PaymentWorldOptions = {}): fc.Arbitrary<PaymentWorldDraw> {
  const { maxRules = 3, maxRecords = 12, pending = true } = options;
  const rules = fc
    .array(ruleArbitrary(options), { minLength: 1, maxLength: maxRules })
    .map((drawn) => drawn.map((rule, place) => ({ ...rule, id: `r${place + 1}` })));
  const records = fc.constantFrom(...MOODS).chain((mood) =>
    fc.array(fc.oneof(transactionArbitrary(pending, mood), paymentArbitrary(mood)), {
      minLength: 2,
      maxLength: maxRecords,
      size: "max",
    }),
  );
  return fc.record({
    rules,
    records: records.map((drawn) =>
      drawn.map((record, place) => ({ ...record, id: `${record.kind.charAt(0)}${place}` })),
    ),
    events: fc.array(fc.option(eventArbitrary, { nil: null, freq: 3 }), {
      minLength: maxRecords,
      maxLength: maxRecords,
    }),
  });
}

function ruleArbitrary({ strategies = STRATEGIES, ambiguous = ["skip", "skip", "earliest"] }: PaymentWorldOptions) {
  return fc
    .record({
      strategy: fc.constantFrom(...strategies),
      on_ambiguous: fc.constantFrom(...ambiguous),
      any: fc.boolean(),
      conditions: fc.subarray([...CONDITIONS], { maxLength: 2 }),
      group_by: fc.constantFrom(...GROUPINGS),
    })
    .map((rule): OraclePaymentRule => {
      const isOfGroups = rule.strategy === "one_transaction_to_many_expected_payments";
      return { ...rule, id: "", group_by: isOfGroups ? rule.group_by : [] };
    });
}

const direction = fc.constantFrom("credit" as const, "credit" as const, "credit" as const, "debit" as const);
const currency = fc.constantFrom("USD", "USD", "USD", "EUR");

function fieldsArbitrary(names: Record<string, readonly string[]>, mood: Mood) {
  const members = Object.entries(names).map(([name, texts]): [string, fc.Arbitrary<string | null>] => {
    const [first] = texts as [string];
    const often = Array(mood === "batches" ? 6 : 2).fill(first) as string[];
    return [name, mood === "loose" ? fc.constantFrom(null, ...texts) : fc.constantFrom(...often, ...texts)];
  });
  return fc.record(Object.fromEntries(members)).map((drawn) => {
    const present = Object.entries(drawn).filter(([, text]) => text !== null);
    return Object.fromEntries(present) as Record<string, string>;
  });
}

function transactionArbitrary(pending: boolean, mood: Mood): fc.Arbitrary<PaymentRecord> {
  return fc
    .record({
      amount: mood === "batches" ? fc.constantFrom(2, 3, 3, 4) : fc.constantFrom(0, 1, 2, 3, 3, 4, 5, 6),
      direction,
      currency,
      date: fc.constantFrom(...DAYS),
      isPending: pending ? fc.constantFrom(false, false, false, true) : fc.constant(false),
      fields: fieldsArbitrary(
        { type: ["ach", "wire"], "custom_identifiers.ref": ["x", "y"], vendor_description: ["pay xy", "pay y", "z"] },
        mood,
      ),
    })
    .map((drawn) => ({ ...drawn, kind: "transaction", id: "", linked: 0, links: 0 }));
}

function paymentArbitrary(mood: Mood): fc.Arbitrary<PaymentRecord> {
  const day = fc.constantFrom(null, ...DAYS);
  const alternative = fieldsArbitrary(
    {
      type: ["ach", "wire"],
      "custom_identifiers.ref": ["x", "y"],
      "custom_identifiers.code": ["y", "x"],
      "custom_identifiers.batch": ["b1", "b2"],
    },
    mood,
  );
  return fc
    .record({
      lower: mood === "batches" ? fc.constantFrom(1, 1, 2) : fc.constantFrom(0, 1, 2, 2, 3, 4),
      width: mood === "batches" ? fc.constantFrom(0, 0, 0, 0, 0, 0, 1) : fc.constantFrom(0, 0, 0, 1, 3),
      direction,
      currency,
      from: mood !== "loose" ? fc.constant(DAYS[0] as string) : day,
      to: mood !== "loose" ? fc.constantFrom(...DAYS.slice(1)) : day,
      counterparty: mood === "batches" ? fc.constant("c1") : fc.constantFrom(null, "c1", "c1", "c2"),
      alternatives: fc.array(alternative, { minLength: 1, maxLength: 2 }),
    })
    .map(({ lower, width, from, to, ...drawn }): PaymentRecord => {
      const [first, last] = from !== null && to !== null && from > to ? [to, from] : [from, to];
      const dates = { lower: first, upper: last };
      return { ...drawn, kind: "payment", id: "", lower, upper: lower + width, dates, linked: 0, links: 0 };
    });
}

const eventArbitrary: fc.Arbitrary<PaymentEvent> = fc.record({
  kind: fc.constantFrom("delete" as const, "edit" as const, "undo" as const, "link" as const, "post" as const),
  place: fc.nat(30),
  other: fc.nat(30),
});
