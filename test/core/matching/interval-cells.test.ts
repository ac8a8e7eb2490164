import { describe, expect, it } from "vitest";
import { endOfLevel, findIntervalCell, levelOf, listIntervalKeys } from "../../../src/core/matching/interval-cells.ts";
import { MAX_MINOR_UNITS } from "../../../src/core/money.ts";
import { compareTexts } from "../../../src/core/text.ts";
import fc from "../../support/fast-check.ts";

const amounts = fc.oneof(fc.nat(40), fc.integer({ min: 0, max: MAX_MINOR_UNITS }));

/** Whether the look-up for an amount, over all levels, comes upon an interval. */
function finds(amount: number, lower: number, upper: number): number {
  const keys = listIntervalKeys(lower, upper);
  return [...Array(51).keys()]
    .map((level) => findIntervalCell(level, amount))
    .filter(({ text, min, max }) => keys.some((key) => key.text === text && key.rank >= min && key.rank <= max)).length;
}

describe("intervals", () => {
  it("are found by the amounts in them, each at one level, and by no others", () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, fc.integer({ min: -2, max: 2 }), (one, other, free, near) => {
        const [lower, upper] = [Math.min(one, other), Math.max(one, other)];
        for (const amount of [lower, upper, lower - 1, upper + 1, lower + near, free].filter((value) => value >= 0)) {
          expect(finds(amount, lower, upper)).toBe(amount >= lower && amount <= upper ? 1 : 0);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("stand in two places at most, a single amount in one", () => {
    expect(listIntervalKeys(250_00, 250_00)).toHaveLength(1);
    expect(listIntervalKeys(0, MAX_MINOR_UNITS)).toHaveLength(2);
    expect(listIntervalKeys(0, 1)).toHaveLength(2);
  });

  it("have texts from which a level can be passed over", () => {
    for (let level = 0; level < 50; level++) {
      const [here, next] = [findIntervalCell(level, 7).text, findIntervalCell(level + 1, 7).text];
      expect(levelOf(here)).toBe(level);
      expect(compareTexts(here, endOfLevel(level))).toBeLessThan(0);
      expect(compareTexts(endOfLevel(level), next)).toBeLessThan(0);
    }
    expect(levelOf("51:0:")).toBeUndefined();
    expect(levelOf("x")).toBeUndefined();
  });
});
