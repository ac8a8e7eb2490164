import { describe, expect, it } from "vitest";
import { UNREADABLE } from "../../../src/core/import/file-text.ts";
import { bindColumns, parseMapping } from "../../../src/core/import/mapping.ts";
import { countColumns } from "../../../src/core/import/problem.ts";
import { openRowReader, readRow } from "../../../src/core/import/read-row.ts";
import { contentKeyOf, digestContent } from "../../../src/core/import/row-content.ts";
import type { PropertyDefinition } from "../../../src/core/property.ts";
import type { RecordFields } from "../../../src/core/record.ts";

interface Case {
  header?: string[];
  columns?: Record<string, string>;
  definitions?: PropertyDefinition[];
  [member: string]: unknown;
}

const SIGNED = { Day: "date", Sum: "amount" };
const SIDED = { Day: "date", Out: "debit", In: "credit" };
const ALL = {
  ...SIGNED,
  Way: "direction",
  Money: "currency",
  Text: "description",
  Id: "external_id",
  Due: "expected_by",
  Ref: "metadata.ref",
};

function read(cells: string[], { header, columns = SIGNED, definitions = [], ...others }: Case = {}) {
  const mapping = parseMapping(JSON.stringify({ columns, ...others }));
  if (!mapping.ok) throw new Error(JSON.stringify(mapping.failure));
  const names = header ?? Object.keys(columns);
  const bound = bindColumns(names, mapping.value);
  if (!bound.ok) throw new Error(JSON.stringify(bound.failure));
  const meaning = { mapping: mapping.value, columns: bound.value, columnCount: countColumns(names) };
  const reader = openRowReader({ ...meaning, typeKey: "bank", definitions });
  return readRow(reader, { line: 7, next: { offset: 0, line: 8, isInLine: false }, cells, fault: null });
}

const whole = (cells: string[], given?: Case) => {
  const row = read(cells, given);
  if (!row.ok) throw new Error(JSON.stringify(row.failure));
  return row.value;
};

const good = (cells: string[], given?: Case) => whole(cells, given).fields;

const problems = (cells: string[], given?: Case) => {
  const row = read(cells, given);
  return row.ok ? [] : row.failure.map(({ line, column, code }) => `${line} ${column} ${code}`);
};

describe("a row", () => {
  it("becomes the record that it says", () => {
    const cells = ["15.01.2026", "1.250,5", " Debit ", "eur ", " Rent ", "tx 1", "1.2.2026", "R-1"];
    expect(good(cells, { columns: ALL, date_format: "D.M.YYYY", decimal_mark: "," })).toEqual({
      date: "2026-01-15",
      amount: 125_050,
      currency: "EUR",
      direction: "debit",
      description: " Rent ",
      externalId: "tx 1",
      expectedBy: "2026-02-01",
      metadata: { ref: "R-1" },
    });
  });

  it("says nothing in an empty cell, where one may be empty", () => {
    const cells = ["2026-01-15", "1", "credit", "USD", "", " ", "", ""];
    const fields = { description: null, externalId: null, expectedBy: null, metadata: {} };
    expect(good(cells, { columns: ALL })).toMatchObject(fields);
  });

  it("ignores columns without a target, whatever they hold", () => {
    const given = { header: ["x", "Day", "y", "Sum", ""] };
    expect(good([`a${UNREADABLE}`, "2026-01-15", "", "5", ""], given)).toMatchObject({ amount: 500 });
  });

  it.each<[string, string, object, object]>([
    ["a positive amount is a credit", "5", {}, { amount: 500, direction: "credit", currency: "USD" }],
    ["a negative amount is a debit", "-5", {}, { amount: 500, direction: "debit" }],
    ["brackets are negative", "(5.10)", {}, { amount: 510, direction: "debit" }],
    ["zero is a credit", "-0.00", {}, { amount: 0, direction: "credit" }],
    ["the currency may be fixed", "5", { currency: "jpy" }, { amount: 5, currency: "JPY" }],
    ["the direction may be fixed", "5", { direction: "debit" }, { amount: 500, direction: "debit" }],
    ["a negative zero is none", "-0", { direction: "debit" }, { amount: 0, direction: "debit" }],
  ])("%s", (_, sum, given, fields) => {
    expect(good(["2026-01-15", sum], given as Case)).toMatchObject(fields);
  });

  it.each<[string, [string, string], object]>([
    ["a debit", ["5", ""], { amount: 500, direction: "debit" }],
    ["a credit", ["", "5"], { amount: 500, direction: "credit" }],
    ["a debit beside 0", ["5", "0.00"], { amount: 500, direction: "debit" }],
    ["a credit beside 0", ["0", "5"], { amount: 500, direction: "credit" }],
    ["a debit of 0", ["0.00", " "], { amount: 0, direction: "debit" }],
  ])("with two amount columns may be %s", (_, sides, fields) => {
    expect(good(["2026-01-15", ...sides], { columns: SIDED })).toMatchObject(fields);
  });

  it.each<[string, string[], string[]]>([
    ["neither", ["", ""], ["7 Out required"]],
    ["both", ["5", "6"], ["7 Out two_amounts"]],
    ["0 and 0", ["0", "0.00"], ["7 Out no_direction"]],
    ["a negative one", ["", "-5"], ["7 In negative"]],
    ["no number", ["", "x"], ["7 In not_a_number"]],
    ["no number beside one", ["x", "5"], ["7 Out not_a_number"]],
    ["too many decimals", ["", "5.001"], ["7 In too_many_decimals"]],
  ])("with two amount columns cannot have %s", (_, sides, refused) => {
    expect(problems(["2026-01-15", ...sides], { columns: SIDED })).toEqual(refused);
  });

  it.each<[string, string[], Case, string[]]>([
    ["no date", ["", "5"], {}, ["7 Day required"]],
    ["a date in another format", ["15.01.2026", "5"], {}, ["7 Day invalid_date"]],
    ["no amount", ["2026-01-15", " "], {}, ["7 Sum required"]],
    ["an amount that is none", ["2026-01-15", "$5"], {}, ["7 Sum not_a_number"]],
    ["a wrong grouping", ["2026-01-15", "1,23"], {}, ["7 Sum not_a_number"]],
    ["too many decimals", ["2026-01-15", "1.234"], {}, ["7 Sum too_many_decimals"]],
    ["too large an amount", ["2026-01-15", "10000000000000"], {}, ["7 Sum too_large"]],
    ["a sign beside a fixed direction", ["2026-01-15", "-5"], { direction: "debit" }, ["7 Sum negative"]],
    ["everything wrong", ["x", "y"], {}, ["7 Day invalid_date", "7 Sum not_a_number"]],
    ["too few cells", ["2026-01-15"], {}, ["7 null cell_count"]],
    ["too many cells", ["2026-01-15", "5", "x"], {}, ["7 null cell_count"]],
    ["what could not be read", [`2026-01-15${UNREADABLE}`, "5"], {}, ["7 Day invalid_text"]],
  ])("cannot have %s", (_, cells, given, refused) => {
    expect(problems(cells, given)).toEqual(refused);
  });

  it("lists what is wrong with each of its columns, in their order", () => {
    const cells = ["x", "-5", "in", "EURO", "t".repeat(1_001), "i".repeat(256), "y", `r${UNREADABLE}`];
    expect(problems(cells, { columns: ALL })).toEqual([
      "7 Day invalid_date",
      "7 Sum negative",
      "7 Way invalid_value",
      "7 Money invalid_currency",
      "7 Text too_big",
      "7 Id too_big",
      "7 Due invalid_date",
      "7 Ref invalid_text",
    ]);
    expect(problems(["2026-01-15", "5", "", "", "", "", "", ""], { columns: ALL })).toEqual([
      "7 Way required",
      "7 Money required",
    ]);
  });

  it("may end with empty cells beyond the header", () => {
    expect(good(["2026-01-15", "5", "", " "])).toMatchObject({ amount: 500 });
  });

  it("is held to the data source's definitions", () => {
    const define = (key: string, type: PropertyDefinition["type"], optional = true) => ({ key, type, optional });
    const definitions = [
      define("n", "number"),
      define("b", "boolean"),
      define("d", "date"),
      define("t", "datetime"),
      define("s", "string"),
      define("needed", "string", false),
    ];
    const columns = { ...SIGNED, N: "metadata.n", B: "metadata.b", D: "metadata.d", T: "metadata.t", S: "metadata.s" };
    const given = {
      columns: { ...columns, "a/b~": "metadata.needed" },
      definitions,
      decimal_mark: ",",
      date_format: "DD.MM.YYYY",
    };
    const time = "2026-01-15T09:30:00Z";
    const cells = ["15.01.2026", "5", "-1.234,5", "TRUE", "16.01.2026", time, "007", "x"];
    expect(good(cells, given).metadata).toEqual({
      n: -1234.5,
      b: true,
      d: "2026-01-16",
      t: time,
      s: "007",
      needed: "x",
    });
    const wrong = ["15.01.2026", "5", "9007199254740993", "yes", "2026-13-01", "noon", "", ""];
    expect(problems(wrong, given)).toEqual([
      "7 N invalid_type",
      "7 B invalid_type",
      "7 D invalid_type",
      "7 T invalid_type",
      "7 a/b~ required",
    ]);
    expect(problems(["2026-01-15", "5"], { definitions })).toEqual(["7 null required"]);
  });
});

describe("what a row says", () => {
  const fields = (given: Partial<RecordFields> = {}) => ({ ...whole(["2026-01-15", "5"]).content, ...given });

  it("is the same in rows that read the same", async () => {
    const { content: written } = whole(["15/01/2026", "5,00"], { date_format: "DD/MM/YYYY", decimal_mark: "," });
    expect(await digestContent(written)).toBe(await digestContent(fields()));
    const [left, right] = [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ].map((metadata) => fields({ metadata }));
    expect(await digestContent(left as RecordFields)).toBe(await digestContent(right as RecordFields));
  });

  it("is the same whatever the data source's definitions make of it", async () => {
    const columns = { ...SIGNED, No: "metadata.no", When: "metadata.when" };
    const definitions: PropertyDefinition[] = [
      { key: "no", type: "number", optional: true },
      { key: "when", type: "date", optional: true },
    ];
    const cells = ["2026-01-15", "5", "7", "2026-01-15T23:30:00Z"];
    const [loose, defined] = [whole(cells, { columns }), whole(cells, { columns, definitions })];
    expect([loose.fields.metadata.no, defined.fields.metadata.no]).toEqual(["7", 7]);
    expect(await digestContent(defined.content)).toBe(await digestContent(loose.content));
    const other = whole(["2026-01-15", "5", "7.0", "2026-01-15"], { columns, definitions });
    expect(await digestContent(other.content)).not.toBe(await digestContent(loose.content));
  });

  it.each<Partial<RecordFields>>([
    { date: "2026-01-16" },
    { amount: 501 },
    { currency: "EUR" },
    { direction: "debit" },
    { description: "x" },
    { metadata: { a: "1" } },
    { expectedBy: "2026-01-16" },
  ])("is another with %j", async (given) => {
    expect(await digestContent(fields(given))).not.toBe(await digestContent(fields()));
  });

  it("is told apart by how often it has come", async () => {
    const digest = await digestContent(fields());
    expect(digest).toMatch(/^[0-9a-f]{32}$/);
    expect(contentKeyOf(digest, 1)).not.toBe(contentKeyOf(digest, 2));
  });
});
