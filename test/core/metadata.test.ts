import { describe, expect, it } from "vitest";
import { plainPath } from "../../src/core/field-errors.ts";
import { keepValues, mergeMetadata, metadataSchema } from "../../src/core/metadata.ts";
import { METADATA_MAX_BYTES, METADATA_MAX_KEYS } from "../../src/core/property.ts";
import fc from "../support/fast-check.ts";

const names = (count: number, value: string | null) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));

describe("metadata of the payments door", () => {
  it("takes an empty text for no value", () => {
    expect(metadataSchema.parse({ a: "1", b: "", c: null })).toEqual({ a: "1", b: null, c: null });
  });

  it.each([[{ a: 1 }], [{ a: true }], [{ a: { b: "c" } }], [["a"]], ["a"], [null]])("refuses %j", (given) => {
    expect(metadataSchema.safeParse(given).success).toBe(false);
  });

  it("is merged name by name", () => {
    expect(mergeMetadata({ a: "1", b: "2", c: "3" }, { b: null, c: "4", d: null, e: "5" })).toEqual({
      a: "1",
      c: "4",
      e: "5",
    });
  });

  it("keeps every name that JavaScript has a use for", () => {
    expect(keepValues(metadataSchema.parse({ constructor: "1", toString: "2", "": "3" }))).toEqual({
      constructor: "1",
      toString: "2",
      "": "3",
    });
  });

  it("is changed to the same by two changes as by the second one's names over the first's", () => {
    const change = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.constantFrom("1", "2", null));
    fc.assert(
      fc.property(change, change, change, (start, first, second) => {
        const metadata = keepValues(start);
        const stepwise = mergeMetadata(mergeMetadata(metadata, first), second);
        expect(stepwise).toEqual(mergeMetadata(metadata, { ...first, ...second }));
      }),
    );
  });

  it("has a limit of names and of bytes, removals not counted", () => {
    const fits = (given: unknown) => metadataSchema.safeParse(given).success;
    expect(fits(names(METADATA_MAX_KEYS, "x"))).toBe(true);
    expect(fits(names(METADATA_MAX_KEYS + 1, "x"))).toBe(false);
    expect(fits(names(METADATA_MAX_KEYS + 1, null))).toBe(true);
    const frame = JSON.stringify({ k: "" }).length;
    expect(fits({ k: "x".repeat(METADATA_MAX_BYTES - frame) })).toBe(true);
    expect(fits({ k: "x".repeat(METADATA_MAX_BYTES - frame + 1) })).toBe(false);
  });
});

describe("a plain path", () => {
  it.each([
    ["", ""],
    ["/name", "name"],
    ["/variables/0/amount_lower_bound", "variables[0].amount_lower_bound"],
    ["/metadata/Key Name", "metadata.Key Name"],
    ["/metadata/a~1b~0c", "metadata.a/b~c"],
    ["/0/name", "[0].name"],
  ])("of %j is %j", (pointer, path) => {
    expect(plainPath(pointer)).toBe(path);
  });
});
