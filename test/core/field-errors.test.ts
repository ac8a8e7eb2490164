import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listFieldErrors, REQUIRED } from "../../src/core/field-errors.ts";

function messageOf(schema: z.ZodType, value: unknown): string[] {
  const parsed = z.strictObject({ field: schema }).safeParse({ field: value }, { reportInput: true });
  return parsed.success ? [] : listFieldErrors(parsed.error).map(({ code, message }) => `${code} ${message}`);
}

describe("what is said of a wrong field", () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ["no string", z.string(), 1, "invalid_type Must be a string."],
    ["no number", z.number(), "1", "invalid_type Must be a number."],
    ["a fraction", z.int(), 1.5, "invalid_type Must be a whole number."],
    ["no boolean", z.boolean(), "true", "invalid_type Must be true or false."],
    ["no array", z.array(z.string()), {}, "invalid_type Must be an array."],
    ["no object", z.strictObject({}), [], "invalid_type Must be an object."],
    ["no record", z.record(z.string(), z.string()), "x", "invalid_type Must be an object."],
    ["too long a text", z.string().max(1_000), "x".repeat(1_001), "too_big May have at most 1,000 characters."],
    ["an empty text", z.string().min(1), "", "too_small Must not be empty."],
    ["too short a text", z.string().min(2), "x", "too_small Must have at least 2 characters."],
    ["a text of another length", z.string().length(3), "x", "too_small Must have exactly 3 characters."],
    ["too many items", z.array(z.int()).max(1), [1, 2], "too_big May have at most 1 item."],
    ["no items", z.array(z.int()).min(1), [], "too_small Must not be empty."],
    ["too few items", z.array(z.int()).min(2), [1], "too_small Must have at least 2 items."],
    ["too large a number", z.int().max(10_000), 10_001, "too_big Must be at most 10000."],
    ["too small a number", z.int().min(0), -1, "too_small Must be at least 0."],
    ["a number at an open end", z.number().lt(5), 5, "too_big Must be less than 5."],
    ["a number at an open beginning", z.number().gt(0), 0, "too_small Must be more than 0."],
    ["no multiple", z.int().multipleOf(5), 6, "not_multiple_of Must be a multiple of 5."],
    ["no UUID", z.uuid(), "x", "invalid_format Must be a UUID."],
    ["what a pattern says in words", z.string().regex(/^a$/, "Must be a."), "b", "invalid_format Must be a."],
    ["none of the values", z.enum(["a", "b"]), "c", "invalid_value Must be one of: a, b."],
    [
      "none of the forms",
      z.union([z.int(), z.string()]),
      {},
      "invalid_type Has none of the forms that are taken here.",
    ],
    [
      "too long a name",
      z.record(z.string().max(2), z.string()),
      { abc: "x" },
      "invalid_key Its name is wrong: may have at most 2 characters.",
    ],
    ["nothing", z.string(), undefined, `required ${REQUIRED}`],
  ])("is plain: %s", (_, schema, value, message) => {
    expect(messageOf(schema, value)).toEqual([message]);
  });
});
