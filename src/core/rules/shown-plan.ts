import type { Cardinality, RuleDefinition } from "../rule-definition.ts";
import { compileFilters } from "./compile.ts";
import { presentPlan } from "./plan.ts";

export type ShownPlan = ReturnType<typeof presentPlan>;

const FIELDS_OF_EVERY_RECORD = ["date", "direction", "currency", "type_key"];

/** How a rule finds candidates, as it is shown: a group rule's members may also be found through `group_by`. */
export function computeShownPlan({ filters, cardinality, group_by }: RuleDefinition): ShownPlan {
  const { plan, groupPlan } = compileFilters(filters).compiled;
  if (cardinality === "one_to_one") return presentPlan(plan);
  return groupPlan.kind === "scan" && group_by !== null ? planByBucket(cardinality, group_by) : presentPlan(groupPlan);
}

function planByBucket(cardinality: Exclude<Cardinality, "one_to_one">, groupBy: readonly string[]): ShownPlan {
  const lacking = groupBy.filter((field) => !FIELDS_OF_EVERY_RECORD.includes(field));
  if (cardinality === "many_to_many" || lacking.length === 0) return { kind: "key" };
  const [many, single] = cardinality === "many_to_one" ? ["A", "B"] : ["B", "A"];
  const compared = `Records of Side ${single} that lack ${lacking.join(" or ")} are compared with every open group of Side ${many}.`;
  const linked = lacking.length === 1 ? lacking[0] : "one of these fields";
  return { kind: "scan", why: `${compared} Add an eq between ${linked} and a field of Side ${single}.` };
}
