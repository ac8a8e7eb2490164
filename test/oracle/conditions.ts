// Naive evaluation of a filter tree for two sets of records (a pair is two sets of one).
//
// Choices:
// 1. One branch of the tree must hold for the whole of both sets; different members may not hold by different branches.
//    When several hold, the first as written, read left to right, is "the branch that held".
// 2. `constant` in place of `key` stands where the key would: `{constant: 5, operand: "gt", value: "metadata.n"}` is
//    "5 > B's n". Only with an array and `in`/`not_in` is it "B's field is in the array".
// 3. `amount` against a constant tests each member's own amount, in groups too.
// 4. `direction` against B's `direction` compares the signs of the sums; a zero sum satisfies `eq` and `neq` alike.
//    Against a constant or any other field: a set of one record has that record's own direction, a larger one the sign
//    of its sum; a zero sum satisfies what a credit or a debit would.
// 5. "Fixes both by constants" means an `eq` or `neq` with a constant on each side's direction; `in` fixes nothing.
// 6. `eq`, `neq`, `in` compare as text, a number by its JSON text, unless both are numbers. Order comparisons are
//    numeric when both sides read as numbers, else by code units. A comparison with `amount` or `date` is numeric or by
//    day; where the other side does not read as one, it counts as missing.
// 7. Transforms apply to fields, not to constants; with a list, to each of its elements. A `|`-joined list is split
//    without trimming.
// 8. With `month`, `tolerance_amount` plays no part.
// 9. A group rule's branch without an amount condition never holds, unless the rule is a subset rule: a group is taken
//    whole, so there is no smaller amount to take.
// 10. A subset rule's branch without an amount condition admits no record of amount 0; one with an amount condition
//     admits none that by itself fails a condition against a constant, be it one on direction.

import { type Content, contentOf, dayNumber, isMissing, magnitude, signedSum, textOf } from "./fields.ts";
import type { OracleCondition, OracleFilter, OracleItem, OracleRule, OracleSide, OracleTransform } from "./model.ts";
import { compareRationals, distance, fromDecimal, fromMinor, percentOf, type Rational } from "./rational.ts";
import { transformed } from "./transforms.ts";

/** A conjunction of conditions: one way in which a filter tree can hold. */
export type Branch = readonly OracleCondition[];

type Items = readonly OracleItem[];
type Transforms = OracleTransform | readonly OracleTransform[] | undefined;
type Operand = { readonly amount: Rational } | { readonly content: Content; readonly isDate: boolean };

/** Every branch of a tree, in the order in which it is written. */
export function branchesOf(node: OracleFilter): readonly Branch[] {
  if (!("rules" in node)) return [[node]];
  const parts = node.rules.map(branchesOf);
  if (node.operand === "or") return parts.flat();
  return parts.reduce<readonly Branch[]>(
    (product, part) => product.flatMap((left) => part.map((right) => [...left, ...right])),
    [[]],
  );
}

/** The amount conditions of a branch: `eq` between A's amount and B's. */
export function amountConditionsOf(branch: Branch): readonly OracleCondition[] {
  return branch.filter((c) => c.operand === "eq" && c.key === "amount" && c.value === "amount");
}

/** The first branch of the rule that holds for the two sets, with all that is required rule or no rule. */
export function branchThatHolds(rule: OracleRule, a: Items, b: Items): Branch | undefined {
  return branchesOf(rule.filters).find((branch) => whyNot(branch, rule, a, b) === undefined);
}

/** Why a branch does not hold for the two sets, or nothing when it does. */
export function whyNot(branch: Branch, rule: OracleRule, a: Items, b: Items): string | undefined {
  if (new Set([...a, ...b].map(({ record }) => record.currency)).size !== 1) return "the currencies differ";
  if (amountConditionsOf(branch).length === 0) {
    if ([...a, ...b].some(({ record }) => record.amount === 0)) return "amount 0 without an amount condition";
    if (rule.cardinality !== "one_to_one" && !rule.subset) return "a group without an amount condition";
    if (rule.subset && magnitude(signedSum(a)) !== magnitude(signedSum(b))) return "the sums differ";
  }
  if (rule.subset && [...a, ...b].some((item) => item.record.amount === 0 && failsAlone(branch, item))) {
    return "amount 0 of a direction that is not wanted";
  }
  if (!directionRuleHolds(branch, a, b)) return "the directions differ";
  const failed = amountsFirst(branch).find((condition) => !conditionHolds(condition, a, b));
  return failed === undefined ? undefined : `the condition ${JSON.stringify(failed)} fails`;
}

function failsAlone(branch: Branch, item: OracleItem): boolean {
  const own = branch.filter(({ key, value }) => (item.record.side === "a" ? value : key) === undefined);
  return own.some((condition) => !conditionHolds(condition, [item], [item]));
}

function amountsFirst(branch: Branch): Branch {
  return [...branch].sort((x, y) => Number(y.key === "amount") - Number(x.key === "amount"));
}

/** Whether the two sets have the same direction, or the branch speaks of directions itself, or a sum is zero. */
export function directionRuleHolds(branch: Branch, a: Items, b: Items): boolean {
  const compares = branch.some(
    (c) => c.key === "direction" && c.value === "direction" && (c.operand === "eq" || c.operand === "neq"),
  );
  const fixes = (end: "key" | "value") =>
    branch.some(
      (c) => c[end] === "direction" && (c.operand === "eq" || c.operand === "neq") && c.constant !== undefined,
    );
  if (compares || (fixes("key") && fixes("value"))) return true;
  const product = signedSum(a) * signedSum(b);
  return product >= 0n;
}

/** Whether one condition holds for two sets of records of one currency. */
export function conditionHolds(condition: OracleCondition, a: Items, b: Items): boolean {
  const { key, value, operand, constant, transforms } = condition;
  if (operand === "is_missing" || operand === "is_present") {
    const [field, items, change] = key === undefined ? [value, b, transforms?.value] : [key, a, transforms?.key];
    return items.every(
      (item) => isAbsent(operandOf(item, field ?? "", change, operand)) === (operand === "is_missing"),
    );
  }
  if (constant !== undefined) {
    const field = key ?? value ?? "";
    const items = key === undefined ? b : a;
    const constantIsRight = key !== undefined || Array.isArray(constant);
    const change = key === undefined ? transforms?.value : transforms?.key;
    const fixed: Operand = { content: constant, isDate: false };
    return readingsOf(items, field).some((reading) =>
      reading
        .map((item) => operandOf(item, field, change, constantIsRight ? "eq" : operand))
        .every((one) => compare(condition, constantIsRight ? one : fixed, constantIsRight ? fixed : one)),
    );
  }
  if (key === "direction" && value === "direction" && (operand === "eq" || operand === "neq")) {
    const product = signedSum(a) * signedSum(b);
    return product === 0n || product > 0n === (operand === "eq");
  }
  return readingsOf(a, key ?? "").some((as) =>
    readingsOf(b, value ?? "").some((bs) => {
      const left = operandsOf(as, key ?? "", transforms?.key, "a", operand);
      const right = operandsOf(bs, value ?? "", transforms?.value, "b", operand);
      return left.every((x) => right.every((y) => compare(condition, x, y)));
    }),
  );
}

/** The ways in which a field of a set can be read: where a group's direction is asked, its members have the group's. */
function readingsOf(items: Items, field: string): readonly Items[] {
  if (field !== "direction" || items.length === 1) return [items];
  const sum = signedSum(items);
  const directions = (["credit", "debit"] as const).filter((one) => sum === 0n || sum > 0n === (one === "credit"));
  return directions.map((direction) => items.map(({ record, open }) => ({ record: { ...record, direction }, open })));
}

function operandsOf(items: Items, field: string, change: Transforms, side: OracleSide, operand: string): Operand[] {
  if (field !== "amount") {
    return items.map((item) => operandOf(item, field, change, side === "b" ? operand : "eq"));
  }
  return [{ amount: fromMinor(magnitude(signedSum(items)), items[0]?.record.exponent ?? 0) }];
}

function operandOf(item: OracleItem, field: string, change: Transforms, operand: string): Operand {
  if (field === "amount") return { amount: fromMinor(BigInt(item.record.amount), item.record.exponent) };
  const content = contentOf(item.record, field) ?? null;
  const isDate = field === "date";
  if (change === undefined || content === null) return { content, isDate };
  if (operand === "in" || operand === "not_in") {
    const list = listOf(content).map((element) => transformed(textOf(element), change));
    return { content: list.filter((element) => element !== ""), isDate };
  }
  return { content: transformed(textOf(content), change), isDate };
}

function isAbsent(operand: Operand): boolean {
  return "content" in operand && isMissing(operand.content);
}

function listOf(content: Content): readonly Content[] {
  if (Array.isArray(content)) return content.filter((element) => !isMissing(element));
  return typeof content === "string" ? content.split("|").filter((element) => element !== "") : [content as Content];
}

function compare(condition: OracleCondition, left: Operand, right: Operand): boolean {
  if (isAbsent(left) || isAbsent(right)) return false;
  switch (condition.operand) {
    case "eq":
      return condition.tolerance_unit === undefined
        ? equal(left, right) === true
        : withinTolerance(condition, left, right);
    case "neq":
      return equal(left, right) === false;
    case "in":
    case "not_in": {
      if ("amount" in right) return false;
      const elements = listOf(right.content);
      if (elements.length === 0) return false;
      const found = elements.some((element) => equal(left, { content: element, isDate: false }) === true);
      return found === (condition.operand === "in");
    }
    case "contains":
      return "content" in left && "content" in right && textOf(left.content).includes(textOf(right.content));
    default:
      return inOrder(condition.operand, left, right);
  }
}

function equal(left: Operand, right: Operand): boolean | undefined {
  if ("amount" in left || "amount" in right || (isNumber(left) && isNumber(right))) {
    const [x, y] = [numberOf(left), numberOf(right)];
    return x && y && compareRationals(x, y) === 0;
  }
  if (left.isDate || right.isDate) {
    const [x, y] = [dayOf(left), dayOf(right)];
    return x === undefined || y === undefined ? undefined : x === y;
  }
  return textOf(left.content) === textOf(right.content);
}

function inOrder(operand: string, left: Operand, right: Operand): boolean {
  const order = orderOf(left, right);
  if (order === undefined) return false;
  if (operand === "gt") return order > 0;
  if (operand === "gte") return order >= 0;
  return operand === "lt" ? order < 0 : order <= 0;
}

function orderOf(left: Operand, right: Operand): number | undefined {
  if ("amount" in left || "amount" in right) {
    const [x, y] = [numberOf(left), numberOf(right)];
    return x && y && compareRationals(x, y);
  }
  if (left.isDate || right.isDate) {
    const [x, y] = [dayOf(left), dayOf(right)];
    return x === undefined || y === undefined ? undefined : x - y;
  }
  const [x, y] = [numberOf(left), numberOf(right)];
  if (x && y) return compareRationals(x, y);
  const [s, t] = [textOf(left.content), textOf(right.content)];
  return s < t ? -1 : s > t ? 1 : 0;
}

function withinTolerance(condition: OracleCondition, left: Operand, right: Operand): boolean {
  const tolerance = fromDecimal(String(condition.tolerance_amount ?? 0)) ?? { n: 0n, d: 1n };
  if (condition.tolerance_unit === "day" || condition.tolerance_unit === "month") {
    const [x, y] = [dayOf(left), dayOf(right)];
    if (x === undefined || y === undefined) return false;
    if (condition.tolerance_unit === "month") return monthOf(x) === monthOf(y);
    return compareRationals({ n: BigInt(Math.abs(x - y)), d: 1n }, tolerance) <= 0;
  }
  const [x, y] = [numberOf(left), numberOf(right)];
  if (!x || !y) return false;
  const allowed = condition.tolerance_unit === "percent" ? percentOf(x, tolerance) : tolerance;
  return compareRationals(distance(x, y), allowed) <= 0;
}

function isNumber(operand: Operand): boolean {
  return "content" in operand && typeof operand.content === "number";
}

function numberOf(operand: Operand): Rational | undefined {
  return "amount" in operand ? operand.amount : fromDecimal(textOf(operand.content));
}

function dayOf(operand: Operand): number | undefined {
  return "amount" in operand ? undefined : dayNumber(textOf(operand.content));
}

function monthOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 7);
}
