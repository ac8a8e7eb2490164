import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { DRY_RUN_MAX_PROBLEMS, DRY_RUN_MAX_ROWS, IMPORT_MAX_PROBLEMS, REQUEST_MAX_BYTES } from "../../src/config.ts";
import { first, openDb } from "../../src/db/client.ts";
import { importEndpoints } from "../../src/http/v1/imports.ts";
import { workOffImport } from "../../src/services/work-off-import.ts";
import { Api, type Reply } from "../support/api.ts";
import { newBankAccount } from "../support/bank-account.ts";
import {
  countsOf,
  importFile,
  importsOf,
  MAPPING,
  MAPPING_WITH_ID,
  newCsv,
  newForm,
  problemsOf,
  readImport,
  sendFile,
  tryFile,
  workOffImports,
} from "../support/imports.ts";
import { muteJobs, quietDependencies, unmuteJobs } from "../support/jobs.ts";
import { bindings, must, newScene, SAME_REFERENCE_AND_AMOUNT } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

afterEach(unmuteJobs);

const FILE = "Day,Sum,Text\n2026-01-15,250.00,Rent\n2026-01-16,-5.50,Coffee\n";
const STRANGER = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const post = (api: Api, key: string, form: FormData, query = "") => api.send("POST", `${importsOf(key)}${query}`, form);
const refusalsOf = ({ body }: Reply): string[] =>
  body.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`);

async function listRecords(api: Api, query: string): Promise<Reply["body"][]> {
  return (await must(api.get(`/v1/records?limit=200&${query}`), 200)).body.data.reverse();
}

async function countRows(tenant: Tenant): Promise<Record<string, number> | undefined> {
  const id = tenant.environmentId;
  return first(
    openDb(bindings.DB),
    sql`select (select count(*) from records where environment_id = ${id}) as records,
      (select count(*) from data_sources where environment_id = ${id}) as sources,
      (select count(*) from imports where environment_id = ${id}) as imports,
      (select count(*) from import_chunks) as chunks`,
  );
}

describe("an import", () => {
  it("is accepted at once, makes its data source, and its rows become records", async () => {
    const { writer, reader } = await newTenant();
    const made = await must(post(writer, "bank", newForm(FILE)), 202);
    expect(made.headers.get("location")).toBe(`/v1/imports/${made.body.id}`);
    expect(made.body).toMatchObject({ type_key: "bank", filename: "january.csv", encoding: "utf-8", delimiter: "," });
    const done = await importFile(writer, "bank2", FILE);
    expect(done).toEqual({
      id: expect.any(String),
      type_key: "bank2",
      filename: "january.csv",
      status: "completed",
      encoding: "utf-8",
      delimiter: ",",
      progress: { done: FILE.length, total: FILE.length },
      row_count: 2,
      created: 2,
      skipped: 0,
      failed: 0,
      total_credits: 250,
      total_debits: 5.5,
      net_amount: 244.5,
      totals_by_currency: [{ currency: "USD", total_credits: 250, total_debits: 5.5, net_amount: 244.5 }],
      date_from: "2026-01-15",
      date_to: "2026-01-16",
      problems: [],
      created_at: expect.any(String),
      completed_at: expect.any(String),
    });
    const source = await must(reader.get("/v1/data_sources/bank2"), 200);
    expect(source.body).toMatchObject({ name: "bank2", type: "csv", record_count: 2 });
    expect(await listRecords(reader, `import_id=${done.id}`)).toMatchObject([
      { date: "2026-01-15", amount: 250, direction: "credit", currency: "USD", description: "Rent", external_id: null },
      { date: "2026-01-16", amount: 5.5, direction: "debit", description: "Coffee", status: "unreconciled" },
    ]);
  });

  it("says how far it has come", async () => {
    muteJobs();
    const { writer } = await newTenant();
    const { id } = await sendFile(writer, "bank", newCsv(1_500), MAPPING_WITH_ID);
    expect(await readImport(writer, id)).toMatchObject({ status: "pending", row_count: 0, progress: { done: 16 } });
    const seen: Reply["body"][] = [];
    await workOffImports(id, {
      db: openDb(bindings.DB),
      now: () => Date.now(),
      sendDeliveries: () => undefined,
      poke: async () => void seen.push(await readImport(writer, id)),
    });
    const size = newCsv(1_500).length;
    expect(seen.map(({ status, row_count }) => [status, row_count])).toEqual([
      ["processing", 1_000],
      ["completed", 1_500],
    ]);
    expect(seen[0].progress.done).toBeGreaterThan(size / 2);
    expect(seen.map(({ progress }) => progress.total)).toEqual([size, size]);
    expect(seen[1].progress.done).toBe(size);
  });

  it("goes into a data source of the type api too, under its definitions", async () => {
    const { writer } = await newTenant();
    await must(writer.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
    const definition = { type_key: "books", key: "ref", name: "Ref", type: "number", optional: false };
    await must(writer.post("/v1/property_definitions", definition), 201);
    const mapping = { columns: { ...MAPPING.columns, Ref: "metadata.ref" } };
    const rows = ["2026-01-15,1,a,7", "2026-01-15,1,b,x", "2026-01-15,1,c,"];
    const done = await importFile(writer, "books", `Day,Sum,Text,Ref\n${rows.join("\n")}`, mapping);
    expect(countsOf(done)).toEqual([3, 1, 0, 2]);
    expect(problemsOf(done)).toEqual(["3 Ref invalid_type", "4 Ref required"]);
    expect((await must(writer.get("/v1/data_sources/books"), 200)).body).toMatchObject({
      type: "api",
      record_count: 1,
    });
    expect(await listRecords(writer, "type_key=books")).toMatchObject([{ metadata: { ref: 7 } }]);
  });

  it("has its records matched", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE_AND_AMOUNT });
    const mapping = { columns: { ...MAPPING.columns, Ref: "metadata.ref" } };
    const file = "Day,Sum,Text,Ref\n2026-01-15,5,a,x\n2026-01-15,6,b,y\n";
    await importFile(scene.api, "left", file, mapping);
    const done = await importFile(scene.api, "right", file, mapping);
    expect(await scene.matches()).toHaveLength(2);
    expect((await listRecords(scene.api, `import_id=${done.id}`)).map(({ status }) => status)).toEqual([
      "reconciled",
      "reconciled",
    ]);
  });

  it("is told of by an event, while somebody listens", async () => {
    muteQueue();
    const tenant = await newTenant();
    await importFile(tenant.writer, "bank", FILE);
    const events = async () => (await must(tenant.admin.get("/v1/events"), 200)).body.data;
    expect(await events()).toEqual([]);
    await newEndpoint(tenant.environmentId, { eventTypes: ["import.completed"] });
    const done = await importFile(tenant.writer, "bank", FILE);
    expect(await events()).toMatchObject([{ event_type: "import.completed", data: done }]);
    const deliveries = (await must(tenant.admin.get("/v1/webhook_deliveries"), 200)).body.data;
    expect(deliveries).toHaveLength(1);
  });

  it("fails if its data source is deleted meanwhile", async () => {
    muteJobs();
    const { writer } = await newTenant();
    const { id } = await sendFile(writer, "bank", FILE);
    await must(writer.delete("/v1/data_sources/bank"), 204);
    await workOffImports(id);
    const failed = await readImport(writer, id);
    expect(failed).toMatchObject({ status: "failed", row_count: 0, completed_at: expect.any(String) });
    expect(problemsOf(failed)).toEqual(["2 null data_source_deleted"]);
    expect(await listRecords(writer, "")).toEqual([]);
  });
});

describe("a file", () => {
  const text = 'Tag;Betrag;Text\r\n15.01.2026;1.250,50;Müller & Söhne – 5 €\r\n16.01.2026;-3;"a;b\r\n""c"""\r\n';
  const mapping = {
    columns: { Tag: "date", Betrag: "amount", Text: "description" },
    date_format: "DD.MM.YYYY",
    decimal_mark: ",",
    currency: "eur",
  };
  const units = Array.from(`\ufeff${text}`, (character) => character.charCodeAt(0));
  const utf16 = Uint8Array.from(units.flatMap((unit) => [unit & 0xff, unit >> 8]));
  const page = new TextDecoder("windows-1252").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));

  it.each<[string, Uint8Array]>([
    ["utf-8", new TextEncoder().encode(`\ufeff${text}`)],
    ["utf-16le", utf16],
    ["windows-1252", Uint8Array.from(text, (character) => page.indexOf(character))],
  ])("may be in %s", async (encoding, bytes) => {
    const { writer } = await newTenant();
    const done = await importFile(writer, "bank", bytes, mapping);
    expect(done).toMatchObject({ encoding, delimiter: ";", row_count: 2, failed: 0, net_amount: 1247.5 });
    expect(await listRecords(writer, `import_id=${done.id}`)).toMatchObject([
      { date: "2026-01-15", amount: 1250.5, currency: "EUR", description: "Müller & Söhne – 5 €" },
      { date: "2026-01-16", amount: 3, direction: "debit", description: 'a;b\r\n"c"' },
    ]);
  });

  it.each([",", ";", "\t", "|"])("may be delimited by %j", async (delimiter) => {
    const { writer } = await newTenant();
    const done = await importFile(writer, "bank", FILE.replaceAll(",", delimiter));
    expect([done.delimiter, ...countsOf(done)]).toEqual([delimiter, 2, 2, 0, 0]);
  });

  it("may have two amount columns", async () => {
    const { writer } = await newTenant();
    const columns = { Day: "date", Out: "debit", In: "credit" };
    const done = await importFile(writer, "bank", "Day,Out,In\n2026-01-15,5,\n2026-01-16,0.00,7\n", { columns });
    expect(done).toMatchObject({ created: 2, total_credits: 7, total_debits: 5, net_amount: 2 });
  });

  it("may be in several currencies, which have no common sum", async () => {
    const { writer } = await newTenant();
    const columns = { Day: "date", Sum: "amount", Money: "currency" };
    const done = await importFile(writer, "bank", "Day,Sum,Money\n2026-01-15,5,usd\n2026-01-16,7,JPY\n", { columns });
    expect(done).toMatchObject({ created: 2, total_credits: null, total_debits: null, net_amount: null });
    expect(done.totals_by_currency.map(({ currency }: { currency: string }) => currency)).toEqual(["JPY", "USD"]);
  });

  it("may have no rows, and blank ones, which are none", async () => {
    const { writer } = await newTenant();
    expect(countsOf(await importFile(writer, "bank", "Day,Sum,Text"))).toEqual([0, 0, 0, 0]);
    expect(countsOf(await importFile(writer, "bank", `${FILE}\n,,\n\n`))).toEqual([2, 2, 0, 0]);
  });

  it("keeps its good rows where others are wrong, each with its line", async () => {
    const { writer } = await newTenant();
    const rows = [
      '2026-01-15,1,"two\nlines"',
      "15.01.2026,1,a",
      "2026-01-15,1.234,b",
      '2026-01-15,x,"c',
      'd"',
      '2026-01-15,1,e"f',
      "2026-01-15,1",
      "2026-01-15,1,g",
    ];
    const done = await importFile(writer, "bank", `Day,Sum,Text\n${rows.join("\n")}`);
    expect(countsOf(done)).toEqual([7, 2, 0, 5]);
    expect(problemsOf(done)).toEqual([
      "4 Day invalid_date",
      "5 Sum too_many_decimals",
      "6 Sum not_a_number",
      "8 null misplaced_quote",
      "9 null cell_count",
    ]);
    expect(done.problems[0].message).toBe("Must be a date of the calendar, written YYYY-MM-DD.");
    expect((await listRecords(writer, `import_id=${done.id}`)).map(({ description }) => description)).toEqual([
      "two\nlines",
      "g",
    ]);
  });

  it("may begin with blank lines and with the line that Excel writes, and its lines are counted", async () => {
    const { writer } = await newTenant();
    const file = "\r\nsep=;\r\n\r\nDay;Sum;Text;;\r\n2026-01-15;1;a;;;\r\nx;1;b;;\r\n";
    const done = await importFile(writer, "bank", file);
    expect([done.delimiter, ...countsOf(done)]).toEqual([";", 2, 1, 0, 1]);
    expect(problemsOf(done)).toEqual(["6 Day invalid_date"]);
    expect(done.progress).toEqual({ done: file.length, total: file.length });
    const tried = await tryFile(writer, "bank", file.replace("Day;Sum;Text;;", "Day;Sum;Text;;x"));
    expect(problemsOf(tried)).toEqual(["4  unnamed_column", "6 Day invalid_date"]);
  });

  it("shows its first problems only", async () => {
    const { writer } = await newTenant();
    const done = await importFile(writer, "bank", `Day,Sum,,Text\n${"x,1,,a\n".repeat(1_200)}`);
    expect(countsOf(done)).toEqual([1_200, 0, 0, 1_200]);
    expect(done.problems).toHaveLength(IMPORT_MAX_PROBLEMS);
    expect(problemsOf(done).slice(0, 2)).toEqual(["1  unnamed_column", "2 Day invalid_date"]);
  });
});

describe("the same file again", () => {
  it("adds nothing, whatever its rows are known by", async () => {
    const { writer } = await newTenant();
    for (const mapping of [MAPPING, MAPPING_WITH_ID]) {
      const key = mapping === MAPPING ? "contents" : "ids";
      const file = newCsv(1_200);
      const done = await importFile(writer, key, file, mapping);
      expect(countsOf(done)).toEqual([1_200, 1_200, 0, 0]);
      const source = (await must(writer.get(`/v1/data_sources/${key}`), 200)).body;
      const again = await importFile(writer, key, file, mapping);
      expect(countsOf(again)).toEqual([1_200, 0, 1_200, 0]);
      expect(again.net_amount).toBe(done.net_amount);
      expect((await must(writer.get(`/v1/data_sources/${key}`), 200)).body).toEqual(source);
      expect(await listRecords(writer, `import_id=${again.id}`)).toEqual([]);
    }
  });

  it("adds nothing after a property definition was added, or while one is", async () => {
    muteJobs();
    const { writer } = await newTenant();
    const mapping = { columns: { ...MAPPING.columns, No: "metadata.no" } };
    const rows = Array.from({ length: 1_200 }, (_, n) => `2026-01-15,5,Coffee,${n % 600}\n`);
    const file = `Day,Sum,Text,No\n${rows.join("")}`;
    const send = async () => (await sendFile(writer, "bank", file, mapping)).id;
    const first = await send();
    await workOffImport(quietDependencies(), first);
    const definition = { type_key: "bank", key: "no", name: "No", type: "number" };
    await must(writer.post("/v1/property_definitions", definition), 201);
    await workOffImports(first);
    expect(countsOf(await readImport(writer, first))).toEqual([1_200, 1_200, 0, 0]);
    const again = await send();
    await workOffImports(again);
    expect(countsOf(await readImport(writer, again))).toEqual([1_200, 0, 1_200, 0]);
  });

  it("is another file with another mapping", async () => {
    const { writer } = await newTenant();
    expect(countsOf(await importFile(writer, "bank", FILE))).toEqual([2, 2, 0, 0]);
    const { Text: _, ...columns } = MAPPING.columns;
    expect(countsOf(await importFile(writer, "bank", FILE, { columns }))).toEqual([2, 2, 0, 0]);
  });

  it("adds what is new in it", async () => {
    const { writer } = await newTenant();
    const row = "2026-01-15,5,Coffee\n";
    const twice = await importFile(writer, "bank", `Day,Sum,Text\n${row}${row}`);
    expect(countsOf(twice)).toEqual([2, 2, 0, 0]);
    const thrice = await importFile(writer, "bank", `Day,Sum,Text\n${row}2026-01-16,5,Coffee\n${row}${row}`);
    expect(countsOf(thrice)).toEqual([4, 2, 2, 0]);
    const other = "Text|Sum|Day\nCoffee|5,00|15.01.2026\n";
    const written = { ...MAPPING, date_format: "DD.MM.YYYY", decimal_mark: "," };
    expect(countsOf(await importFile(writer, "bank", other, written))).toEqual([1, 0, 1, 0]);
    expect(countsOf(await importFile(writer, "elsewhere", other, written))).toEqual([1, 1, 0, 0]);
  });

  it("names each row whose external_id is something else's, and loses no other word about it", async () => {
    const { writer } = await newTenant();
    const columns = { Day: "date", Sum: "amount", Id: "external_id", Cur: "currency" };
    const send = (...rows: string[]) => importFile(writer, "bank", `Day,Sum,Cur,Id\n${rows.join("\n")}`, { columns });
    const done = await send(
      "2026-01-01,1.00,USD,A",
      "2026-01-01,300.00,USD,A",
      "never,1,USD,A",
      "2026-01-01,1,USD,A",
      "2026-01-02,-1.00,EUR,A",
      "2026-01-01,2.00,USD,B",
    );
    expect(countsOf(done)).toEqual([6, 2, 3, 1]);
    const [a, b] = await listRecords(writer, `import_id=${done.id}`);
    const other = (line: number, record: Reply["body"], fields: string[]) => {
      return expect.objectContaining({ line, column: "Id", code: "differs_from_record", record_id: record.id, fields });
    };
    expect(done.problems).toEqual([
      other(3, a, ["amount"]),
      expect.objectContaining({ line: 4, column: "Day", code: "invalid_date" }),
      other(6, a, ["currency", "direction", "date"]),
    ]);
    expect(done.problems[2].message).toBe(
      "Was skipped, though the record that has this external_id differs in currency, direction and date.",
    );
    expect(done.totals_by_currency).toMatchObject([{ currency: "EUR" }, { currency: "USD", total_credits: 304 }]);

    const later = await send("2026-01-01,99.00,USD,B", "2026-01-01,2,USD,B", "2026-01-01,1,USD,A");
    expect(countsOf(later)).toEqual([3, 0, 3, 0]);
    expect(later.problems).toEqual([other(2, b, ["amount"])]);
    await must(writer.patch(`/v1/records/${b.id}`, { date: "2026-01-05" }), 200);
    expect((await send("2026-01-01,2,USD,B")).problems).toEqual([other(2, b, ["date"])]);
  });

  it("brings deleted records back, and leaves changed ones alone", async () => {
    const { writer } = await newTenant();
    const { id } = await importFile(writer, "bank", FILE);
    const [rent, coffee] = await listRecords(writer, `import_id=${id}`);
    await must(writer.delete(`/v1/records/${rent.id}`), 204);
    await must(writer.patch(`/v1/records/${coffee.id}`, { amount: 7 }), 200);
    expect(countsOf(await importFile(writer, "bank", FILE))).toEqual([2, 1, 1, 0]);
  });

  it("knows records by external_id that came in otherwise, and one of its own rows", async () => {
    const { writer } = await newTenant();
    await must(writer.post("/v1/data_sources", { key: "bank", name: "Bank" }), 201);
    const record = { type_key: "bank", date: "2026-01-01", amount: 1, direction: "credit", external_id: "row-1" };
    await must(writer.post("/v1/records", record), 201);
    const file = newCsv(4, (n) => (n === 3 ? { id: "row-0" } : {}));
    const done = await importFile(writer, "bank", file, MAPPING_WITH_ID);
    expect(countsOf(done)).toEqual([4, 2, 2, 0]);
    expect(problemsOf(done)).toEqual(["3 Id differs_from_record", "5 Id differs_from_record"]);
    const records = await listRecords(writer, "type_key=bank");
    expect(records.map(({ external_id, amount }) => [external_id, amount])).toEqual([
      ["row-1", 1],
      ["row-0", 1.25],
      ["row-2", 3.25],
    ]);
  });
});

describe("a dry run", () => {
  it("says how the file would be read, and writes nothing", async () => {
    const tenant = await newTenant();
    const before = await countRows(tenant);
    const file = `Day,Sum,Text,,Day \n${"2026-01-15,5,a,,\n".repeat(25)}x,1,b,,\n2026-01-16,-7,c,,\n`;
    const mapping = { columns: { Sum: "amount", Text: "date" } };
    const tried = await tryFile(tenant.writer, "bank", file, mapping);
    expect(tried).toMatchObject({ row_count: 27, failed: 27 });
    const good = await tryFile(tenant.writer, "bank", file.replace(",,Day ", ",,x"), MAPPING);
    expect(good).toMatchObject({
      type_key: "bank",
      filename: "january.csv",
      encoding: "utf-8",
      delimiter: ",",
      columns: ["Day", "Sum", "Text", "", "x"],
      row_count: 27,
      failed: 1,
      total_credits: 125,
      total_debits: 7,
      net_amount: 118,
      date_from: "2026-01-15",
      date_to: "2026-01-16",
      is_complete: true,
    });
    expect(good.rows).toHaveLength(20);
    expect(good.rows[1]).toEqual({
      line: 3,
      record: {
        date: "2026-01-15",
        amount: 5,
        currency: "USD",
        direction: "credit",
        description: "a",
        external_id: null,
        expected_by: null,
        metadata: {},
      },
    });
    expect(problemsOf(good)).toEqual(["1  unnamed_column", "27 Day invalid_date"]);
    expect(await countRows(tenant)).toEqual(before);
  });

  it("shows a wrong row as none, and knows the definitions", async () => {
    const { writer } = await newTenant();
    await must(writer.post("/v1/data_sources", { key: "books", name: "Books" }), 201);
    const definition = { type_key: "books", key: "ref", name: "Ref", type: "boolean", optional: false };
    await must(writer.post("/v1/property_definitions", definition), 201);
    const mapping = { columns: { ...MAPPING.columns, Ref: "metadata.ref" } };
    const tried = await tryFile(writer, "books", "Day,Sum,Text,Ref\n2026-01-15,1,a,true\n2026-01-15,1,b,7\n", mapping);
    expect(tried.rows).toMatchObject([
      { line: 2, record: { metadata: { ref: true } } },
      { line: 3, record: null },
    ]);
    expect(problemsOf(tried)).toEqual(["3 Ref invalid_type"]);
  });

  it("reads the same whichever part comes first, of a file of several megabytes", async () => {
    const { writer } = await newTenant();
    const file = `${newCsv(40_000, (n) => ({ text: `Invoice ${n}\n${"é".repeat(n % 90)}` }))}row-x,never,1,a\n`;
    const mappingFirst = new FormData();
    mappingFirst.append("mapping", new File([JSON.stringify(MAPPING_WITH_ID)], "mapping.json"));
    mappingFirst.append("file", new File([file], "january.csv"));
    const left = await must(post(writer, "bank", mappingFirst, "?dry_run=true"), 200);
    expect(left.body).toEqual(await tryFile(writer, "bank", file, MAPPING_WITH_ID));
    expect(left.body).toMatchObject({ row_count: 40_001, failed: 1, is_complete: true });
    expect(problemsOf(left.body)).toEqual(["80002 Day invalid_date"]);
  });

  it("lists so many problems, and counts all rows", async () => {
    const { writer } = await newTenant();
    const wrong = "x,1,a\n".repeat(DRY_RUN_MAX_PROBLEMS + 1);
    const tried = await tryFile(writer, "bank", `Day,Sum,Text\n${wrong}2026-01-15,5,a\n${wrong}`);
    expect(tried.problems).toHaveLength(DRY_RUN_MAX_PROBLEMS);
    const failed = 2 * (DRY_RUN_MAX_PROBLEMS + 1);
    expect(tried).toMatchObject({ row_count: failed + 1, failed, total_credits: 5, is_complete: true });
  });

  it("ends after so many rows, and says so", { timeout: 120_000 }, async () => {
    const { writer } = await newTenant();
    for (const rows of [DRY_RUN_MAX_ROWS, DRY_RUN_MAX_ROWS + 1]) {
      const tried = await tryFile(writer, "bank", `Day,Sum,Text\n${"x,1,a\n".repeat(rows)}`);
      expect(tried.problems).toHaveLength(DRY_RUN_MAX_PROBLEMS);
      expect([tried.row_count, tried.failed]).toEqual([DRY_RUN_MAX_ROWS, DRY_RUN_MAX_ROWS]);
      expect(tried.is_complete).toBe(rows === DRY_RUN_MAX_ROWS);
    }
  });
});

describe("an upload", () => {
  it("may have its parts in any order", async () => {
    const { writer } = await newTenant();
    const form = new FormData();
    form.append("mapping", JSON.stringify(MAPPING));
    form.append("file", FILE);
    const made = await must(post(writer, "bank", form), 202);
    expect(made.body.filename).toBeNull();
  });

  it("keeps the file's name, whatever it is written in", async () => {
    const { writer } = await newTenant();
    const made = await must(post(writer, "bank", newForm(FILE, MAPPING, "Kontoauszug – 支払い.csv")), 202);
    expect(made.body.filename).toBe("Kontoauszug – 支払い.csv");
  });

  const errors: [string, FormData, string[]][] = [
    ["nothing", withParts({}), ["/file required", "/mapping required"]],
    ["no mapping", withParts({ file: FILE }), ["/mapping required"]],
    ["no file", withParts({ mapping: JSON.stringify(MAPPING) }), ["/file required"]],
    ["another part", withParts({ mapping: JSON.stringify(MAPPING), file: FILE, "a/b": "x" }), ["/a~1b unknown_field"]],
    ["no JSON", withParts({ file: FILE, mapping: "Day" }), ["/mapping unreadable_json"]],
    ["an empty file", newForm(""), ["/file empty_file"]],
    ["no CSV", newForm('"Day,Sum\n1'), ["/file invalid_header"]],
    [
      "a column that is not there",
      newForm(FILE, { columns: { ...MAPPING.columns, "a/b": "external_id" } }),
      ["/mapping/columns/a~1b unknown_column"],
    ],
    ["a column that is there twice", newForm(`${FILE.slice(0, 12)},Day\n`), ["/mapping/columns/Day ambiguous_column"]],
    [
      "a target that there is not",
      newForm(FILE, { columns: { Day: "when", Sum: "amount" } }),
      ["/mapping/columns/Day unknown_target"],
    ],
    [
      "missing targets",
      newForm(FILE, { columns: { Text: "description" } }),
      ["/mapping/columns required", "/mapping/columns required"],
    ],
    ["too large a mapping", newForm(FILE, { columns: MAPPING.columns, x: "x".repeat(70_000) }), ["/mapping too_large"]],
    [
      "all kinds of wrong things",
      withParts({ x: "1", mapping: '{"columns":{"Day":"date"}}', y: "2" }),
      ["/x unknown_field", "/mapping/columns required", "/y unknown_field", "/file required"],
    ],
  ];

  it.each(errors)("cannot have %s, and leaves nothing behind", async (_, form, refused) => {
    const tenant = await newTenant();
    const before = await countRows(tenant);
    for (const query of ["", "?dry_run=true"]) {
      const reply = await must(post(tenant.writer, "bank", form, query), 422);
      expect(refusalsOf(reply)).toEqual(refused);
    }
    expect(await countRows(tenant)).toEqual(before);
  });

  it("cannot have a part twice", async () => {
    const { writer } = await newTenant();
    const form = newForm(FILE);
    form.append("file", new File([FILE], "february.csv"));
    form.append("mapping", JSON.stringify(MAPPING));
    expect(refusalsOf(await must(post(writer, "bank", form), 422))).toEqual(["/file repeated", "/mapping repeated"]);
  });

  it("cannot be larger than 25 MB, nor leaves what came of it", async () => {
    const tenant = await newTenant();
    const before = await countRows(tenant);
    const large = `Day,Sum,Text\n${"2026-01-15,1,x\n".repeat(REQUEST_MAX_BYTES / 15)}`;
    expect((await post(tenant.writer, "bank", newForm(large))).status).toBe(413);
    const { body, headers } = new Response(newForm(large));
    const undeclared = (body as ReadableStream).pipeThrough(new TransformStream());
    const type = { "Content-Type": headers.get("content-type") as string };
    expect((await tenant.writer.send("POST", importsOf("bank"), undeclared, type)).status).toBe(413);
    expect(await countRows(tenant)).toEqual(before);
  });

  it("cannot be packed", async () => {
    const tenant = await newTenant();
    const before = await countRows(tenant);
    const { body, headers } = new Response(newForm(FILE));
    const packed = await new Response((body as ReadableStream).pipeThrough(new CompressionStream("gzip"))).bytes();
    const type = { "Content-Type": headers.get("content-type") as string, "Content-Encoding": "gzip" };
    for (const query of ["", "?dry_run=true"]) {
      for (const key of [{}, { "Idempotency-Key": "packed" }] as Record<string, string>[]) {
        const sent = await tenant.writer.send("POST", `${importsOf("bank")}${query}`, packed, { ...type, ...key });
        expect([sent.status, sent.body.code]).toEqual([415, "unsupported_encoding"]);
        expect(sent.body.detail).toBe("Send the body without a Content-Encoding, as it is.");
      }
    }
    expect(await countRows(tenant)).toEqual(before);
  });

  it.each<[string, BodyInit | undefined, Record<string, string>, number, string]>([
    ["JSON", "{}", { "Content-Type": "application/json" }, 415, "Send the body as multipart/form-data."],
    ["nothing at all", undefined, {}, 415, "Send the body as multipart/form-data."],
    ["no boundary", "--x", { "Content-Type": "multipart/form-data" }, 400, "The body is not a readable form."],
    [
      "half a form",
      '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nDay',
      { "Content-Type": "multipart/form-data; boundary=x" },
      400,
      "The body is not a readable form.",
    ],
  ])("cannot be %s", async (_, body, headers, status, detail) => {
    const tenant = await newTenant();
    const before = await countRows(tenant);
    const reply = await tenant.writer.send("POST", importsOf("bank"), body, headers);
    expect([reply.status, reply.body.detail]).toEqual([status, detail]);
    expect(await countRows(tenant)).toEqual(before);
  });

  it("cannot go where no file goes", async () => {
    const scene = await newBankAccount();
    const { data } = (await must(scene.tenant.admin.get("/v1/data_sources"), 200)).body;
    const account = data.find(({ type }: { type: string }) => type === "internal_account");
    for (const query of ["", "?dry_run=true"]) {
      await must(post(scene.tenant.admin, account.key, newForm(FILE), query), 409);
      await must(post(scene.tenant.admin, "Not a key", newForm(FILE), query), 404);
      await must(post(scene.tenant.admin, "expected_payments~x", newForm(FILE), query), 404);
    }
    expect(refusalsOf(await must(post(scene.tenant.admin, "bank", newForm(FILE), "?dry_run=yes"), 422))).toEqual([
      "dry_run invalid_value",
    ]);
  });

  it("is carried out once under an Idempotency-Key, whatever its boundary", async () => {
    const { writer } = await newTenant();
    const send = (file: string) => writer.send("POST", importsOf("bank"), newForm(file), { "Idempotency-Key": "k" });
    const made = await must(send(FILE), 202);
    const again = await must(send(FILE), 202);
    expect(again.body).toEqual(made.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(refusalsOf(await must(send(`${FILE}\n`), 422))).toEqual(["Idempotency-Key used_otherwise"]);
    expect((await must(writer.get("/v1/imports"), 200)).body.data).toHaveLength(1);
  });
});

function withParts(parts: Record<string, string>): FormData {
  const form = new FormData();
  for (const [name, content] of Object.entries(parts)) form.append(name, content);
  return form;
}

describe("imports", () => {
  itIsGuarded({
    endpoints: importEndpoints.filter(({ operationId }) => operationId !== "createImport"),
    prepare: async ({ writer }) => {
      muteJobs();
      return { id: (await sendFile(writer, "bank", FILE)).id };
    },
  });

  it("are made with a key that may write only", async () => {
    const { reader } = await newTenant();
    expect((await post(new Api(null), "bank", newForm(FILE))).status).toBe(401);
    expect((await post(new Api("tk_live_nobody-made-this-one"), "bank", newForm(FILE))).status).toBe(401);
    for (const query of ["", "?dry_run=true"]) {
      expect((await post(reader, "bank", newForm(FILE), query)).status).toBe(403);
    }
  });

  it("stay in their environment", async () => {
    const [owner, stranger] = await Promise.all([newTenant(), newTenant()]);
    const { id } = await importFile(owner.writer, "bank", FILE);
    const own = await importFile(stranger.writer, "bank", FILE);
    expect(countsOf(own)).toEqual([2, 2, 0, 0]);
    const { data } = (await must(stranger.reader.get("/v1/imports"), 200)).body;
    expect(data.map((row: { id: string }) => row.id)).toEqual([own.id]);
    const reply = await must(stranger.reader.get(`/v1/records?import_id=${id}`), 422);
    expect(refusalsOf(reply)).toEqual(["import_id unknown"]);
    expect(refusalsOf(await must(owner.reader.get(`/v1/records?import_id=${STRANGER}`), 422))).toHaveLength(1);
  });

  it("are listed, newest first, also of one data source", async () => {
    muteJobs();
    const { writer } = await newTenant();
    const ids: string[] = [];
    for (const key of ["a", "b", "a"]) ids.unshift((await sendFile(writer, key, FILE)).id);
    const list = async (query: string) => (await must(writer.get(`/v1/imports?${query}`), 200)).body;
    const idsOf = ({ data }: Reply["body"]) => data.map(({ id }: { id: string }) => id);
    const page = await list("limit=2");
    expect([idsOf(page), page.has_more]).toEqual([ids.slice(0, 2), true]);
    expect(idsOf(await list(`limit=2&cursor=${page.next_cursor}`))).toEqual(ids.slice(2));
    expect(idsOf(await list("type_key=a"))).toEqual([ids[0], ids[2]]);
    expect(refusalsOf(await must(writer.get("/v1/imports?type_key=c"), 422))).toEqual(["type_key unknown_data_source"]);
  });
});
