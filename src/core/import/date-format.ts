import { type Day, isDay, parseDay } from "../calendar.ts";

export const DEFAULT_DATE_FORMAT = "YYYY-MM-DD";

/** Reads a date as a file has it; undefined for one that is not so written, or of no calendar. */
export type DateReader = (text: string) => Day | undefined;

const PARTS: Record<string, string> = {
  YYYY: "(?<year>\\d{4})",
  YY: "(?<year>\\d{2})",
  MM: "(?<month>\\d{2})",
  M: "(?<month>\\d{1,2})",
  DD: "(?<day>\\d{2})",
  D: "(?<day>\\d{1,2})",
  HH: "(?:[01]\\d|2[0-3])",
  mm: "[0-5]\\d",
  ss: "[0-5]\\d",
};

const TOKEN = /YYYY|YY|MM|M|DD|D|HH|mm|ss|[-/., :T]/g;

/**
 * Makes a reader of a pattern of `YYYY` (`YY`: of this century), `MM` or `M`, `DD` or `D`, each once, and `-`, `/`, `.`,
 * `,`, `:`, `T` and blanks as they stand; `M` and `D` take one digit or two. `HH`, `mm` and `ss` are checked and dropped.
 * Undefined for any other pattern. `YYYY-MM-DD` takes RFC 3339 times too, for their UTC day.
 */
export function compileDateFormat(format: string): DateReader | undefined {
  if (format === DEFAULT_DATE_FORMAT) return (text) => parseDay(text.trim());
  const tokens = splitFormat(format);
  if (!tokens || !isComplete(tokens) || isAmbiguous(tokens)) return undefined;
  const pattern = new RegExp(`^${tokens.map((token) => PARTS[token] ?? quote(token)).join("")}$`);
  return (text) => {
    const { year = "", month = "", day = "" } = pattern.exec(text.trim())?.groups ?? {};
    const written = `${year.padStart(4, "20")}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
    return isDay(written) ? written : undefined;
  };
}

function splitFormat(format: string): string[] | undefined {
  const tokens = format.match(TOKEN) ?? [];
  return tokens.join("") === format ? tokens : undefined;
}

function isComplete(tokens: readonly string[]): boolean {
  const isOnce = (names: string[]) => tokens.filter((token) => names.includes(token)).length === 1;
  const isAtMostOnce = (name: string) => tokens.filter((token) => token === name).length <= 1;
  return (
    [
      ["YYYY", "YY"],
      ["MM", "M"],
      ["DD", "D"],
    ].every(isOnce) && ["HH", "mm", "ss"].every(isAtMostOnce)
  );
}

/** `D` and `M` end where something else than a digit stands. */
function isAmbiguous(tokens: readonly string[]): boolean {
  return tokens.some((token, place) => {
    const isOpen = token === "M" || token === "D";
    const neighbours = [tokens[place - 1], tokens[place + 1]];
    return isOpen && neighbours.some((neighbour) => neighbour !== undefined && neighbour in PARTS);
  });
}

function quote(character: string): string {
  return character.replace(/[./]/, "\\$&");
}
