import type { IndexKey } from "../../../src/core/matching/item-index.ts";
import { listIndexKeys } from "../../../src/core/matching/keys.ts";
import type { OracleState } from "../../oracle/model.ts";
import { type EngineWorld, toIndexedItem } from "./engine-world.ts";

const [LEAST, MOST] = [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

/** Everything that an index says under the keys that these items have, but for how many matches an item has. */
export function describeIndex({ index, rules }: EngineWorld, items: OracleState): unknown {
  const keys = new Map<string, IndexKey>();
  for (const { record, open } of items) {
    for (const key of listIndexKeys(rules, toIndexedItem(record, open))) keys.set(`${key.plan} ${key.key}`, key);
  }
  const found = [...keys]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, { plan, key }]) =>
      (["a", "b"] as const).map((side) => ({
        name,
        side,
        items: index.listBetween(plan, side, key, LEAST, MOST, MOST).map(({ id }) => id),
        tallies: index.tally(plan, side, key, LEAST, MOST),
      })),
    );
  return { items: index.walk(null, MOST).map((item) => ({ ...item, matches: 0 })), found };
}
