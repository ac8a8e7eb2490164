import { z } from "zod";
import { listFieldErrors } from "../field-errors.ts";
import { ON_AMBIGUOUS } from "../matching/rule.ts";
import { type FieldError, fail, ok, type Result } from "../result.ts";
import { Report } from "../rules/report.ts";
import { parsePaymentCondition } from "./condition-schema.ts";
import { findGroupingField, GROUPING_FIELDS } from "./payment-field.ts";
import {
  type ConditionBlock,
  PAYMENT_STRATEGIES,
  type PaymentCondition,
  type PaymentRuleDefinition,
} from "./payment-rule.ts";

const MAX_BLOCKS = 10;
const MAX_PAYMENT_CONDITIONS = 50;
const MAX_GROUPING_FIELDS = 5;

const groupingField = z
  .string()
  .refine((given) => findGroupingField(given) !== undefined, {
    message: `Must be one of ${GROUPING_FIELDS.map((name) => `expected_payment.${name}`).join(", ")}.`,
    params: { code: "unknown_payment_field" },
  })
  .transform((given) => findGroupingField(given) ?? given);

const groupBy = z
  .array(groupingField)
  .min(1)
  .max(MAX_GROUPING_FIELDS)
  .superRefine(
    (fields, context) => {
      if (!Array.isArray(fields)) return;
      for (const [index, field] of fields.entries()) {
        if (fields.indexOf(field) === index) continue;
        const message = `"${String(field).slice(0, 64)}" is named before.`;
        context.addIssue({ code: "custom", path: [index], message, params: { code: "repeated" }, input: field });
      }
    },
    // One wrong field must not hide a repeated one.
    { when: () => true },
  )
  .meta({ description: "Fields of expected payments whose values a group shares; the prefix may be left out" });

/** The wire form of what a rule says beside its conditions. What one part demands of another: `parsePaymentRule`. */
export const paymentRuleFields = {
  strategy: z.enum(PAYMENT_STRATEGIES),
  group_by: groupBy.nullable(),
  on_ambiguous: z.enum(ON_AMBIGUOUS),
};

const definition = z.object({
  strategy: paymentRuleFields.strategy,
  group_by: paymentRuleFields.group_by.default(null),
  on_ambiguous: paymentRuleFields.on_ambiguous.default("skip"),
});

/**
 * Reads what a rule says, from a body that may hold other members too, and fills in what it leaves out. Lists every
 * problem by JSON pointer.
 */
export function parsePaymentRule(input: Record<string, unknown>): Result<PaymentRuleDefinition, FieldError[]> {
  const parsed = definition.safeParse(input, { reportInput: true });
  const report = new Report();
  const conditions = parseConditions(input.conditions, "/conditions", report);
  const errors = [...(parsed.success ? [] : listFieldErrors(parsed.error)), ...report.errors];
  const named = new Set(errors.map(({ path }) => path));
  for (const error of listMisgroupings(input)) if (!named.has(error.path)) errors.push(error);
  if (!parsed.success || !conditions || errors.length > 0) return fail(errors);
  const { strategy, group_by, on_ambiguous } = parsed.data;
  return ok({ strategy, conditions, group_by, on_ambiguous });
}

/** Reads a change to `current`: a part that is absent stays, `conditions` and `group_by` are replaced whole. */
export function parsePaymentRulePatch(
  input: Record<string, unknown>,
  current: PaymentRuleDefinition,
): Result<PaymentRuleDefinition, FieldError[]> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return parsePaymentRule({ ...current, ...Object.fromEntries(given) });
}

/** The internal accounts that a rule's conditions name by their ids, each with the JSON pointer to its place. */
export function listNamedAccounts({ conditions }: PaymentRuleDefinition): { path: string; uid: string }[] {
  return conditions.blocks.flatMap((block, blockNo) =>
    block.conditions.flatMap((condition, no) => {
      if (!("value" in condition) || !condition.field.endsWith(".internal_account_id")) return [];
      return [{ path: `/conditions/blocks/${blockNo}/conditions/${no}/value`, uid: String(condition.value) }];
    }),
  );
}

function listMisgroupings({ strategy, group_by }: Record<string, unknown>): FieldError[] {
  if (!PAYMENT_STRATEGIES.some((known) => known === strategy)) return [];
  const path = "/group_by";
  const isGrouped = (group_by ?? null) !== null;
  if (strategy === "one_transaction_to_many_expected_payments") {
    return isGrouped ? [] : [{ path, code: "required", message: "This strategy needs fields to group by." }];
  }
  const message = "Only one_transaction_to_many_expected_payments groups.";
  return isGrouped ? [{ path, code: "not_of_this_strategy", message }] : [];
}

function parseConditions(
  input: unknown,
  path: string,
  report: Report,
): PaymentRuleDefinition["conditions"] | undefined {
  if (input === undefined) {
    report.add(path, "required", "This field is required.");
    return undefined;
  }
  const root = report.object(input, path, 'Must be {"operator": "and"|"or", "blocks": […]}.');
  if (!root) return undefined;
  report.unknownKeys(root, ["operator", "blocks"], path);
  const operator = parseJunction(root.operator, `${path}/operator`, report);
  const given = parseList(root.blocks, `${path}/blocks`, MAX_BLOCKS, "blocks", report);
  const blocks = given.flatMap((block, index) => parseBlock(block, `${path}/blocks/${index}`, report) ?? []);
  if (blocks.reduce((count, { conditions }) => count + conditions.length, 0) > MAX_PAYMENT_CONDITIONS) {
    report.add(path, "too_many_conditions", `At most ${MAX_PAYMENT_CONDITIONS} conditions make a rule.`);
  }
  return { operator, blocks };
}

function parseBlock(input: unknown, path: string, report: Report): ConditionBlock | undefined {
  const block = report.object(input, path, 'Must be {"operator": "and"|"or", "conditions": […]}.');
  if (!block) return undefined;
  report.unknownKeys(block, ["operator", "conditions"], path);
  const operator = parseJunction(block.operator, `${path}/operator`, report);
  const place = `${path}/conditions`;
  const given = parseList(block.conditions, place, MAX_PAYMENT_CONDITIONS, "conditions", report);
  if (Array.isArray(block.conditions) && block.conditions.length === 0) {
    report.add(place, "empty", "A block holds at least one condition.");
  }
  const conditions = given.flatMap((condition, index) => parseMember(condition, `${place}/${index}`, report) ?? []);
  return { operator, conditions };
}

function parseMember(input: unknown, path: string, report: Report): PaymentCondition | undefined {
  const shape = 'Must be {"field", "operator", "value" | "value_field"}.';
  const condition = report.object(input, path, shape);
  return condition && parsePaymentCondition(condition, path, report);
}

function parseJunction(input: unknown, path: string, report: Report): "and" | "or" {
  if (input === "and" || input === "or") return input;
  report.add(path, input === undefined ? "required" : "invalid_value", 'Must be "and" or "or".');
  return "and";
}

/** The entries of a list, none of one that is too long. */
function parseList(input: unknown, path: string, max: number, what: string, report: Report): unknown[] {
  if (!Array.isArray(input)) {
    report.add(path, input === undefined ? "required" : "invalid_type", `Must be an array of ${what}.`);
    return [];
  }
  if (input.length <= max) return input;
  report.add(path, "too_many", `At most ${max} ${what}.`);
  return [];
}
