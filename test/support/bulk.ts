import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import type { RecordFields } from "../../src/core/record.ts";
import { type Db, first, runBatch } from "../../src/db/client.ts";
import { insertRecords } from "../../src/db/records.ts";
import type { Scene } from "./scene.ts";

const ROWS_PER_BATCH = 1_000;

/** Brings in records, amounts in minor units, in the way of the services but without a word to any Reconciler. */
export async function addSilently(scene: Scene, key: string, rows: Partial<RecordFields>[]): Promise<string[]> {
  const source = await first<{ id: number }>(
    scene.db,
    sql`select id from data_sources where environment_id = ${scene.tenant.environmentId} and key = ${key}`,
  );
  if (!source) throw new Error(`there is no data source ${key}`);
  const complete = rows.map((fields) => ({
    uid: newId(),
    sourceId: source.id,
    isAdjustment: false,
    payment: null,
    fields: {
      date: "2026-03-10",
      amount: 10_000,
      currency: "USD",
      direction: "credit" as const,
      description: null,
      externalId: null,
      metadata: {},
      expectedBy: null,
      ...fields,
    },
  }));
  for (let start = 0; start < complete.length; start += ROWS_PER_BATCH) {
    const page = complete.slice(start, start + ROWS_PER_BATCH);
    await runBatch(scene.db, insertRecords(scene.tenant.environmentId, page, Date.now()));
  }
  return complete.map((row) => row.uid);
}

/** The same database, counting its statements and adding up the rows that they read. */
export function countRowsRead(db: Db): { db: Db; rowsRead: () => number; statements: () => number } {
  let rows = 0;
  let statements = 0;
  const note = <R extends D1Result<unknown>>(result: R) => {
    rows += result.meta.rows_read;
    statements += 1;
    return result;
  };
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) => (await target.batch(statements)).map(note);
      }
      if (name === "prepare") {
        return (text: string) => {
          const statement = target.prepare(text);
          const bind = statement.bind.bind(statement);
          statement.bind = (...values: unknown[]) => {
            const bound = bind(...values);
            const all = bound.all.bind(bound);
            bound.all = (async () => note(await all())) as typeof bound.all;
            return bound;
          };
          return statement;
        };
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { db: { ...db, d1 }, rowsRead: () => rows, statements: () => statements };
}
