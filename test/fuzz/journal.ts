import { bindings } from "../support/scene.ts";
import { listTables } from "./tables.ts";

export interface Write {
  table: string;
  operation: "insert" | "update" | "delete";
  row: number;
  environmentId: number | null;
}

interface JournalRow {
  no: number;
  name: string;
  operation: Write["operation"];
  row: number;
  environment_id: number | null;
}

/** Not part of what a request does: marks of idempotency, and when a key was last used. */
const UNTOLD_TABLES = ["guard", "idempotency_keys"];
const UNTOLD_COLUMNS = ["last_used_at"];

/** Writes down each row that is written, with the transaction that writes it: what is rolled back leaves no trace. */
export class Journal {
  #seen = 0;

  static async open(): Promise<Journal> {
    const { DB } = bindings;
    const tables = (await listTables()).filter(({ name }) => !UNTOLD_TABLES.includes(name));
    await DB.prepare(
      "create table fuzz_journal (no integer primary key, name text, operation text, row integer, environment_id integer)",
    ).run();
    for (const { name, columns } of tables) {
      await DB.batch(triggersOf(name, columns).map((text) => DB.prepare(text)));
    }
    return new Journal();
  }

  /** What has been written since the last look. A row that came and went was not written. */
  async look(): Promise<Write[]> {
    const { results } = await bindings.DB.prepare("select * from fuzz_journal where no > ? order by no")
      .bind(this.#seen)
      .all<JournalRow>();
    this.#seen = results.at(-1)?.no ?? this.#seen;
    const rows = Map.groupBy(results, ({ name, row }) => `${name} ${row}`);
    return [...rows.values()].flatMap((steps) => {
      const [first, last] = [steps[0], steps.at(-1)];
      if (!first || !last || (first.operation === "insert" && last.operation === "delete")) return [];
      const { name, row, environment_id } = last;
      return [{ table: name, operation: first.operation, row, environmentId: environment_id }];
    });
  }
}

function triggersOf(table: string, columns: string[]): string[] {
  const told = columns.filter((name) => !UNTOLD_COLUMNS.includes(name)).map((name) => `"${name}"`);
  const owner = (row: string) => (columns.includes("environment_id") ? `${row}.environment_id` : "null");
  return (["insert", "update", "delete"] as const).map((operation) => {
    const row = operation === "delete" ? "old" : "new";
    const event = operation === "update" ? `update of ${told.join(", ")}` : operation;
    return `create trigger "fuzz_${table}_${operation}" after ${event} on "${table}" begin
      insert into fuzz_journal (name, operation, row, environment_id)
        values ('${table}', '${operation}', ${row}.rowid, ${owner(row)});
    end`;
  });
}
