import type { Db } from "../../src/db/client.ts";

/** The same database, whose batches fail, as no guard of ours makes them fail, at the statement with this number. */
export function breakingAt(db: Db, place: number): { db: Db; statements: () => number } {
  let statements = 0;
  const d1 = new Proxy(db.d1, {
    get(target, name) {
      if (name !== "batch") {
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (batch: D1PreparedStatement[]) => {
        statements = batch.length;
        return target.batch([...batch.slice(0, place), target.prepare("insert into guard (ok) values (null)")]);
      };
    },
  });
  return { db: { ...db, d1 }, statements: () => statements };
}
