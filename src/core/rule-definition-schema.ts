import { z } from "zod";
import { listFieldErrors } from "./field-errors.ts";
import { ON_AMBIGUOUS } from "./matching/rule.ts";
import { type FieldError, fail, ok, type Result } from "./result.ts";
import { CARDINALITIES, GROUP_BY_KINDS, type RuleDefinition } from "./rule-definition.ts";
import { MAX_BRANCHES } from "./rules/compiled-branch.ts";
import { isAmountCondition } from "./rules/compiled-tree.ts";
import { isField, isGroup, metadataKeyOf, type RuleGroup, type RuleNode } from "./rules/condition.ts";
import { parseFilters, presentFilters } from "./rules/schema.ts";

const GROUP_BY_MAX_FIELDS = 5;
const LOOKBACK_MAX_DAYS = 3_650;
const FIELD_MAX_CHARS = 1_000;

const groupingField = z
  .string()
  .max(FIELD_MAX_CHARS)
  .refine(isField, {
    message: "Must be date, direction, currency, description, external_id, type_key or metadata.<key>.",
    params: { code: "unknown_record_field" },
  })
  .refine((field) => field !== "amount", {
    message: "Cannot group by amount: a record's open amount changes as it is matched.",
    params: { code: "changing_field" },
  });

const groupBy = z
  .array(groupingField)
  .min(1)
  .max(GROUP_BY_MAX_FIELDS)
  .superRefine(
    (fields, context) => {
      if (!Array.isArray(fields)) return;
      const seen = new Set<unknown>();
      for (const [index, field] of fields.entries()) {
        if (!seen.has(field)) {
          seen.add(field);
          continue;
        }
        const message = `"${String(field).slice(0, 64)}" is named before.`;
        context.addIssue({ code: "custom", path: [index], message, params: { code: "repeated" }, input: field });
      }
    },
    // One wrong field must not hide a repeated one.
    { when: () => true },
  )
  .meta({ description: "Fields whose values a group's records share; amount is not one of them" });

const rollup = z
  .strictObject({
    group_by_kind: z
      .enum(GROUP_BY_KINDS)
      .default("identifier")
      .meta({ description: "identifier takes the whole group; date reaches back day by day until the sum fits" }),
    lookback_days: z
      .int()
      .min(0)
      .max(LOOKBACK_MAX_DAYS)
      .nullable()
      .default(null)
      .meta({ description: "How far the group reaches back; null for no bound, which only identifier may have" }),
    date_field: z
      .string()
      .max(FIELD_MAX_CHARS)
      .refine((field) => field === "date" || metadataKeyOf(field) !== undefined, {
        message: "Must be date or metadata.<key>.",
        params: { code: "unknown_record_field" },
      })
      .default("date")
      .meta({ description: "date, or metadata.<key>, of the grouped side" }),
  })
  .superRefine(
    (given, context) => {
      const { group_by_kind: kind, lookback_days: days = null } = Object(given) as Partial<typeof given>;
      if (kind !== "date" || days !== null) return;
      const message = "Must say how many days back to look when grouping by date.";
      context.addIssue({ code: "custom", path: ["lookback_days"], message, params: { code: "required" }, input: days });
    },
    // Nor must a wrong member hide a missing one.
    { when: () => true },
  )
  .meta({ description: "How far a group reaches back in time from the other side's date" });

/** The wire form of each part of a rule's definition. What one part demands of another: `parseRuleDefinition`. */
export const ruleDefinitionFields = {
  filters: z.unknown().meta({ type: "object", description: "The rule's tree of conditions" }),
  cardinality: z
    .enum(CARDINALITIES)
    .meta({ description: "Records of Side A to records of Side B; with many on a side it is a group rule" }),
  group_by: groupBy.nullable(),
  rollup: rollup.nullable(),
  subset: z.boolean().meta({ description: "Choose records whose sums are equal, within a group if there is group_by" }),
  on_ambiguous: z.enum(ON_AMBIGUOUS),
};

/** The same for a new rule, with what it is where it does not say. */
export const newRuleDefinitionFields = {
  filters: ruleDefinitionFields.filters,
  cardinality: ruleDefinitionFields.cardinality.default("one_to_one"),
  group_by: ruleDefinitionFields.group_by.default(null),
  rollup: ruleDefinitionFields.rollup.default(null),
  subset: ruleDefinitionFields.subset.default(false),
  on_ambiguous: ruleDefinitionFields.on_ambiguous.default("earliest"),
};

const definition = z.object(newRuleDefinitionFields);

/**
 * Reads what a rule says, from a body that may hold other members too, and fills in what it leaves out. Lists every
 * problem; whether group rules compare amounts is only asked of filters that are valid otherwise.
 */
export function parseRuleDefinition(input: Record<string, unknown>): Result<RuleDefinition, FieldError[]> {
  const parsed = definition.safeParse(input, { reportInput: true });
  const filters = parseFilters(input.filters, "/filters");
  const errors = parsed.success ? [] : listFieldErrors(parsed.error);
  const named = new Set(errors.map(({ path }) => path));
  const more = [
    ...(filters.ok ? [] : filters.failure),
    ...listMisgroupings(input, filters.ok ? filters.value : undefined),
  ];
  for (const error of more) if (!named.has(error.path)) errors.push(error);
  if (!parsed.success || !filters.ok || errors.length > 0) return fail(errors);
  return ok({ ...parsed.data, filters: presentFilters(filters.value) });
}

/** Reads a change to `current`: a part that is absent stays, `filters` and `rollup` are replaced whole. */
export function parseRulePatch(
  input: Record<string, unknown>,
  current: RuleDefinition,
): Result<RuleDefinition, FieldError[]> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return parseRuleDefinition({ ...current, ...Object.fromEntries(given) });
}

function listMisgroupings(input: Record<string, unknown>, filters: RuleGroup | undefined): FieldError[] {
  const { cardinality = "one_to_one" } = input;
  if (!CARDINALITIES.some((known) => known === cardinality)) return [];
  return cardinality === "one_to_one" ? listOfGroupsOnly(input) : listLacksOfGroup(input, filters);
}

function listOfGroupsOnly(input: Record<string, unknown>): FieldError[] {
  const given = [
    ...["group_by", "rollup"].filter((name) => (input[name] ?? null) !== null),
    ...(input.subset === true ? ["subset"] : []),
  ];
  const message = "Only group rules have it: those with many_to_one, one_to_many or many_to_many as cardinality.";
  return given.map((name) => ({ path: `/${name}`, code: "needs_group_rule", message }));
}

function listLacksOfGroup(input: Record<string, unknown>, filters: RuleGroup | undefined): FieldError[] {
  if (input.subset === true) return filters ? listExcessOfBranches(filters) : [];
  const errors: FieldError[] = [];
  if ((input.group_by ?? null) === null) {
    errors.push({ path: "/group_by", code: "required", message: "A group rule needs group_by, or subset: true." });
  }
  if (filters && !alwaysComparesAmounts(filters)) {
    const message =
      "A group is taken whole, so every alternative must say which sum it goes with: add an eq between amount and amount.";
    errors.push({ path: "/filters", code: "amount_condition_required", message });
  }
  return errors;
}

/** A search of sets follows the branches one by one. */
function listExcessOfBranches(filters: RuleGroup): FieldError[] {
  if (countBranches(filters) <= MAX_BRANCHES) return [];
  const message = `A rule that chooses sets has at most ${MAX_BRANCHES} alternatives. Make several rules of it.`;
  return [{ path: "/filters", code: "too_many_alternatives", message }];
}

function countBranches(node: RuleNode): number {
  if (!isGroup(node)) return 1;
  const counts = node.rules.map(countBranches);
  return node.operand === "or"
    ? counts.reduce((sum, count) => sum + count, 0)
    : counts.reduce((product, count) => product * count, 1);
}

/** Whether every branch has an amount condition. A branch takes one child at each `or`, and all at each `and`. */
function alwaysComparesAmounts(node: RuleNode): boolean {
  if (!isGroup(node)) return isAmountCondition(node);
  return node.operand === "and" ? node.rules.some(alwaysComparesAmounts) : node.rules.every(alwaysComparesAmounts);
}
