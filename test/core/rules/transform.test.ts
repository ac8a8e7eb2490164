import { describe, expect, it } from "vitest";
import { compileTransforms, type TransformSpec } from "../../../src/core/rules/transform.ts";
import fc from "../../support/fast-check.ts";
import { all, item, passes, withMeta } from "./items.ts";

function apply(spec: TransformSpec, text: string): string | undefined {
  return compileTransforms(spec)?.(text);
}

const first = (n: number) => ({ name: "first_n_chars" as const, args: { n } });
const last = (n: number) => ({ name: "last_n_chars" as const, args: { n } });
const extract = (pattern: string, group?: number) => ({
  name: "regex_extract" as const,
  args: group === undefined ? { pattern } : { pattern, group },
});

const CASES: [string, TransformSpec, string, string | undefined][] = [
  ["lowercase lowers", "lowercase", "INV-Ä", "inv-ä"],
  ["uppercase raises", "uppercase", "inv-ß", "INV-SS"],
  ["trim drops blanks around", "trim", " \t a b \n", "a b"],
  ["trim leaves nothing of blanks", "trim", "   ", undefined],
  ["alphanumeric_only keeps letters and digits of any script", "alphanumeric_only", "Ré-1 ٣/漢_½", "Ré1٣漢"],
  ["alphanumeric_only leaves nothing of marks", "alphanumeric_only", "-/ ", undefined],
  ["digits_only keeps ASCII digits", "digits_only", "a1٣b2", "12"],
  ["digits_only leaves nothing of letters", "digits_only", "abc", undefined],
  ["strip_leading_zeros strips them all", "strip_leading_zeros", "00120", "120"],
  ["strip_leading_zeros keeps what does not begin with one", "strip_leading_zeros", "A001", "A001"],
  ["strip_leading_zeros leaves nothing of zeros", "strip_leading_zeros", "000", undefined],
  ["first_n_chars cuts", first(3), "abcdef", "abc"],
  ["first_n_chars keeps a short text", first(3), "ab", "ab"],
  ["first_n_chars counts code points", first(2), "😀😁😂", "😀😁"],
  ["last_n_chars cuts", last(3), "abcdef", "def"],
  ["last_n_chars keeps a short text", last(3), "ab", "ab"],
  ["last_n_chars counts code points", last(2), "a😀😁b", "😁b"],
  ["regex_extract yields its first group", extract("INV-(\\d+)"), "pay INV-42 now", "42"],
  ["regex_extract yields the match of a pattern without groups", extract("\\d+"), "pay 42 now", "42"],
  ["regex_extract yields the group that is named", extract("(\\w+)-(\\d+)", 2), "INV-42", "42"],
  ["regex_extract yields the whole match as group 0", extract("INV-(\\d+)", 0), "x INV-42", "INV-42"],
  ["regex_extract yields nothing without a match", extract("INV-(\\d+)"), "pay 42", undefined],
  ["regex_extract yields nothing for a group that took no part", extract("(a)|(b)", 1), "b", undefined],
  ["regex_extract yields nothing for an empty group", extract("x(\\d*)"), "x", undefined],
  ["a list applies its first transform first", [extract("inv-(\\d+)"), "strip_leading_zeros"], "inv-007", "7"],
  ["a list in the other order differs", ["uppercase", extract("inv-(\\d+)")], "inv-007", undefined],
];

describe("a transform", () => {
  it.each(CASES)("%s", (_name, spec, text, expected) => {
    expect(apply(spec, text)).toBe(expected);
  });

  it("cuts as the code points of the whole text would", () => {
    const units = fc.string({ unit: fc.constantFrom("a", "😀", "\ud83d", "\ude00"), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 8 }), (text, n) => {
        expect(apply(first(n), text)).toBe([...text].slice(0, n).join(""));
        expect(apply(last(n), text)).toBe([...text].slice(-n).join(""));
      }),
    );
  });

  it("runs a pattern that would take a backtracking engine for ever", () => {
    expect(apply(extract("^(a+)+$"), `${"a".repeat(5000)}b`)).toBeUndefined();
  });
});

describe("transforms in a condition", () => {
  const transformed = (key: unknown, value?: unknown) => ({
    key: "metadata.x",
    operand: "eq",
    value: "metadata.x",
    transforms: { key, ...(value === undefined ? {} : { value }) },
  });

  it("apply to each side apart", () => {
    expect(passes(transformed("lowercase"), withMeta("a", "ABC"), withMeta("b", "abc"))).toBe(true);
    expect(passes(transformed("lowercase"), withMeta("a", "abc"), withMeta("b", "ABC"))).toBe(false);
    expect(passes(transformed("lowercase", "lowercase"), withMeta("a", "Abc"), withMeta("b", "aBC"))).toBe(true);
  });

  it("make a number its plain text, and a boolean too", () => {
    expect(all(transformed("trim")).explain(withMeta("a", 1e21), withMeta("b", true))).toEqual([
      { a: "1000000000000000000000", b: true, passed: false },
    ]);
    expect(all(transformed("uppercase")).explain(withMeta("a", true), withMeta("b", 0.5))[0]).toMatchObject({
      a: "TRUE",
      b: 0.5,
    });
  });

  it("apply to a date as text", () => {
    const sameYear = { key: "date", operand: "eq", value: "metadata.x", transforms: { key: first(4) } };
    expect(passes(sameYear, item("a"), withMeta("b", 2024))).toBe(true);
    expect(passes(sameYear, item("a"), withMeta("b", 2023))).toBe(false);
  });

  it("apply to every element of a list, after a joined text was cut", () => {
    const inList = {
      key: "external_id",
      operand: "in",
      value: "metadata.x",
      transforms: { value: ["alphanumeric_only", "lowercase"] },
    };
    const order = item("a", { externalId: "o2" });
    expect(passes(inList, order, withMeta("b", "O-1|O-2"))).toBe(true);
    expect(passes(inList, order, withMeta("b", ["O-1", "O-2"]))).toBe(true);
    expect(all(inList).explain(order, withMeta("b", "O-1|--|O-2"))[0]?.b).toEqual(["o1", "o2"]);
    expect(all(inList).explain(order, withMeta("b", "--|/"))[0]?.b).toBe(null);
  });
});
