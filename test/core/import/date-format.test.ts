import { describe, expect, it } from "vitest";
import { compileDateFormat } from "../../../src/core/import/date-format.ts";
import fc from "../../support/fast-check.ts";

describe("a date format", () => {
  it.each<[string, string, string | undefined]>([
    ["YYYY-MM-DD", "2026-01-15", "2026-01-15"],
    ["YYYY-MM-DD", " 2026-01-15 ", "2026-01-15"],
    ["YYYY-MM-DD", "2026-01-15T23:30:00-05:00", "2026-01-16"],
    ["YYYY-MM-DD", "2026-1-15", undefined],
    ["DD/MM/YYYY", "03/04/2026", "2026-04-03"],
    ["MM/DD/YYYY", "03/04/2026", "2026-03-04"],
    ["MM/DD/YYYY", "13/04/2026", undefined],
    ["DD/MM/YYYY", "3/4/2026", undefined],
    ["DD/MM/YYYY", "03-04-2026", undefined],
    ["DD.MM.YYYY", "29.02.2024", "2024-02-29"],
    ["DD.MM.YYYY", "29.02.2025", undefined],
    ["DD.MM.YYYY", "29102025aa", undefined],
    ["D.M.YYYY", "3.4.2026", "2026-04-03"],
    ["D.M.YYYY", "03.12.2026", "2026-12-03"],
    ["D.M.YYYY", "003.12.2026", undefined],
    ["YYYYMMDD", "20260115", "2026-01-15"],
    ["YYYYMMDD", "2026115", undefined],
    ["DD/MM/YY", "03/04/26", "2026-04-03"],
    ["D. M. YYYY", "3. 4. 2026", "2026-04-03"],
    ["YYYY/MM/DD HH:mm:ss", "2026/01/15 23:59:59", "2026-01-15"],
    ["YYYY/MM/DD HH:mm:ss", "2026/01/15 24:00:00", undefined],
    ["YYYY-MM-DDTHH:mm", "2026-01-15T09:30", "2026-01-15"],
    ["DD.MM.YYYY", "", undefined],
  ])("%s reads %j as %s", (format, text, day) => {
    expect(compileDateFormat(format)?.(text)).toBe(day);
  });

  it.each([
    "",
    "YYYY",
    "YYYY-MM",
    "DD.MM.YYYY.DD",
    "DD.MM.YYYY YY",
    "YYYYMD",
    "DMMYYYY",
    "YYYY-MMM-DD",
    "yyyy-mm-dd",
    "%Y-%m-%d",
    "YYYY(MM)DD",
  ])("is not %j", (format) => {
    expect(compileDateFormat(format)).toBeUndefined();
  });

  it("reads back every day that is written in it", () => {
    const day = fc.date({ noInvalidDate: true, min: new Date("2000-01-01"), max: new Date("2099-12-31") });
    const format = fc.constantFrom("YYYY-MM-DD", "DD/MM/YYYY", "M/D/YY", "D.M.YYYY", "YYYYMMDD", "DD-MM-YYYY HH:mm");
    fc.assert(
      fc.property(day, format, (date, pattern) => {
        const written = date.toISOString().slice(0, 10);
        const [year = "", month = "", dayOfMonth = ""] = written.split("-");
        const parts: Record<string, string> = {
          YYYY: year,
          YY: year.slice(2),
          MM: month,
          M: `${Number(month)}`,
          DD: dayOfMonth,
          D: `${Number(dayOfMonth)}`,
          HH: "09",
          mm: "30",
        };
        const text = pattern.replaceAll(/YYYY|YY|MM|M|DD|D|HH|mm/g, (part) => parts[part] as string);
        expect(compileDateFormat(pattern)?.(text)).toBe(written);
      }),
    );
  });
});
