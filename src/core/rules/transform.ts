import { RE2JS } from "re2js";

export const PLAIN_TRANSFORMS = [
  "lowercase",
  "uppercase",
  "trim",
  "alphanumeric_only",
  "digits_only",
  "strip_leading_zeros",
] as const;
export type PlainTransformName = (typeof PLAIN_TRANSFORMS)[number];

export const ARGUMENT_TRANSFORMS = ["first_n_chars", "last_n_chars", "regex_extract"] as const;
export type ArgumentTransformName = (typeof ARGUMENT_TRANSFORMS)[number];

export type Transform =
  | { name: PlainTransformName }
  | { name: "first_n_chars" | "last_n_chars"; args: { n: number } }
  | { name: "regex_extract"; args: { pattern: string; group?: number } };

/** The transforms of one side as their author wrote them: a name, an object, or a list of these. */
export type TransformSpec = PlainTransformName | Transform | readonly (PlainTransformName | Transform)[];

/** Text in, text out; undefined when nothing is left. */
export type TextTransform = (text: string) => string | undefined;

/** Every transform as an object, in the order of application. */
export function listTransforms(spec: TransformSpec | undefined): Transform[] {
  if (spec === undefined) return [];
  const list = Array.isArray(spec) ? (spec as readonly (PlainTransformName | Transform)[]) : [spec];
  return list.map((entry) => (typeof entry === "string" ? { name: entry } : (entry as Transform)));
}

/** One function for the whole list, first applied first; undefined for an empty list. Patterns are compiled here, once. */
export function compileTransforms(spec: TransformSpec | undefined): TextTransform | undefined {
  const steps = listTransforms(spec).map(compileTransform);
  if (steps.length === 0) return undefined;
  return (text) => {
    let current: string | undefined = text;
    for (const step of steps) {
      current = step(current);
      if (current === undefined || current === "") return undefined;
    }
    return current;
  };
}

function compileTransform(transform: Transform): TextTransform {
  switch (transform.name) {
    case "lowercase":
      return (text) => text.toLowerCase();
    case "uppercase":
      return (text) => text.toUpperCase();
    case "trim":
      return (text) => text.trim();
    case "alphanumeric_only":
      return (text) => text.replace(/[^\p{L}\p{Nd}]/gu, "");
    case "digits_only":
      return (text) => text.replace(/[^0-9]/g, "");
    case "strip_leading_zeros":
      return (text) => text.replace(/^0+/, "");
    case "first_n_chars":
      return firstCharacters(transform.args.n);
    case "last_n_chars":
      return lastCharacters(transform.args.n);
    case "regex_extract":
      return extract(transform.args.pattern, transform.args.group);
  }
}

// A character is a code point, which is at most two UTF-16 units: 2n units always hold n characters.
function firstCharacters(n: number): TextTransform {
  return (text) =>
    Array.from(text.slice(0, 2 * n))
      .slice(0, n)
      .join("");
}

function lastCharacters(n: number): TextTransform {
  return (text) =>
    Array.from(text.slice(-2 * n))
      .slice(-n)
      .join("");
}

function extract(source: string, group: number | undefined): TextTransform {
  const pattern = RE2JS.compile(source);
  const wanted = group ?? defaultGroup(pattern.groupCount());
  return (text) => {
    const matcher = pattern.matcher(text);
    return matcher.find() ? (matcher.group(wanted) ?? undefined) : undefined;
  };
}

/** The group that `regex_extract` yields when none is named: the first, or the whole match of a pattern without groups. */
function defaultGroup(groupCount: number): number {
  return groupCount > 0 ? 1 : 0;
}

const MAX_PATTERN_CHARACTERS = 500;
// Matching takes time in proportion to text × instructions: about 15 ms for 1,000 characters at this size.
const MAX_PATTERN_INSTRUCTIONS = 1_000;

export type PatternProblem = { code: "invalid_pattern" | "pattern_too_large"; message: string };

/** The number of groups of a pattern, or why it is refused: too long, not RE2 (look-around, back-references), too costly. */
export function inspectPattern(source: string): { groups: number } | PatternProblem {
  if (source.length > MAX_PATTERN_CHARACTERS) {
    return { code: "pattern_too_large", message: `Must be at most ${MAX_PATTERN_CHARACTERS} characters.` };
  }
  try {
    const pattern = RE2JS.compile(source);
    if (pattern.programSize() > MAX_PATTERN_INSTRUCTIONS) {
      const message = "Repeats too much to run quickly; use + or * in place of large counts such as {1,1000}.";
      return { code: "pattern_too_large", message };
    }
    return { groups: pattern.groupCount() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Must be an RE2 pattern, without look-around or back-references: ${reason.slice(0, 200)}.`;
    return { code: "invalid_pattern", message };
  }
}
