import { describe, expect, it } from "vitest";
import { refusals } from "./items.ts";

const EQ = { key: "external_id", operand: "eq", value: "external_id" };

/** Refusals of one transform; pointers below `transforms`. */
const TRANSFORM_REFUSALS: [string, unknown, [string, string][]][] = [
  ["an unknown name", "reverse", [["/key", "unknown_transform"]]],
  ["an unknown name in an object", { name: "reverse" }, [["/key/name", "unknown_transform"]]],
  ["an object without name", { args: {} }, [["/key/name", "required"]]],
  ["a number", 3, [["/key", "invalid_type"]]],
  ["null", null, [["/key", "invalid_type"]]],
  ["an unknown key", { name: "trim", arg: 1 }, [["/key/arg", "unknown_field"]]],
  ["args where none belong", { name: "trim", args: { n: 1 } }, [["/key/args", "invalid_args"]]],
  ["a name that needs args, alone", ["trim", "first_n_chars"], [["/key/1", "required"]]],
  ["first_n_chars without args", { name: "first_n_chars" }, [["/key/args", "required"]]],
  ["last_n_chars with args of another type", { name: "last_n_chars", args: 3 }, [["/key/args", "invalid_type"]]],
  ["first_n_chars without n", { name: "first_n_chars", args: {} }, [["/key/args/n", "required"]]],
  ["unknown args", { name: "first_n_chars", args: { n: 1, m: 2 } }, [["/key/args/m", "unknown_field"]]],
  ...[0, 1001, 1.5, "8", -1].map((n): [string, unknown, [string, string][]] => [
    `n = ${JSON.stringify(n)}`,
    ["trim", { name: "last_n_chars", args: { n } }],
    [["/key/1/args/n", "invalid_args"]],
  ]),
  ["regex_extract without pattern", { name: "regex_extract", args: {} }, [["/key/args/pattern", "required"]]],
  [
    "a pattern that is no string",
    { name: "regex_extract", args: { pattern: 1 } },
    [["/key/args/pattern", "invalid_type"]],
  ],
  ...["(", "(a)\\1", "(?=a)b", "a{1001}"].map((pattern): [string, unknown, [string, string][]] => [
    `the pattern ${pattern}`,
    { name: "regex_extract", args: { pattern } },
    [["/key/args/pattern", "invalid_pattern"]],
  ]),
  [
    "a pattern of 501 characters",
    { name: "regex_extract", args: { pattern: "a".repeat(501) } },
    [["/key/args/pattern", "pattern_too_large"]],
  ],
  [
    "a pattern that would run slowly",
    { name: "regex_extract", args: { pattern: "(.{0,900}x){0,1}y{0,900}z" } },
    [["/key/args/pattern", "pattern_too_large"]],
  ],
  ...[3, -1, 0.5, "1"].map((group): [string, unknown, [string, string][]] => [
    `group ${JSON.stringify(group)} of two`,
    { name: "regex_extract", args: { pattern: "(a)(b)", group } },
    [["/key/args/group", "invalid_args"]],
  ]),
  ["eleven transforms", Array(11).fill("trim"), [["/key", "too_many_transforms"]]],
];

describe("the transforms of a side", () => {
  it.each(TRANSFORM_REFUSALS)("refuse %s", (_name, key, expected) => {
    const below = expected.map(([path, code]) => [`/filters/rules/0/transforms${path}`, code]);
    expect(refusals({ operand: "or", rules: [{ ...EQ, transforms: { key } }] })).toEqual(below);
  });
});
