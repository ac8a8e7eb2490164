import { describe, expect, it } from "vitest";
import type { Delimiter } from "../../../src/core/import/csv-rows.ts";
import { detectDelimiter } from "../../../src/core/import/dialect.ts";
import { readLayout } from "../../../src/core/import/file-layout.ts";
import { bindColumns, type Mapping } from "../../../src/core/import/mapping.ts";
import { listHeaderProblems } from "../../../src/core/import/problem.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("the delimiter", () => {
  it.each<[string, string, string[], Delimiter]>([
    ["a comma", "Day,Sum\n2026-01-01,5\n", [], ","],
    ["a semicolon beside decimal commas", "Day;Sum\n2026-01-01;5,00\n2026-01-02;6,00\n", [], ";"],
    ["a tab", "Day\tSum, net\n2026-01-01\t5\n", [], "\t"],
    ["a bar", "Day|Sum\n2026-01-01|5\n", [], "|"],
    ["one that stands in quotes too", 'Day;Text\n1;"a,b,c"\n2;"a,b,c"\n', [], ";"],
    ["that under which the wanted columns are there", "Day;Sum,net\n1;2,00\n", ["Day"], ";"],
    ["that under which rows are even", "a,b;c\n1;2\n3;4\n", [], ";"],
    ["a comma, where there is one column", "Day\n2026-01-01\n", [], ","],
    ["a comma, where there is nothing", "", [], ","],
    ["found without rows", "Day;Sum;Text", ["Sum"], ";"],
    ["found though rows differ", "Day;Sum\n1;2;;\n\n3;4\n5,6\n", [], ";"],
    ["found though a quote stays open", 'Day;Sum\n1;"2\n3;4\n', ["Day"], ";"],
  ])("is %s", (_, text, wanted, delimiter) => {
    expect(detectDelimiter(utf8(text), true, wanted)).toBe(delimiter);
  });

  it("does not depend on a last row that is cut", () => {
    expect(detectDelimiter(utf8("a;b\n1;2\n3"), false, [])).toBe(";");
  });
});

describe("the beginning of a file", () => {
  const mapping = { columns: { Day: "date", Sum: "amount" } } as unknown as Mapping;

  it("says where its rows begin", () => {
    expect(readLayout(utf8('Day;Sum;"Tëxt\nof it";\r\n1;2;3'), true, mapping)).toMatchObject({
      ok: true,
      value: {
        delimiter: ";",
        header: ["Day", "Sum", "Tëxt\nof it", ""],
        columnCount: 3,
        firstRow: { offset: 24, line: 3, isInLine: false },
      },
    });
  });

  it.each<[string, string, string, number]>([
    ["blank lines", "\n \r\n\r;;;\nDay;Sum\n1;2\n", ";", 5],
    ["a line that names the delimiter", "sep=|\r\nDay|Sum\r\n1|2\r\n", "|", 2],
    ["such a line in quotes", '"sep=;"\nDay;Sum\n1;2\n', ";", 2],
    ["such a line that was kept as a row", "SEP=,,,\nDay,Sum,\n1,2,\n", ",", 2],
    ["both", "\nsep=\t\n\nDay\tSum\n1\t2\n", "\t", 4],
  ])("may have %s before its header", (_, text, delimiter, headerLine) => {
    const layout = readLayout(utf8(text), true, mapping);
    const rows = text.indexOf("1");
    expect(layout).toMatchObject({ ok: true, value: { delimiter, headerLine, columnCount: 2 } });
    expect(layout).toMatchObject({ value: { firstRow: { offset: rows, line: headerLine + 1 } } });
  });

  it("is delimited as it says, whatever else seems right", () => {
    const layout = readLayout(utf8("sep=;\nDay,x;Sum,y\n1,0;2,0\n"), true, {
      ...mapping,
      columns: { "Day,x": "date", "Sum,y": "amount" },
    });
    expect(layout).toMatchObject({ ok: true, value: { header: ["Day,x", "Sum,y"] } });
  });

  it.each([
    ["a delimiter that there is not", "sep=:\nDay,Sum\n"],
    ["a second line that names one", "sep=,\nsep=;\nDay,Sum\n"],
  ])("is a header with %s", (_, text) => {
    expect(readLayout(utf8(text), true, mapping)).toMatchObject({
      ok: false,
      failure: [{ code: "unknown_column" }, {}],
    });
  });

  it.each([
    ["empty", "", "/file empty_file"],
    ["blank", "\r\n ;\n\n", "/file empty_file"],
    ["no CSV", '"Day,Sum\n1,2', "/file invalid_header"],
    ["cut in its first row", "Day,Sum", "/file invalid_header"],
  ])("may be %s", (_, text, refusal) => {
    const layout = readLayout(utf8(text), text !== "Day,Sum", mapping);
    expect(layout.ok ? [] : layout.failure.map(({ path, code }) => `${path} ${code}`)).toEqual([refusal]);
  });

  it("names the columns that no mapping can have", () => {
    const header = ["Day", "", "Sum", " Day", "Sum ", "Day", "", "x", "", ""];
    expect(listHeaderProblems({ header, headerLine: 3 })).toEqual([
      { line: 3, column: "", code: "unnamed_column", message: "A column has no name; what is there is ignored." },
      { line: 3, column: "Day", code: "repeated_column", message: expect.any(String) },
      { line: 3, column: "Sum", code: "repeated_column", message: expect.any(String) },
    ]);
    expect(listHeaderProblems({ header: ["Day", "Sum", "", ""], headerLine: 1 })).toEqual([]);
  });

  it("may name as many columns as a row can hold", () => {
    const names = Array.from({ length: 40_000 }, (_, n) => n.toString(36));
    const columns = Object.fromEntries(names.slice(0, 3_000).map((name) => [name, `metadata.${name}`]));
    const mapping = { columns, date_format: "YYYY-MM-DD", decimal_mark: "." } as const;
    const header = [...names, "0"];
    const start = performance.now();
    expect(listHeaderProblems({ header, headerLine: 1 })).toMatchObject([{ column: "0", code: "repeated_column" }]);
    expect(bindColumns(header, mapping)).toMatchObject({ failure: [{ code: "ambiguous_column" }] });
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
