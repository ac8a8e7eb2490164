import type { Item } from "../matching/item.ts";
import type { EngineRule } from "../matching/rule.ts";
import type { Cardinality } from "../rule-definition.ts";
import type { ConditionOutcome } from "../rules/compiled-condition.ts";
import { compileTree } from "../rules/compiled-tree.ts";
import {
  type Condition,
  isGroup,
  type Operand,
  type Place,
  type RuleGroup,
  type RuleNode,
} from "../rules/condition.ts";
import { type CompiledRule, compileRule } from "../rules/evaluate.ts";
import { computePlan, type Plan, type PlanBranch, presentPlan } from "../rules/plan.ts";
import type { ShownPlan } from "../rules/shown-plan.ts";
import { NO_MATCH, type Verdict } from "../rules/verdict.ts";
import { findPaymentField, type PaymentField } from "./payment-field.ts";
import { NO_LOWER_BOUND, NO_UPPER_BOUND } from "./payment-item.ts";
import type { PaymentCondition, PaymentOperator, PaymentRuleDefinition, PaymentStrategy } from "./payment-rule.ts";

const CARDINALITIES: Record<PaymentStrategy, Cardinality> = {
  one_to_one: "one_to_one",
  one_transaction_to_many_expected_payments: "one_to_many",
  many_transactions_to_one_expected_payment: "many_to_one",
};

/** A stored rule of the payments door as the engine takes it. Throws on a definition that could not have been stored. */
export function compilePaymentRule(rule: {
  id: number;
  uid: string;
  version: number;
  definition: PaymentRuleDefinition;
}): EngineRule {
  const { id, uid, version, definition } = rule;
  return {
    id,
    uid,
    version,
    cardinality: CARDINALITIES[definition.strategy],
    groupBy: (definition.group_by ?? []).map((field) => getField(field).path),
    rollup: null,
    isSubset: false,
    onAmbiguous: definition.on_ambiguous,
    payment: definition.strategy,
    compiled: compileForAlternatives(toRuleGroup(definition)),
  };
}

/** How a rule finds candidates, as it is shown: one to one they are found by their amounts at the least. */
export function computePaymentPlan(definition: PaymentRuleDefinition): ShownPlan {
  const plan = planOf(toRuleGroup(definition));
  if (plan.kind !== "scan") return presentPlan(plan);
  if (definition.strategy === "one_to_one") return { kind: "range" };
  const lack = "Nothing in the conditions can be looked up by, so every open one of the account is read.";
  const remedy = "an equals between a field of the transaction and an identifier or the type of the expected payment";
  return { kind: "scan", why: `${lack} Add ${remedy}, in each alternative of an or.` };
}

/** A rule's conditions as the engine's tree, Side A being the transactions. */
function toRuleGroup({ conditions }: PaymentRuleDefinition): RuleGroup {
  const rules = conditions.blocks.map((block): RuleGroup => {
    return { operand: block.operator, rules: block.conditions.map(toCondition) };
  });
  // Without a block nothing is demanded, whichever way the blocks are joined.
  return { operand: rules.length === 0 ? "and" : conditions.operator, rules };
}

/** Each operator read from Side A's field to Side B's, where the condition's own field is Side A's, and where Side B's. */
const OPERANDS: Record<PaymentOperator, Record<Place, Operand>> = {
  equals: { key: "eq", value: "eq" },
  contains: { key: "contains", value: "is_contained" },
  less_than_or_equals: { key: "lte", value: "gte" },
  greater_than_or_equals: { key: "gte", value: "lte" },
};

const ITEM_FIELDS: Record<string, string> = {
  currency: "currency",
  direction: "direction",
  as_of_date: "date",
  vendor_description: "description",
};

function toCondition(condition: PaymentCondition): Condition {
  const field = getField(condition.field);
  const place = placeOf(field);
  const operand = OPERANDS[condition.operator][place];
  if ("value" in condition) return { operand, [place]: itemFieldOf(field), constant: condition.value };
  const other = getField(condition.value_field);
  return { operand, [place]: itemFieldOf(field), [placeOf(other)]: itemFieldOf(other) };
}

function getField(name: string): PaymentField {
  const field = findPaymentField(name);
  if (!field) throw new Error(`unknown field ${name}`);
  return field;
}

function placeOf({ side }: PaymentField): Place {
  return side === "transaction" ? "key" : "value";
}

function itemFieldOf({ path }: PaymentField): string {
  return ITEM_FIELDS[path] ?? `metadata.${path}`;
}

/**
 * The rule holds for a transaction and an expected payment of the same direction when its tree holds with one of the
 * payment's alternatives.
 */
function compileForAlternatives(group: RuleGroup): CompiledRule {
  const base = compileRule(group);
  const plan = overAlternatives(planOf(group));
  const findHeld = (a: Item, b: Item) => listPairs(a, b).find(([left, right]) => base.evaluate(left, right).holds);
  const evaluate = (a: Item, b: Item): Verdict => {
    return a.sign === b.sign && findHeld(a, b) ? { holds: true, comparesAmount: false } : NO_MATCH;
  };
  const shownPair = (a: Item, b: Item) => findHeld(a, b) ?? (listPairs(a, b)[0] as [Item, Item]);
  return {
    conditions: base.conditions,
    branches: base.branches,
    plan,
    groupPlan: plan,
    evaluate,
    evaluateSets(a, b) {
      const holds = a.every((left) => b.every((right) => evaluate(left, right).holds));
      return holds ? { holds, comparesAmount: false } : NO_MATCH;
    },
    amountsMayFit: (a, b) => a.currency === b.currency && a.sign === b.sign,
    explain: (a, b) => base.explain(...shownPair(a, b)).map(withoutSentinels),
    explainSets(a, b) {
      const [first] = a;
      if (!first) throw new Error("a match has a record on each side");
      const payments = b.map((item) => shownPair(first, item)[1]);
      return base.explainSets(a.flatMap(listVariants), payments).map(withoutSentinels);
    },
  };
}

function listPairs(a: Item, b: Item): [Item, Item][] {
  return listVariants(a).flatMap((left) => listVariants(b).map((right): [Item, Item] => [left, right]));
}

const variants = new WeakMap<Item, readonly Item[]>();

/** The item once for each of its alternatives, whose fields stand where a record has its metadata. */
function listVariants(item: Item): readonly Item[] {
  const known = variants.get(item);
  if (known) return known;
  if (!item.payment) throw new Error(`record ${item.uid} is neither a transaction nor an expected payment`);
  const made = item.payment.alternatives.map((fields): Item => ({ ...item, metadata: fields }));
  variants.set(item, made);
  return made;
}

function withoutSentinels({ a, b, passed }: ConditionOutcome): ConditionOutcome {
  const isBound = b !== NO_LOWER_BOUND && b !== NO_UPPER_BOUND;
  return { a, b: isBound ? b : null, passed };
}

/** What every item of one account shares tells none of them apart. */
function planOf(group: RuleGroup): Plan {
  return computePlan(compileTree(withoutAccount(group) as RuleGroup), "pairs");
}

function withoutAccount(node: RuleNode): RuleNode {
  if (isGroup(node)) return { ...node, rules: node.rules.map(withoutAccount) };
  const isOfAccount = node.key === "metadata.internal_account_id" && node.value === node.key;
  return isOfAccount ? { operand: "and", rules: [] } : node;
}

function overAlternatives(plan: Plan): Plan {
  const union = (listKeys: PlanBranch["storedKeys"]) => (item: Item) => [
    ...new Set(listVariants(item).flatMap((variant) => listKeys(variant))),
  ];
  return {
    ...plan,
    branches: plan.branches.map(({ storedKeys, lookupKeys }) => {
      return { storedKeys: union(storedKeys), lookupKeys: union(lookupKeys), amountWindow: () => null };
    }),
  };
}
