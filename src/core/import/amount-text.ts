export const DECIMAL_MARKS = [".", ","] as const;
export type DecimalMark = (typeof DECIMAL_MARKS)[number];

/** An amount as a file has it: `digits` are a decimal number with a point and without a sign. */
export interface WrittenAmount {
  digits: string;
  isNegative: boolean;
}

const GROUPING = [",", ".", "'", "\u2019", " ", "\u00a0", "\u2009", "\u202f"];

const READERS: Record<DecimalMark, RegExp> = { ".": compile("."), ",": compile(",") };

/**
 * Reads `1,234.50`, `-12`, `12-`, `(12.00)` (negative) under a decimal mark. Grouping marks are one of comma, point,
 * apostrophe and blank, the same throughout, never the decimal mark, and stand before every three digits or nowhere; a
 * number that begins with 0 has none. Undefined for anything else: currency signs, letters, two signs, nothing.
 */
export function readAmount(text: string, decimalMark: DecimalMark): WrittenAmount | undefined {
  const { sign, number } = splitSign(text.trim());
  const parts = READERS[decimalMark].exec(number);
  if (!parts) return undefined;
  const { whole = "", fraction } = parts.groups ?? {};
  const digits = whole.replaceAll(/\D/g, "") + (fraction === undefined ? "" : `.${fraction}`);
  return { digits, isNegative: sign === "-" && /[1-9]/.test(digits) };
}

function compile(decimalMark: DecimalMark): RegExp {
  const marks = GROUPING.filter((mark) => mark !== decimalMark).join("");
  const grouped = `[1-9]\\d{0,2}(?<mark>[${marks}])\\d{3}(?:\\k<mark>\\d{3})*`;
  return new RegExp(`^(?<whole>${grouped}|\\d+)(?:\\${decimalMark}(?<fraction>\\d+))?$`);
}

/** U+2212 is the minus of typography. */
function splitSign(text: string): { sign: "+" | "-"; number: string } {
  const bracketed = /^\((.*)\)$/.exec(text)?.[1];
  if (bracketed !== undefined) return { sign: "-", number: bracketed };
  const leading = /^[-+\u2212]/.exec(text)?.[0];
  if (leading !== undefined) return { sign: leading === "+" ? "+" : "-", number: text.slice(1) };
  if (/[-\u2212]$/.test(text)) return { sign: "-", number: text.slice(0, -1) };
  return { sign: "+", number: text };
}
