import { describe, expect, it } from "vitest";
import { cutErrors, formatBulkRow, parseBulkRow } from "../../src/core/bulk-row.ts";
import { InexactNumber, parseJson } from "../../src/core/json.ts";

const LIMITS = { maxChars: 60, maxDepth: 3 };

describe("a kept row", () => {
  it.each([
    '{"amount":250.5,"metadata":{"a":[true,null]}}',
    '{"amount":12345678901234567890,"n":1e400}',
    '{"__proto__":{"x":1}}',
    '{"text":"a\\u0000b\\ud800"}',
    '"no object"',
    "null",
  ])("is read as it was sent: %s", (text) => {
    const row = parseJson(text);
    const kept = formatBulkRow(row, LIMITS);
    expect(kept).not.toBeNull();
    expect(parseBulkRow(kept as string)).toEqual(row);
    expect(formatBulkRow(parseBulkRow(kept as string), LIMITS)).toBe(kept);
  });

  it("holds numbers that JavaScript cannot", () => {
    const row = parseBulkRow(formatBulkRow({ amount: new InexactNumber("1e400") }, LIMITS) as string);
    expect(row).toEqual({ amount: new InexactNumber("1e400") });
  });
});

it("keeps rows up to the limits, and none beyond", () => {
  expect(formatBulkRow("x".repeat(58), LIMITS)).toHaveLength(60);
  expect(formatBulkRow("x".repeat(59), LIMITS)).toBeNull();
  expect(formatBulkRow([[[]]], LIMITS)).toBe("[[[]]]");
  expect(formatBulkRow([[[[]]]], LIMITS)).toBeNull();
});

it("cuts errors by their number and by what they come to, but for the first", () => {
  const error = (path: string) => ({ path, code: "c", message: "m" });
  const size = JSON.stringify(error("/a")).length;
  const errors = ["/a", "/b", "/c"].map(error);
  expect(cutErrors(errors, 3, 3 * size)).toEqual(errors);
  expect(cutErrors(errors, 2, 3 * size)).toEqual(errors.slice(0, 2));
  expect(cutErrors(errors, 3, 3 * size - 1)).toEqual(errors.slice(0, 2));
  expect(cutErrors(errors, 3, 1)).toEqual(errors.slice(0, 1));
});
