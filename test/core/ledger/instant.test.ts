import { describe, expect, it } from "vitest";
import { endOfDay, instantOf, nextInstant, parseInstant } from "../../../src/core/ledger/instant.ts";
import fc from "../../support/fast-check.ts";

describe("instants", () => {
  it.each([
    ["2026-03-10T09:30:00Z", "2026-03-10T09:30:00.000000Z"],
    ["2026-03-10t09:30:00.5z", "2026-03-10T09:30:00.500000Z"],
    ["2026-03-10T09:30:00.123456789Z", "2026-03-10T09:30:00.123456Z"],
    ["2026-03-10T00:30:00.000001+01:00", "2026-03-09T23:30:00.000001Z"],
    ["2022-01-01T00:00:00.000", "2022-01-01T00:00:00.000000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000000Z"],
    ["2025-02-29", undefined],
    ["2025-011-08", undefined],
    ["2026-03-10T24:00:00Z", undefined],
    ["2026-03-10T09:30Z", undefined],
    ["0000-01-01T00:00:00+01:00", undefined],
    ["soon", undefined],
    ["", undefined],
  ])("read %s as %s", (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it("stand in the order of time, each before the next one", () => {
    const instant = fc
      .tuple(fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9998-12-31") }), fc.nat(999))
      .map(([date, micros]) => instantOf(date.getTime()).replace(/000Z$/, `${`${micros}`.padStart(3, "0")}Z`));
    fc.assert(
      fc.property(instant, (text) => {
        const next = nextInstant(text) as string;
        expect(next > text).toBe(true);
        expect(next).toHaveLength(27);
        expect(parseInstant(next)).toBe(next);
      }),
    );
  });

  it.each([
    ["2026-03-10T09:30:00.000009Z", "2026-03-10T09:30:00.000010Z"],
    ["2026-12-31T23:59:59.999999Z", "2027-01-01T00:00:00.000000Z"],
    ["9999-12-31T23:59:59.999999Z", undefined],
  ])("after %s is %s", (instant, next) => {
    expect(nextInstant(instant)).toBe(next);
  });

  it("end a day where the next one begins", () => {
    expect(endOfDay("2024-02-28")).toBe("2024-02-29T00:00:00.000000Z");
    expect(endOfDay("9999-12-31")).toBeUndefined();
  });
});
