import type { Item, Side } from "../matching/item.ts";
import { type AmountWindow, compileWindow, intersectWindows, type WindowReader } from "./amount-window.ts";
import type { CompiledCondition } from "./compiled-condition.ts";
import { type CompiledGroup, type CompiledNode, isAmountCondition } from "./compiled-tree.ts";
import { isTwoSided } from "./condition.ts";
import { compileKeyPart, type KeyPart } from "./plan-key.ts";

export type { AmountWindow } from "./amount-window.ts";
export { MAX_KEYS } from "./plan-key.ts";

/**
 * One way to find candidates. Keys begin with the currency. They may depend on an item's open amount (a rule may
 * compare it with metadata): store an item anew when any part of it changes.
 */
export interface PlanBranch {
  /** Keys under which an item is stored, at most MAX_KEYS; none when no pair with it can hold in this branch. */
  storedKeys(item: Item): string[];
  /** Keys of the other side's items to look at for `item`, at most MAX_KEYS. */
  lookupKeys(item: Item): string[];
  /**
   * Inclusive bounds of the other side's open amount, in minor units of the item's currency; null for no bounds. Wide
   * enough for every pair that holds.
   */
  amountWindow(item: Item): AmountWindow | null;
}

/** `scan` has one branch that finds every item of the currency; `why` then tells the user what would help. */
export interface Plan {
  kind: "key" | "range" | "union" | "scan";
  why: string | null;
  branches: PlanBranch[];
}

/**
 * `pairs`: the items looked up are what the rule compares. `groups`: they are members of groups, whose amounts and
 * directions are not their own, so that no condition on these may narrow the search.
 */
export type PlanScope = "pairs" | "groups";

/**
 * Turns a rule into index look-ups. Complete: a pair for which the rule holds is found from either of its items
 * through some branch.
 */
export function computePlan(tree: CompiledGroup, scope: PlanScope): Plan {
  const search = planGroup(tree, scope);
  if ("why" in search) return { kind: "scan", why: search.why, branches: [toBranch(EVERYTHING)] };
  const [first] = search.drafts;
  const kind = search.drafts.length > 1 ? "union" : first?.parts.length === 0 ? "range" : "key";
  return { kind, why: null, branches: search.drafts.map(toBranch) };
}

/** The plan as a rule shows it. */
export function presentPlan(plan: Plan): { kind: Plan["kind"]; why?: string } {
  return plan.why === null ? { kind: plan.kind } : { kind: plan.kind, why: plan.why };
}

interface Draft {
  parts: KeyPart[];
  windows: WindowReader[];
  gates: Record<Side, CompiledCondition[]>;
}

type Search = { drafts: Draft[] } | { why: string };

const EVERYTHING: Draft = { parts: [], windows: [], gates: { a: [], b: [] } };

const REMEDIES: Record<PlanScope, string> = {
  pairs:
    "an eq between a field of each side (without a tolerance, or with day or month), an in against a metadata list, " +
    "or an eq between the two amounts",
  groups:
    "an eq between a field of each side other than amount and direction (without a tolerance, or with day or month), " +
    "or an in against a metadata list",
};

function planGroup(group: CompiledGroup, scope: PlanScope): Search {
  return group.operand === "and" ? planAnd([group], scope) : planOr(group, scope);
}

function planOr(group: CompiledGroup, scope: PlanScope): Search {
  const drafts: Draft[] = [];
  for (const [index, child] of group.children.entries()) {
    const search = "leaf" in child ? planAnd([child], scope) : planGroup(child, scope);
    if ("why" in search) {
      const lack = `Alternative ${index + 1} of an or has nothing to look up by, so every open record is read.`;
      return { why: `${lack} Add to it, or beside the or, ${REMEDIES[scope]}.` };
    }
    drafts.push(...search.drafts);
  }
  return { drafts };
}

function planAnd(nodes: CompiledNode[], scope: PlanScope): Search {
  const flat = nodes.flatMap(flattenAnd);
  const draft = draftOf(
    flat.flatMap((node) => ("leaf" in node ? [node.leaf] : [])),
    scope,
  );
  if (draft.parts.length > 0 || draft.windows.length > 0) return { drafts: [draft] };
  const alternatives = flat.flatMap((node) => ("leaf" in node ? [] : [planOr(node, scope)]));
  for (const search of alternatives) {
    if ("drafts" in search) return { drafts: search.drafts.map((inner) => addGates(inner, draft)) };
  }
  const why = `The rule has nothing to look up by, so every open record is read. Add ${REMEDIES[scope]}.`;
  return alternatives[0] ?? { why };
}

/** The conditions and `or` groups that must all hold. */
function flattenAnd(node: CompiledNode): CompiledNode[] {
  return "leaf" in node || node.operand === "or" ? [node] : node.children.flatMap(flattenAnd);
}

function draftOf(conditions: CompiledCondition[], scope: PlanScope): Draft {
  const draft: Draft = { parts: [], windows: [], gates: { a: [], b: [] } };
  for (const compiled of conditions) {
    const { condition } = compiled;
    if (scope === "groups" && [condition.key, condition.value].some(isOfGroup)) continue;
    if (!isTwoSided(condition)) {
      draft.gates[condition.key === undefined ? "b" : "a"].push(compiled);
    } else if (isAmountCondition(condition)) {
      const window = compileWindow(condition);
      if (window !== undefined) draft.windows.push(window);
    } else {
      const part = compileKeyPart(compiled);
      if (part !== undefined) draft.parts.push(part);
    }
  }
  return { ...draft, parts: selectParts(draft.parts) };
}

function isOfGroup(field: string | undefined): boolean {
  return field === "amount" || field === "direction";
}

// Several texts in several parts would multiply beyond MAX_KEYS; a list tells more than a few days do.
function selectParts(parts: readonly KeyPart[]): KeyPart[] {
  const many = parts.find(({ kind }) => kind === "list") ?? parts.find(({ kind }) => kind === "days");
  return parts.filter((part) => part === many || part.kind === "equal" || part.kind === "month");
}

function addGates(draft: Draft, outer: Draft): Draft {
  const gates = { a: [...outer.gates.a, ...draft.gates.a], b: [...outer.gates.b, ...draft.gates.b] };
  return { ...draft, gates };
}

/** A condition with a constant reads one item only. A sum of zero fits either direction. */
function mayPass({ condition, holds }: CompiledCondition, item: Item): boolean {
  const isOfDirection = condition.key === "direction" || condition.value === "direction";
  return (isOfDirection && item.open === 0) || holds(item, item);
}

function toBranch({ parts, windows, gates }: Draft): PlanBranch {
  const listKeys = (item: Item, use: "stored" | "lookup"): string[] => {
    if (!gates[item.side].every((gate) => mayPass(gate, item))) return [];
    let keys = [item.currency];
    for (const part of parts) {
      const texts = part[use][item.side](item);
      keys = keys.flatMap((key) => texts.map((text) => `${key}\u001f${text}`));
    }
    return keys;
  };
  return {
    storedKeys: (item) => listKeys(item, "stored"),
    lookupKeys: (item) => listKeys(item, "lookup"),
    amountWindow: (item) => {
      const [first, ...rest] = windows.map((window) => window(item));
      return first === undefined ? null : rest.reduce(intersectWindows, first);
    },
  };
}
