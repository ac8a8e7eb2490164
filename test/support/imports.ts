import { runDurableObjectAlarm } from "cloudflare:test";
import type { JobDependencies } from "../../src/services/jobs.ts";
import { workOffImport } from "../../src/services/work-off-import.ts";
import type { Api, Reply } from "./api.ts";
import { muteJobs, quietDependencies, runnerOf } from "./jobs.ts";
import { must } from "./scene.ts";

const SLICES_MAX = 1_000;

/** Columns `Day`, `Sum` and `Text`, and `Id` where the file has one. */
export const MAPPING = { columns: { Day: "date", Sum: "amount", Text: "description" } };
export const MAPPING_WITH_ID = { columns: { ...MAPPING.columns, Id: "external_id" } };

export const importsOf = (key: string) => `/v1/data_sources/${key}/imports`;

/** A form of a file and its mapping, in the order in which a browser would send them. */
export function newForm(content: string | Uint8Array, mapping: unknown = MAPPING, filename = "january.csv"): FormData {
  const form = new FormData();
  form.append("file", new File([content], filename, { type: "text/csv" }));
  form.append("mapping", typeof mapping === "string" ? mapping : JSON.stringify(mapping));
  return form;
}

/** Sends a file; answers the import as it was accepted. */
export async function sendFile(
  api: Api,
  key: string,
  content: string | Uint8Array,
  mapping?: unknown,
): Promise<Reply["body"]> {
  return (await must(api.send("POST", importsOf(key), newForm(content, mapping)), 202)).body;
}

export async function tryFile(
  api: Api,
  key: string,
  content: string | Uint8Array,
  mapping?: unknown,
): Promise<Reply["body"]> {
  return (await must(api.send("POST", `${importsOf(key)}?dry_run=true`, newForm(content, mapping)), 200)).body;
}

export async function readImport(api: Api, uid: string): Promise<Reply["body"]> {
  return (await must(api.get(`/v1/imports/${uid}`), 200)).body;
}

/** Slice by slice until nothing is left, without its JobRunner; answers the number of slices. */
export async function workOffImports(uid: string, deps: JobDependencies = quietDependencies()): Promise<number> {
  for (let slices = 1; slices < SLICES_MAX; slices++) {
    if ((await workOffImport(deps, uid)) === "done") return slices;
  }
  throw new Error("the import does not end");
}

/** Sends a file and lets the import's own JobRunner bring it to its end. */
export async function importFile(
  api: Api,
  key: string,
  content: string | Uint8Array,
  mapping?: unknown,
): Promise<Reply["body"]> {
  const { id } = await sendFile(api, key, content, mapping);
  for (let slices = 0; slices < SLICES_MAX; slices++) {
    const body = await readImport(api, id);
    if (body.completed_at !== null) return body;
    // An alarm that is due also fires by itself.
    await runDurableObjectAlarm(runnerOf("import", id));
  }
  throw new Error("the import does not end");
}

/** Rows, created, skipped, failed. */
export function countsOf(body: Reply["body"]): number[] {
  return [body.row_count, body.created, body.skipped, body.failed];
}

/** Line, column and code of each problem. */
export function problemsOf({ problems }: Reply["body"]): string[] {
  return problems.map(
    ({ line, column, code }: { line: number; column: string | null; code: string }) => `${line} ${column} ${code}`,
  );
}

/** A CSV file of the columns `Id` to `Text`, with as many rows as are asked for, each a little different. */
export function newCsv(
  rows: number,
  fields: (n: number) => Partial<Record<"id" | "day" | "sum" | "text", string>> = () => ({}),
) {
  const lines = Array.from({ length: rows }, (_, n) => {
    const row = {
      id: `row-${n}`,
      day: `2026-01-${10 + (n % 20)}`,
      sum: `${n + 1}.25`,
      text: `Invoice ${n}`,
      ...fields(n),
    };
    return `${row.id},${row.day},${row.sum},"${row.text}"\n`;
  });
  return `Id,Day,Sum,Text\n${lines.join("")}`;
}

/** Does all that imports can, without their JobRunners. */
export async function useImports(api: Api): Promise<void> {
  muteJobs();
  const file = newCsv(3, (n) => (n === 0 ? { id: "" } : {}));
  await tryFile(api, "left", file, MAPPING_WITH_ID);
  const { id } = await sendFile(api, "left", file, MAPPING_WITH_ID);
  await workOffImports(id);
  await sendFile(api, "new", file, MAPPING_WITH_ID);
  await must(api.send("POST", importsOf("left"), newForm("")), 422);
  await readImport(api, id);
  await must(api.get("/v1/imports?limit=1"), 200);
  await must(api.get("/v1/imports?type_key=left"), 200);
  await must(api.get(`/v1/records?import_id=${id}`), 200);
}
