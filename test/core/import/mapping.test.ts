import { describe, expect, it } from "vitest";
import { bindColumns, type Mapping, parseMapping } from "../../../src/core/import/mapping.ts";

const COLUMNS = { Day: "date", Sum: "amount" };

function refuse(mapping: unknown): string[] {
  const parsed = parseMapping(typeof mapping === "string" ? mapping : JSON.stringify(mapping));
  return parsed.ok ? [] : parsed.failure.map(({ path, code }) => `${path} ${code}`);
}

const parse = (mapping: unknown) => {
  const parsed = parseMapping(JSON.stringify(mapping));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.value;
};

describe("a mapping", () => {
  it("has defaults", () => {
    expect(parse({ columns: COLUMNS })).toEqual({ columns: COLUMNS, date_format: "YYYY-MM-DD", decimal_mark: "." });
  });

  it("may say everything", () => {
    const mapping = {
      columns: { ...COLUMNS, "metadata.x": "metadata.a.b", Text: "description", Id: "external_id", Due: "expected_by" },
      date_format: "DD.MM.YYYY",
      decimal_mark: ",",
      currency: "eur",
      direction: "debit",
    };
    expect(parse(mapping)).toEqual({ ...mapping, currency: "EUR" });
  });

  it.each<[string, unknown, string[]]>([
    ["no JSON", "{", ["/mapping unreadable_json"]],
    ["no object", "[]", ["/mapping invalid_type"]],
    ["nothing", {}, ["/mapping/columns required"]],
    ["a member that there is not", { columns: COLUMNS, colums: {} }, ["/mapping/colums unknown_field"]],
    [
      "a target that there is not",
      { columns: { ...COLUMNS, "A/B": "when" } },
      ["/mapping/columns/A~1B unknown_target"],
    ],
    ["the data source as a target", { columns: { ...COLUMNS, A: "type_key" } }, ["/mapping/columns/A unknown_target"]],
    ["metadata without a key", { columns: { ...COLUMNS, A: "metadata." } }, ["/mapping/columns/A unknown_target"]],
    ["a target that is no text", { columns: { ...COLUMNS, A: null } }, ["/mapping/columns/A invalid_type"]],
    ["a target twice", { columns: { ...COLUMNS, A: "date" } }, ["/mapping/columns/A repeated_target"]],
    ["a column twice", { columns: { ...COLUMNS, " Day ": "expected_by" } }, ["/mapping/columns/ Day  repeated_column"]],
    ["no date", { columns: { Sum: "amount" } }, ["/mapping/columns required"]],
    ["no amount", { columns: { Day: "date" } }, ["/mapping/columns required"]],
    ["neither", { columns: {} }, ["/mapping/columns required", "/mapping/columns required"]],
    ["debit alone", { columns: { Day: "date", D: "debit" } }, ["/mapping/columns required"]],
    ["credit alone", { columns: { Day: "date", C: "credit" } }, ["/mapping/columns required"]],
    [
      "two amount columns and what they say",
      { columns: { ...COLUMNS, D: "debit", C: "credit", R: "direction" }, direction: "debit" },
      ["/mapping/columns/Sum contradiction", "/mapping/columns/R contradiction", "/mapping/direction contradiction"],
    ],
    [
      "what a column is",
      { columns: { ...COLUMNS, R: "direction", V: "currency" }, direction: "debit", currency: "EUR" },
      ["/mapping/direction contradiction", "/mapping/currency contradiction"],
    ],
    [
      "wrong values, all of them",
      { columns: COLUMNS, date_format: "MM.YYYY", decimal_mark: ";", currency: "EURO", direction: "in" },
      [
        "/mapping/date_format invalid_date_format",
        "/mapping/decimal_mark invalid_value",
        "/mapping/currency invalid_currency",
        "/mapping/direction invalid_value",
      ],
    ],
    [
      "a name that would set a prototype",
      '{"columns":{"Day":"date","Sum":"amount","__proto__":"description"}}',
      ["/mapping/columns/__proto__ invalid_name"],
    ],
    [
      "a target that would set a prototype",
      { columns: { ...COLUMNS, A: "metadata.__proto__" } },
      ["/mapping/columns/A invalid_name"],
    ],
    ["a text that cannot be kept", { columns: { ...COLUMNS, A: "metadata.\0" } }, ["/mapping/columns/A invalid_text"]],
  ])("cannot have %s", (_, mapping, errors) => {
    expect(refuse(mapping)).toEqual(errors);
  });
});

describe("columns of a file", () => {
  const mapping = { columns: { Day: "date", " Sum ": "amount" } } as unknown as Mapping;

  it("are found by their names, blanks around them aside", () => {
    expect(bindColumns(["x", " Day", "Sum "], mapping)).toEqual({
      ok: true,
      value: [
        { name: "Day", target: "date", place: 1 },
        { name: "Sum", target: "amount", place: 2 },
      ],
    });
  });

  it.each<[string, string[], string[]]>([
    ["not there", ["Day"], ["/mapping/columns/ Sum  unknown_column"]],
    ["in other letters", ["day", "Sum"], ["/mapping/columns/Day unknown_column"]],
    ["there twice", ["Day", "Sum", "Day "], ["/mapping/columns/Day ambiguous_column"]],
  ])("cannot be %s", (_, header, errors) => {
    const bound = bindColumns(header, mapping);
    expect(bound.ok ? [] : bound.failure.map(({ path, code }) => `${path} ${code}`)).toEqual(errors);
  });

  it.each<[string, string[], string]>([
    ["all of them", [" Day", "", "Id "], 'The file has no such column; it has "Day", "Id".'],
    ["the beginning of a long one", ["Day", "é".repeat(70)], `it has "Day", "${"é".repeat(64)}…".`],
    ["the first ones", ["Day", ..."abcdefghijkl"], '"g", "h", "i" and 3 more.'],
  ])("are named where one is missing: %s", (_, header, message) => {
    const bound = bindColumns(header, mapping);
    expect(bound.ok ? [] : bound.failure).toMatchObject([{ message: expect.stringContaining(message) }]);
  });

  it("may have no names at all", () => {
    expect(bindColumns(["", " "], mapping)).toMatchObject({
      failure: [{ message: "The file has no such column: its first row names none." }, {}],
    });
  });
});
