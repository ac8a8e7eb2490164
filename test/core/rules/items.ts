import type { Item } from "../../../src/core/matching/item.ts";
import { type CompiledRule, compileRule } from "../../../src/core/rules/evaluate.ts";
import { parseFilters } from "../../../src/core/rules/schema.ts";

/** A USD credit of 100.00 on 2024-01-15, wholly open, save what is given. */
export function item(side: "a" | "b", given: Partial<Item> = {}): Item {
  const amount = given.amount ?? given.open ?? 10_000;
  return {
    id: side === "a" ? 1 : 2,
    uid: `uid-${side}`,
    side,
    sourceId: side === "a" ? 10 : 20,
    typeKey: side === "a" ? "bank" : "orders",
    version: 1,
    date: "2024-01-15",
    amount,
    open: amount,
    matches: 0,
    currency: "USD",
    sign: 1,
    description: null,
    externalId: null,
    metadata: {},
    ...given,
  };
}

export function withMeta(side: "a" | "b", x: unknown): Item {
  return item(side, { metadata: { x } });
}

/** Compiles filters in their wire form. */
export function rule(filters: unknown): CompiledRule {
  const parsed = parseFilters(filters, "/filters");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return compileRule(parsed.value);
}

/** Compiles conditions that must all hold. */
export function all(...rules: unknown[]): CompiledRule {
  return rule({ operand: "and", rules });
}

export function any(...rules: unknown[]): CompiledRule {
  return rule({ operand: "or", rules });
}

/** Whether one condition holds for a pair. */
export function passes(condition: unknown, a: Item = item("a"), b: Item = item("b")): boolean {
  const compiled = all(condition);
  const { holds } = compiled.evaluate(a, b);
  const explained = compiled.explain(a, b)[0]?.passed;
  if (holds !== explained) throw new Error(`evaluate says ${holds}, explain says ${explained}`);
  return holds;
}

/** Pointer and code of every problem that parseFilters finds below `/filters`. */
export function refusals(filters: unknown): [string, string][] {
  const parsed = parseFilters(filters, "/filters");
  return parsed.ok ? [] : parsed.failure.map(({ path, code }) => [path, code]);
}
