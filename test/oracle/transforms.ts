// Choices:
// - A number or boolean is transformed as the text JSON would show.
// - `alphanumeric_only` keeps letters and digits of every script; `digits_only` keeps 0–9.
// - `first_n_chars` and `last_n_chars` count code points.
// - `strip_leading_zeros` leaves nothing of "000", which then is missing.
// - `regex_extract` without `group` takes the whole match; no match leaves nothing.

import type { OracleTransform } from "./model.ts";

/** The text after every transform, the first applied first. */
export function transformed(
  text: string,
  transforms: OracleTransform | readonly OracleTransform[] | undefined,
): string {
  if (transforms === undefined) return text;
  const steps = Array.isArray(transforms)
    ? (transforms as readonly OracleTransform[])
    : [transforms as OracleTransform];
  return steps.reduce(step, text);
}

function step(text: string, transform: OracleTransform): string {
  if (typeof transform !== "string") {
    if (transform.name === "regex_extract") {
      return new RegExp(transform.args.pattern, "u").exec(text)?.[transform.args.group ?? 0] ?? "";
    }
    const characters = Array.from(text);
    const n = transform.args.n;
    return (transform.name === "first_n_chars" ? characters.slice(0, n) : characters.slice(-n)).join("");
  }
  switch (transform) {
    case "lowercase":
      return text.toLowerCase();
    case "uppercase":
      return text.toUpperCase();
    case "trim":
      return text.trim();
    case "alphanumeric_only":
      return text.replace(/[^\p{L}\p{N}]/gu, "");
    case "digits_only":
      return text.replace(/[^0-9]/g, "");
    case "strip_leading_zeros":
      return text.replace(/^0+/, "");
  }
}
