import fc from "../support/fast-check.ts";
import type { Dice } from "./dice.ts";
import { Raw } from "./raw-json.ts";

const TEXTS = [
  "",
  " ",
  "\t\n\r",
  "\uffff\ufffe",
  "😀👩‍👩‍👧‍👦🏳️‍🌈",
  "\u202eRTL\u2066x\u2069",
  "e\u0301\u0327",
  "ﷺ".repeat(20),
  "İıſK",
  "٣٤",
  "１２",
  "' or 1=1 --",
  "'; drop x; --",
  '"',
  "`",
  "%",
  "_",
  "%_%\\",
  "*",
  "[a-z]*?",
  "\\",
  "$",
  "$.a[0]",
  "$[#-1]",
  '$."a"',
  "a.b.c",
  "~0~1/",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "true",
  "NaN",
  "Infinity",
  "-0",
  "0x10",
  "1e400",
  "1,5",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "=1+1",
  "(a+)+$",
  "https://user:pass@127.0.0.1:22/",
  "http://[::ffff:169.254.169.254]/",
  "file:///etc/passwd",
  "a".repeat(255),
  "b".repeat(256),
  "é".repeat(1_001),
];

/** What SQLite or UTF-8 cannot keep as it is. */
const UNKEEPABLE = ["\0", "a\0b", "\ud800", "x\udfff", "a\udc00\ud800b"];

const NUMBERS = [
  "0",
  "-0",
  "-1",
  "1",
  "0.1",
  "0.001",
  "1.005",
  "-0.0000001",
  "1e2",
  "1E-2",
  "1e400",
  "-1e400",
  "1e-400",
  "2147483648",
  "9007199254740991",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  "999999999999999",
  "1000000000000000",
  "9999999999999.99",
  "99999999999999.999",
  "0.30000000000000004",
  "123456789012345678901234567890",
  "1.7976931348623157e308",
];

const NO_DATES = ["2025-02-30", "2025-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00"];
const DATES = [
  ...NO_DATES,
  "2024-02-29",
  "0000-01-01",
  "0001-01-01",
  "-000001-01-01",
  "9999-12-31",
  "+275760-09-13",
  "2026-1-1",
  "20260101",
  "2026-W01-1",
];
const TIMES = [
  ...NO_DATES.map((date) => `${date}T00:00:00Z`),
  "+275760-09-14T00:00:00Z",
  "2026-01-01T00:00:00",
  "2026-01-01T24:00:00Z",
  "2026-01-01T23:59:60Z",
  "2026-01-01T00:00:00+14:00",
  "2026-01-01T00:00:00-23:59",
  "2026-01-01t00:00:00z",
  "2026-01-01 00:00:00Z",
  "2026-01-01T00:00:00.123456789012Z",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59-01:00",
  "0000-01-01T00:00:00+01:00",
  "0000-01-01T00:00:00Z",
  "1969-12-31T23:59:59.999Z",
];

const CURRENCIES = ["XXX", "usd", "Usd", "US", "USDT", "ZZZ", "XAU", "XTS", "CLF", "BHD", "JPY", "ＵＳＤ", "ıdr"];

export const MALFORMED_SEGMENTS = [
  "0",
  "-1",
  "not-an-id",
  "null",
  "%00",
  "a%00b",
  "%ff",
  "%ED%A0%80",
  "%",
  "%zz",
  "%2f",
  "..%2f..",
  "%2e%2e",
  "..",
  "%F0%9F%92%A5",
  "%E2%80%AE",
  "'%20or%201=1",
  "%7Bid%7D",
  "__proto__",
  "constructor",
  "*",
  "a".repeat(5_000),
  "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1",
  "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a0",
  "0198b1f27c3a7d4e8f5a6b7c8d9e0f1a",
  "%200198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
];

export function hostileText(dice: Dice): string {
  return dice.weigh([
    [50, () => dice.pick(TEXTS)],
    [12, () => dice.pick(UNKEEPABLE)],
    [10, () => dice.pick(DATES)],
    [8, () => dice.pick(NUMBERS)],
    [6, () => dice.pick(CURRENCIES)],
    [12, () => dice.sample("binary", () => fc.string({ unit: "binary", maxLength: 40 }))],
    [6, () => dice.sample("composite", () => fc.string({ unit: "grapheme-composite", maxLength: 40 }))],
    [3, () => dice.word().repeat(500)],
  ])();
}

/** A value that is wrong in most places, and in some the very edge of what is right. */
export function hostileValue(dice: Dice): unknown {
  return dice.weigh([
    [30, () => hostileText(dice)],
    [22, () => new Raw(dice.pick(NUMBERS))],
    [6, () => null],
    [5, () => dice.percent(50)],
    [4, () => []],
    [4, () => ({})],
    [5, () => [hostileText(dice)]],
    [4, () => ({ [hostileText(dice)]: hostileText(dice) })],
    [3, () => new Raw('{"__proto__":{"a":1}}')],
    [3, () => new Raw('{"constructor":{"prototype":{"a":1}}}')],
    [2, () => nested(dice.pick([6, 65, 200]))],
    [1, () => dice.pick([nested(3_000), "M".repeat(1_000_000), "\u{1f4a5}".repeat(60_000)])],
  ])();
}

/** Where dates, currencies or numbers belong, hostile ones of that kind come more often. */
export function hostileOf(dice: Dice, name: string): unknown {
  if (dice.percent(35)) return hostileValue(dice);
  if (/_at($|_)|since|time/.test(name)) return dice.pick(dice.percent(70) ? TIMES : DATES);
  if (/date|_by$|as_of/.test(name)) return dice.pick(dice.percent(70) ? DATES : TIMES);
  if (/currency/.test(name)) return dice.pick(CURRENCIES);
  if (/amount|bound|limit|days|hours|version|priority|per_page|count/.test(name)) {
    const number = dice.pick(NUMBERS);
    return dice.percent(40) ? number : new Raw(number);
  }
  return hostileText(dice);
}

function nested(levels: number): Raw {
  return levels % 2 === 0
    ? new Raw(`${"[".repeat(levels)}${"]".repeat(levels)}`)
    : new Raw(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
}
