import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readRows } from "../../src/core/import/csv-rows.ts";
import { FILE_START } from "../../src/core/import/dialect.ts";
import { readLayout } from "../../src/core/import/file-layout.ts";
import { type Mapping, parseMapping } from "../../src/core/import/mapping.ts";
import { openRowReader, readRow } from "../../src/core/import/read-row.ts";
import { digestContent } from "../../src/core/import/row-content.ts";
import { first } from "../../src/db/client.ts";
import { workOffImport } from "../../src/services/work-off-import.ts";
import { countsOf, readImport, sendFile, tryFile } from "../support/imports.ts";
import { muteJobs, quietDependencies, unmuteJobs } from "../support/jobs.ts";
import { newScene, type Scene } from "../support/scene.ts";

beforeEach(muteJobs);
afterEach(unmuteJobs);

const ROWS = 100_000;
const COLUMNS = { Day: "date", Sum: "amount", Text: "description", Ref: "metadata.ref", Payer: "metadata.payer" };

/** About 100 bytes a row. */
function makeFile(rows: number): string {
  const lines = Array.from({ length: rows }, (_, n) => {
    return `tx-${n},2026-01-${10 + (n % 20)},"${1_000 + n}.25","Invoice ${n}, for ""ACME""",ref-${n % 977},Payer number ${n % 5_003}\n`;
  });
  return `Id,Day,Sum,Text,Ref,Payer\n${lines.join("")}`;
}

/** A Worker's clock stands still between two answers from outside. */
async function clock(scene: Scene): Promise<number> {
  await first(scene.db, sql`select 1`);
  return performance.now();
}

async function timed<T>(scene: Scene, work: () => Promise<T>): Promise<{ ms: number; outcome: T }> {
  const start = await clock(scene);
  const outcome = await work();
  return { ms: Math.round((await clock(scene)) - start), outcome };
}

describe.each([
  ["with external ids", { columns: { ...COLUMNS, Id: "external_id" } }],
  ["by their contents", { columns: COLUMNS }],
])("an import of 100,000 rows %s", (name, mapping) => {
  it("is worked off in bounded slices", { timeout: 3_600_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    const file = makeFile(ROWS);
    const report = (what: string, figures: object) => console.log(`${name}, ${what}: ${JSON.stringify(figures)}`);
    for (const turn of ["first", "again"]) {
      const upload = await timed(scene, () => sendFile(scene.api, "left", file, mapping));
      report(`${turn}, upload`, { bytes: file.length, ms: upload.ms });
      const slices: number[] = [];
      for (let state = "more"; state === "more"; ) {
        const slice = await timed(scene, () => workOffImport(quietDependencies(), upload.outcome.id));
        state = slice.outcome;
        slices.push(slice.ms);
      }
      const total = slices.reduce((sum, ms) => sum + ms, 0);
      const worst = Math.max(...slices);
      report(`${turn}, slices`, {
        slices: slices.length,
        total_ms: total,
        mean_ms: total / slices.length,
        worst_ms: worst,
      });
      const done = await readImport(scene.api, upload.outcome.id);
      expect(countsOf(done)).toEqual(turn === "first" ? [ROWS, ROWS, 0, 0] : [ROWS, 0, ROWS, 0]);
    }
    const dry = await timed(scene, () => tryFile(scene.api, "left", file, mapping));
    report("dry run", { ms: dry.ms, row_count: dry.outcome.row_count });
  });

  it("costs so much work a thousand rows, the database aside", { timeout: 600_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    const parsed = parseMapping(JSON.stringify(mapping)) as { value: Mapping };
    const head = new TextEncoder().encode(makeFile(ROWS / 10));
    const layout = readLayout(head, true, parsed.value);
    if (!layout.ok) throw new Error("the file cannot be read");
    const { columns, columnCount, delimiter } = layout.value;
    const reader = openRowReader({ mapping: parsed.value, columns, columnCount, typeKey: "left", definitions: [] });
    const split = await timed(scene, async () =>
      readRows(head, FILE_START, { delimiter, isLast: true, maxRows: ROWS }),
    );
    const [, ...rows] = split.outcome.rows;
    const read = await timed(scene, async () => rows.map((row) => readRow(reader, row)));
    const digest = await timed(scene, () =>
      Promise.all(read.outcome.map((row) => (row.ok ? digestContent(row.value.content) : ""))),
    );
    expect(digest.outcome.every((text) => text !== "")).toBe(true);
    const perThousand = (ms: number) => (ms * 1_000) / rows.length;
    const figures = [split, read, digest].map(({ ms }) => perThousand(ms));
    console.log(
      `${name}, ms for 1,000 rows: ${JSON.stringify({ csv: figures[0], rows: figures[1], digests: figures[2] })}`,
    );
  });
});
