import { type CompiledRule, compileRule } from "./evaluate.ts";
import type { Plan } from "./plan.ts";
import { parseFilters } from "./schema.ts";

/** Compiles the wire form of filters as they were stored. Throws on filters that `parseFilters` refuses. */
export function compileFilters(filters: unknown): { compiled: CompiledRule; plan: Plan } {
  const parsed = parseFilters(filters, "/filters");
  if (!parsed.ok) throw new Error(`stored filters are invalid: ${JSON.stringify(parsed.failure)}`);
  const compiled = compileRule(parsed.value);
  return { compiled, plan: compiled.plan };
}
