import type { z } from "zod";

const TYPES: Record<string, string> = {
  string: "Must be a string.",
  number: "Must be a number.",
  int: "Must be a whole number.",
  boolean: "Must be true or false.",
  array: "Must be an array.",
  tuple: "Must be an array.",
  object: "Must be an object.",
  record: "Must be an object.",
  null: "Must be null.",
};

const FORMATS: Record<string, string> = {
  uuid: "Must be a UUID.",
  datetime: "Must be an RFC 3339 time.",
  date: "Must be a date, YYYY-MM-DD.",
  url: "Must be a URL.",
  email: "Must be an email address.",
};

/** What is counted of a value to see whether it is too large; of any other value the value itself counts. */
const UNITS: Record<string, [one: string, many: string]> = {
  string: ["character", "characters"],
  array: ["item", "items"],
};

/** What a field that zod refuses would have to be: in these words, except where a schema's own check has its message. */
export function describeWanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? `Must be of type ${issue.expected}.`;
    case "too_big":
      return describeMaximum(issue);
    case "too_small":
      return describeMinimum(issue);
    case "invalid_format":
      return FORMATS[issue.format] ?? endSentence(issue.message);
    case "not_multiple_of":
      return `Must be a multiple of ${issue.divisor}.`;
    case "invalid_value":
      return `Must be one of: ${issue.values.map(String).join(", ")}.`;
    case "invalid_key":
      return describeName(issue);
    default:
      return issue.message === "Invalid input"
        ? "Has none of the forms that are taken here."
        : endSentence(issue.message);
  }
}

function describeMaximum({ origin, maximum, inclusive, exact }: z.core.$ZodIssueTooBig): string {
  const unit = UNITS[origin];
  if (unit && exact) return `Must have exactly ${count(maximum, unit)}.`;
  if (unit) return `May have at most ${count(maximum, unit)}.`;
  return inclusive ? `Must be at most ${maximum}.` : `Must be less than ${maximum}.`;
}

function describeMinimum({ origin, minimum, inclusive, exact }: z.core.$ZodIssueTooSmall): string {
  const unit = UNITS[origin];
  if (unit && exact) return `Must have exactly ${count(minimum, unit)}.`;
  if (unit) return Number(minimum) === 1 ? "Must not be empty." : `Must have at least ${count(minimum, unit)}.`;
  return inclusive ? `Must be at least ${minimum}.` : `Must be more than ${minimum}.`;
}

/** The names of a record's members have a schema of their own. */
function describeName({ issues: [issue] }: z.core.$ZodIssueInvalidKey): string {
  if (!issue) return "Its name is wrong.";
  const [first = "", ...rest] = describeWanted(issue);
  return `Its name is wrong: ${first.toLowerCase()}${rest.join("")}`;
}

function count(limit: number | bigint, [one, many]: [one: string, many: string]): string {
  return `${limit.toLocaleString("en-US")} ${Number(limit) === 1 ? one : many}`;
}

function endSentence(message: string): string {
  return message.endsWith(".") ? message : `${message}.`;
}
