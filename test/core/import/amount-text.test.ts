import { describe, expect, it } from "vitest";
import { type DecimalMark, readAmount } from "../../../src/core/import/amount-text.ts";
import fc from "../../support/fast-check.ts";

const show = (text: string, mark: DecimalMark) => {
  const amount = readAmount(text, mark);
  return amount && `${amount.isNegative ? "-" : ""}${amount.digits}`;
};

describe("an amount", () => {
  it.each<[string, DecimalMark, string | undefined]>([
    ["12", ".", "12"],
    [" 12.50 ", ".", "12.50"],
    ["0.5", ".", "0.5"],
    ["007", ".", "007"],
    ["1,234.50", ".", "1234.50"],
    ["1,234,567", ".", "1234567"],
    ["1.234,50", ",", "1234.50"],
    ["1.234", ",", "1234"],
    ["1 234,50", ",", "1234.50"],
    ["1\u00a0234\u00a0567,5", ",", "1234567.5"],
    ["1\u202f234", ".", "1234"],
    ["1'234.50", ".", "1234.50"],
    ["-12.00", ".", "-12.00"],
    ["\u221212.00", ".", "-12.00"],
    ["12.00-", ".", "-12.00"],
    ["+12.00", ".", "12.00"],
    ["(12.00)", ".", "-12.00"],
    ["(1.234,00)", ",", "-1234.00"],
    ["-0.00", ".", "0.00"],
    ["(0)", ".", "0"],
    ["1,23", ".", undefined],
    ["12,34.50", ".", undefined],
    ["1,2345", ".", undefined],
    ["1234,567", ".", undefined],
    ["1,234,56", ".", undefined],
    ["1,234 567", ".", undefined],
    ["1,,234", ".", undefined],
    ["0,123", ".", undefined],
    ["012,345", ".", undefined],
    ["1.234.50", ".", undefined],
    ["1,234,50", ",", undefined],
    ["12.50", ",", undefined],
    ["1.5", ",", undefined],
    ["12.", ".", undefined],
    [".5", ".", undefined],
    ["1.234,5", ".", undefined],
    ["-(12)", ".", undefined],
    ["(-12)", ".", undefined],
    ["-12-", ".", undefined],
    ["- 12", ".", undefined],
    ["()", ".", undefined],
    ["-", ".", undefined],
    ["$12", ".", undefined],
    ["12 EUR", ".", undefined],
    ["1e3", ".", undefined],
    ["٣", ".", undefined],
    ["NaN", ".", undefined],
    ["", ".", undefined],
  ])("%j with the decimal mark %s is %s", (text, mark, amount) => {
    expect(show(text, mark)).toBe(amount);
  });

  it("is read back as it was written, however it is grouped and signed", () => {
    const style = fc.record({
      marks: fc.constantFrom<[DecimalMark, string]>([".", ","], [".", "'"], [",", "."], [",", " "], [",", ""]),
      sign: fc.constantFrom("", "-", "()", "after"),
    });
    fc.assert(
      fc.property(fc.nat(), fc.nat(99), style, (whole, cents, { marks: [mark, group], sign }) => {
        const grouped = `${whole}`.replaceAll(/\B(?=(\d{3})+$)/g, group);
        const number = `${grouped}${mark}${`${cents}`.padStart(2, "0")}`;
        const text = { "": number, "-": `-${number}`, "()": `(${number})`, after: `${number}-` }[sign] as string;
        const isNegative = sign !== "" && whole + cents > 0;
        expect(readAmount(text, mark)).toEqual({ digits: `${whole}.${`${cents}`.padStart(2, "0")}`, isNegative });
      }),
    );
  });
});
