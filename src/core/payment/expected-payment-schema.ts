import { z } from "zod";
import { type Day, parseDay } from "../calendar.ts";
import { upperCurrencySchema } from "../currency.ts";
import { metadataSchema } from "../metadata.ts";
import { MAX_MINOR_UNITS } from "../money.ts";
import { PAYMENT_TYPES } from "../payment-type.ts";
import { DIRECTIONS } from "../record.ts";
import { ACCOUNTING_LINES_MAX_BYTES, accountingLinesFit } from "./accounting-line.ts";
import { LEGACY } from "./expected-payment-view.ts";

const VARIABLES_MAX = 20;
const IDENTIFIERS_MAX = 50;
const IDENTIFIERS_MAX_IN_ALL = 250;
export const IDENTIFIER_MAX_CHARS = 100;
const ACCOUNTING_LINES_MAX = 100;

const day = z
  .string()
  .refine((text) => parseDay(text) !== undefined, {
    error: "Must be a date that exists, YYYY-MM-DD.",
    params: { code: "invalid_date" },
  })
  .transform((text) => parseDay(text) as Day)
  .meta({ type: "string", format: "date" } as never);

const amount = z.int().min(0).max(MAX_MINOR_UNITS).meta({ description: "In minor units" });
const text = z.string().max(1000).nullish();

const identifiers = z
  .record(z.string().min(1).max(IDENTIFIER_MAX_CHARS), z.string().max(IDENTIFIER_MAX_CHARS))
  .refine((pairs) => Object.keys(pairs).length <= IDENTIFIERS_MAX, {
    error: `May have at most ${IDENTIFIERS_MAX} identifiers.`,
    params: { code: "too_many" },
  });

const ruleVariable = z.strictObject({
  internal_account_id: z.uuid(),
  direction: z.enum(DIRECTIONS).meta({ description: "credit: money comes in; debit: it goes out" }),
  amount_lower_bound: amount,
  amount_upper_bound: amount,
  currency: upperCurrencySchema.nullish().meta({ description: "The internal account's, which it is by default" }),
  type: z.enum(PAYMENT_TYPES).nullish(),
  date_lower_bound: day.nullish().meta({ description: "date_upper_bound unless it is given" }),
  date_upper_bound: day.nullish().meta({ description: "date_lower_bound unless it is given" }),
  counterparty_id: z.string().min(1).max(255).nullish(),
  custom_identifiers: identifiers.nullish(),
});

/** A rule variable as it is sent: amounts in minor units, dates as days. */
export type GivenVariable = z.output<typeof ruleVariable>;

const variables = z
  .array(ruleVariable)
  .min(1)
  .max(VARIABLES_MAX)
  .superRefine((given, context) => {
    const [first] = given;
    given.forEach((variable, place) => {
      for (const [field, message] of listProblems(variable, first as GivenVariable)) {
        context.addIssue({ code: "custom", path: [place, field], message, params: { code: "invalid" } });
      }
    });
  })
  .refine((given) => countIdentifiers(given) <= IDENTIFIERS_MAX_IN_ALL, {
    error: `May have at most ${IDENTIFIERS_MAX_IN_ALL} different identifiers between them.`,
    params: { code: "too_many" },
  });

const SAME = [
  "internal_account_id",
  "direction",
  "amount_lower_bound",
  "amount_upper_bound",
  "date_lower_bound",
  "date_upper_bound",
  "counterparty_id",
] as const;

/** Variables are alternatives of one payment: they differ in `type` and `custom_identifiers` only. */
function listProblems(variable: GivenVariable, first: GivenVariable): [keyof GivenVariable, string][] {
  const [own, others] = [fillDates(variable), fillDates(first)];
  const problems: [keyof GivenVariable, string][] = SAME.filter(
    (field) => (own[field] ?? null) !== (others[field] ?? null),
  ).map((field) => [field, "Must be the same in all rule variables."]);
  if (variable.currency && first.currency && variable.currency !== first.currency) {
    problems.push(["currency", "Must be the same in all rule variables."]);
  }
  if (variable.amount_lower_bound > variable.amount_upper_bound) {
    problems.push(["amount_lower_bound", "Must be at most amount_upper_bound."]);
  }
  const { date_lower_bound: from, date_upper_bound: to } = own;
  if (from != null && to != null && from > to)
    problems.push(["date_lower_bound", "Must not be after date_upper_bound."]);
  return problems;
}

/** A single bound of dates stands for both. */
export function fillDates(variable: GivenVariable): GivenVariable {
  return {
    ...variable,
    date_lower_bound: variable.date_lower_bound ?? variable.date_upper_bound,
    date_upper_bound: variable.date_upper_bound ?? variable.date_lower_bound,
  };
}

function countIdentifiers(given: readonly GivenVariable[]): number {
  const pairs = given.flatMap(({ custom_identifiers }) => Object.entries(custom_identifiers ?? {}));
  return new Set(pairs.map((pair) => JSON.stringify(pair))).size;
}

const unused = z.unknown().optional().meta({ description: "Null: reconciliation_rule_variables has taken its place" });
const legacy = Object.fromEntries(Object.keys(LEGACY).map((name) => [name, unused])) as Record<
  keyof typeof LEGACY,
  typeof unused
>;

function findLegacy(body: unknown): string | undefined {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return Object.keys(LEGACY).find((name) => given[name] != null);
}

const usesVariables = {
  path: ["reconciliation_rule_variables"],
  params: { code: "unsupported" },
  error: ({ input }: { input?: unknown }) => `${findLegacy(input)} is given in reconciliation_rule_variables only.`,
  // Also beside other problems: who sends such a field often leaves out the array.
  when: () => true,
};

const fields = {
  external_id: z.string().min(1).max(180).nullish(),
  description: text,
  statement_descriptor: text,
  remittance_information: text,
  metadata: metadataSchema.optional(),
};

const accountingLine = z.strictObject({
  amount: z.int().min(-MAX_MINOR_UNITS).max(MAX_MINOR_UNITS).meta({ description: "In minor units" }),
  description: text,
  metadata: metadataSchema.optional(),
  accounting_category_id: z.string().min(1).max(255).nullish(),
});

/** The wire form of a new expected payment, but for its ledger transaction. */
export const newExpectedPaymentSchema = z
  .strictObject({
    reconciliation_rule_variables: variables,
    ...fields,
    line_items: z
      .array(accountingLine)
      .max(ACCOUNTING_LINES_MAX)
      .refine(accountingLinesFit, {
        error: `May come to ${ACCOUNTING_LINES_MAX_BYTES} bytes in all.`,
        params: { code: "too_large" },
      })
      .nullish()
      .meta({ description: "Kept for the caller's accounting; nothing is matched by them" }),
    ...legacy,
  })
  .refine((body) => findLegacy(body) === undefined, usesVariables);

/** The wire form of a change to an expected payment: what is absent stays, metadata is merged. */
export const expectedPaymentPatchSchema = z
  .strictObject({
    reconciliation_rule_variables: variables.optional(),
    status: z.enum(["reconciled"]).nullish(),
    ...fields,
    ...legacy,
  })
  .refine((body) => findLegacy(body) === undefined, usesVariables);
