import { type FieldError, fail, ok, type Result } from "../result.ts";
import { type Condition, isGroup, type RuleGroup, type RuleNode } from "./condition.ts";
import { parseCondition } from "./condition-schema.ts";
import { Report } from "./report.ts";

export type { Condition, Operand, RuleGroup, RuleNode, Scalar, ToleranceUnit } from "./condition.ts";
export type { Transform, TransformSpec } from "./transform.ts";

const MAX_DEPTH = 5;
const MAX_CONDITIONS = 50;
// Each condition lies in at most MAX_DEPTH groups, the root among them: more nodes than this hold an empty group.
const MAX_NODES = MAX_CONDITIONS * MAX_DEPTH;

interface Walk {
  report: Report;
  conditions: number;
  nodes: number;
}

/**
 * Reads the wire form of a rule's `filters` (`{operand, rules}`, at most 5 groups deep, 50 conditions). Lists every
 * problem, with JSON pointers below `path`; past the limits it no longer looks inside.
 */
export function parseFilters(input: unknown, path: string): Result<RuleGroup, FieldError[]> {
  const report = new Report();
  const walk: Walk = { report, conditions: 0, nodes: 0 };
  const root = report.object(input, path, 'Must be a group {"operand": "and"|"or", "rules": […]}.');
  if (root === undefined) return fail(report.errors);
  const group = parseGroup(root, path, 1, walk);
  if (walk.conditions > MAX_CONDITIONS || walk.nodes > MAX_NODES) {
    report.add(path, "too_many_conditions", `At most ${MAX_CONDITIONS} conditions make a rule.`);
  }
  return report.errors.length === 0 ? ok(group) : fail(report.errors);
}

function parseGroup(input: Record<string, unknown>, path: string, depth: number, walk: Walk): RuleGroup {
  const { report } = walk;
  const group: RuleGroup = { operand: input.operand === "or" ? "or" : "and", rules: [] };
  if (depth > MAX_DEPTH) {
    report.add(path, "too_deep", `Groups nest at most ${MAX_DEPTH} deep.`);
    return group;
  }
  report.unknownKeys(input, ["operand", "rules"], path);
  if (input.operand !== "and" && input.operand !== "or") {
    const code = input.operand === undefined ? "required" : "unknown_operand";
    report.add(`${path}/operand`, code, 'Must be "and" or "or".');
  }
  if (!Array.isArray(input.rules)) {
    const code = input.rules === undefined ? "required" : "invalid_type";
    report.add(`${path}/rules`, code, "Must be an array of conditions and groups.");
    return group;
  }
  if (input.rules.length === 0) report.add(`${path}/rules`, "empty_rules", "Must hold at least one condition.");
  for (const [index, entry] of input.rules.entries()) {
    walk.nodes += 1;
    if (walk.nodes > MAX_NODES) break;
    const node = parseNode(entry, `${path}/rules/${index}`, depth, walk);
    if (node !== undefined) group.rules.push(node);
  }
  return group;
}

function parseNode(input: unknown, path: string, depth: number, walk: Walk): RuleNode | undefined {
  const node = walk.report.object(input, path, "Must be a condition or a group.");
  if (node === undefined) return undefined;
  if (node.rules !== undefined || node.operand === "and" || node.operand === "or") {
    return parseGroup(node, path, depth + 1, walk);
  }
  walk.conditions += 1;
  return walk.conditions > MAX_CONDITIONS ? undefined : parseCondition(node, path, walk.report);
}

/** The wire form of `filters` again, as it was written, save that currencies are in upper case and dates are days. */
export function presentFilters(filters: RuleGroup): unknown {
  return {
    operand: filters.operand,
    rules: filters.rules.map((node) => (isGroup(node) ? presentFilters(node) : presentCondition(node))),
  };
}

/** One condition in its wire form. */
function presentCondition(condition: Condition): Record<string, unknown> {
  const { key, operand, value, constant, toleranceAmount, toleranceUnit, transforms } = condition;
  return {
    ...(key === undefined ? {} : { key }),
    operand,
    ...(value === undefined ? {} : { value }),
    ...(constant === undefined ? {} : { constant }),
    ...(toleranceAmount === undefined ? {} : { tolerance_amount: toleranceAmount }),
    ...(toleranceUnit === undefined ? {} : { tolerance_unit: toleranceUnit }),
    ...(transforms === undefined ? {} : { transforms }),
  };
}

/** Every condition in document order, which is the order of explanations. */
export function listConditions(filters: RuleGroup): Condition[] {
  return filters.rules.flatMap((node) => (isGroup(node) ? listConditions(node) : [node]));
}
