import { sql } from "drizzle-orm";
import { DATA_SOURCE_KEY_MAX_CHARS } from "../config.ts";
import type { Side } from "../core/matching/item.ts";
import { type FieldError, fail, ok, type Result } from "../core/result.ts";
import { all, jsonList } from "../db/client.ts";
import { EXPECTED_PAYMENTS } from "../db/expected-payments.ts";
import type { ServiceContext } from "./context.ts";

export interface ChosenSource {
  sourceId: number;
  side: Side;
  position: number;
}

/** Finds the data sources that stand for the two sides. Lists every unknown, repeated or doubly used key. */
export async function resolveSides(
  ctx: ServiceContext,
  sides: Record<Side, readonly string[]>,
  /** The side that is blamed for a key that stands on both. */
  blamed: Side = "b",
): Promise<Result<ChosenSource[], FieldError[]>> {
  const keys = [...sides.a, ...sides.b].filter((key) => key.length <= DATA_SOURCE_KEY_MAX_CHARS);
  const rows = await all<{ id: number; key: string }>(
    ctx.db,
    sql`select s.id, s.key from json_each(${jsonList(keys)}) j cross join data_sources s
      on s.environment_id = ${ctx.environmentId} and s.key = j.value and s.deleted_at is null
        and s.type <> ${EXPECTED_PAYMENTS}`,
  );
  const ids = new Map(rows.map((row) => [row.key, row.id]));
  const used = new Set<string>();
  const errors: FieldError[] = [];
  const chosen: ChosenSource[] = [];
  for (const side of blamed === "b" ? (["a", "b"] as const) : (["b", "a"] as const)) {
    sides[side].forEach((key, position) => {
      const path = `/side_${side}/${position}`;
      const sourceId = ids.get(key);
      if (sourceId === undefined) {
        errors.push({ path, code: "unknown_data_source", message: `There is no data source "${key.slice(0, 64)}".` });
      } else if (used.has(key)) {
        errors.push({ path, code: "repeated", message: "A data source stands on one side only, once." });
      } else {
        chosen.push({ sourceId, side, position });
      }
      used.add(key);
    });
  }
  return errors.length === 0 ? ok(chosen) : fail(errors);
}
