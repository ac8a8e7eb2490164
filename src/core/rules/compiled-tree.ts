import { type CompiledCondition, comparesDirections, compileCondition } from "./compiled-condition.ts";
import { type Condition, isGroup, isTwoSided, type RuleGroup } from "./condition.ts";
import { listTransforms } from "./transform.ts";

export interface CompiledGroup {
  operand: "and" | "or";
  children: CompiledNode[];
}

/** `flags` is what the condition contributes to a branch on which it holds. */
export interface CompiledLeaf {
  leaf: CompiledCondition;
  flags: BranchFlags;
}

export type CompiledNode = CompiledGroup | CompiledLeaf;

/** A set of the bits below: the special conditions that lie on one branch. */
export type BranchFlags = number;
export const COMPARES_AMOUNT = 1;
const COMPARES_DIRECTION = 2;
const FIXES_DIRECTION_A = 4;
const FIXES_DIRECTION_B = 8;

export function compileTree(group: RuleGroup): CompiledGroup {
  return {
    operand: group.operand,
    children: group.rules.map((node) =>
      isGroup(node) ? compileTree(node) : { leaf: compileCondition(node), flags: flagsOf(node) },
    ),
  };
}

export function listLeaves(node: CompiledNode): CompiledCondition[] {
  return "leaf" in node ? [node.leaf] : node.children.flatMap(listLeaves);
}

/** True for an `eq` between A's amount and B's, with a tolerance or without. */
export function isAmountCondition({ operand, key, value }: Condition): boolean {
  return operand === "eq" && key === "amount" && value === "amount";
}

function flagsOf(condition: Condition): BranchFlags {
  if (isAmountCondition(condition)) return COMPARES_AMOUNT;
  const { operand, key } = condition;
  if (operand !== "eq" && operand !== "neq") return 0;
  if (isTwoSided(condition)) return comparesDirections(condition) ? COMPARES_DIRECTION : 0;
  const place = key === "direction" ? "key" : "value";
  if (condition[place] !== "direction") return 0;
  // What a transform makes of both directions may differ from the constant; then neither is settled.
  if (operand === "neq" && listTransforms(condition.transforms?.[place]).length > 0) return 0;
  return place === "key" ? FIXES_DIRECTION_A : FIXES_DIRECTION_B;
}

/**
 * The distinct flag sets of the branches that hold, in document order. A branch takes one child at every `or` and all
 * at every `and`; there are at most 16 sets, however many branches.
 */
export function listHeldBranches(node: CompiledNode, holds: (leaf: CompiledLeaf) => boolean): BranchFlags[] {
  if ("leaf" in node) return holds(node) ? [node.flags] : [];
  if (node.operand === "or") return distinct(node.children.flatMap((child) => listHeldBranches(child, holds)));
  let branches: BranchFlags[] = [0];
  for (const child of node.children) {
    const held = listHeldBranches(child, holds);
    if (held.length === 0) return [];
    branches = distinct(branches.flatMap((flags) => held.map((more) => flags | more)));
  }
  return branches;
}

/** True when a branch with these flags may join a credit with a debit. */
export function settlesDirection(flags: BranchFlags): boolean {
  const fixesBoth = FIXES_DIRECTION_A | FIXES_DIRECTION_B;
  return (flags & COMPARES_DIRECTION) !== 0 || (flags & fixesBoth) === fixesBoth;
}

/**
 * Every branch of a tree as the conditions that lie on it, in document order; null when there are more than `max`.
 */
export function listBranches(node: CompiledNode, max: number): CompiledLeaf[][] | null {
  if ("leaf" in node) return [[node]];
  let branches: CompiledLeaf[][] = node.operand === "or" ? [] : [[]];
  for (const child of node.children) {
    const more = listBranches(child, max);
    if (more === null) return null;
    branches =
      node.operand === "or"
        ? [...branches, ...more]
        : branches.flatMap((left) => more.map((right) => [...left, ...right]));
    if (branches.length > max) return null;
  }
  return branches;
}

function distinct(branches: BranchFlags[]): BranchFlags[] {
  return branches.length < 2 ? branches : [...new Set(branches)];
}
