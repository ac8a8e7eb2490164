import { dayNumber } from "../calendar.ts";
import { formatDecimal, parseDecimal } from "../decimal.ts";
import type { Item, Side } from "../matching/item.ts";
import type { CompiledCondition, Reader } from "./compiled-condition.ts";
import { isTwoSided, listPlaceOf } from "./condition.ts";
import { isScalarValue, momentOf, type ScalarValue, textOf, type Value } from "./value.ts";

/** The most keys that one item is stored or looked up under in one branch. */
export const MAX_KEYS = 1_000;
const MAX_TEXT_CHARACTERS = 96;

type Texts = (item: Item) => string[];

/** One part of a branch's key: the texts under which an item of a side is stored, and those to look up for it. */
export interface KeyPart {
  kind: "equal" | "month" | "days" | "list";
  stored: Record<Side, Texts>;
  lookup: Record<Side, Texts>;
}

/** The key part that a condition gives; undefined when it must be left to evaluation. */
export function compileKeyPart(compiled: CompiledCondition): KeyPart | undefined {
  const { condition, readKey, readValue } = compiled;
  if (!isTwoSided(condition) || isUnselective(condition.key) || isUnselective(condition.value)) return undefined;
  if (condition.operand === "in" && listPlaceOf(condition) === "value") return listPart(readKey, readValue);
  if (condition.operand !== "eq") return undefined;
  switch (condition.toleranceUnit) {
    case undefined:
      return condition.key === "amount" && condition.value === "amount"
        ? undefined
        : samePart("equal", readKey, readValue, canonicalText);
    case "month":
      return samePart("month", readKey, readValue, (value) => momentOf(value)?.day.slice(0, 7));
    case "day":
      return daysPart(readKey, readValue, Number(condition.toleranceAmount) + 1);
    default:
      return undefined;
  }
}

// The currency is in every key already, and a direction halves what is looked at, at best.
function isUnselective(field: string): boolean {
  return field === "currency" || field === "direction";
}

function samePart(
  kind: KeyPart["kind"],
  readKey: Reader,
  readValue: Reader,
  toText: (value: ScalarValue) => string | undefined,
): KeyPart {
  const texts = { a: scalarTexts(readKey, toText), b: scalarTexts(readValue, toText) };
  return { kind, stored: texts, lookup: texts };
}

function scalarTexts(read: Reader, toText: (value: ScalarValue) => string | undefined): Texts {
  return (item) => {
    const value = read(item);
    const text = value !== undefined && isScalarValue(value) ? toText(value) : undefined;
    return text === undefined ? [] : [text];
  };
}

// Days at most width − 1 apart lie in the same bucket of `width` days or in neighbouring ones.
function daysPart(readKey: Reader, readValue: Reader, width: number): KeyPart {
  const part = samePart("days", readKey, readValue, (value) => {
    const moment = momentOf(value);
    return moment && String(Math.floor(dayNumber(moment.day) / width));
  });
  const around = (texts: Texts): Texts => {
    return (item) => texts(item).flatMap((bucket) => [-1, 0, 1].map((step) => String(Number(bucket) + step)));
  };
  return { ...part, lookup: { a: around(part.stored.a), b: around(part.stored.b) } };
}

// Keys that no value has: where lists too long for one key per element meet every item of Side A that has a value.
const ANY_MEMBER = "\u0000member";
const LONG_LIST = "\u0000list";

function listPart(readKey: Reader, readValue: Reader): KeyPart {
  const member = scalarTexts(readKey, canonicalText);
  const withMark = (mark: string): Texts => {
    return (item) => member(item).flatMap((text) => [text, mark]);
  };
  const elements = (overflow: string): Texts => {
    return (item) => {
      const texts = elementTexts(readValue(item));
      return texts.length > MAX_KEYS ? [overflow] : texts;
    };
  };
  return {
    kind: "list",
    stored: { a: withMark(ANY_MEMBER), b: elements(LONG_LIST) },
    lookup: { a: withMark(LONG_LIST), b: elements(ANY_MEMBER) },
  };
}

function elementTexts(list: Value | undefined): string[] {
  if (list?.kind !== "list") return [];
  return [...new Set(list.elements.filter(isScalarValue).map(canonicalText))];
}

/** A text that values equal under `eq` share; unequal ones may share it too. */
function canonicalText(value: ScalarValue): string {
  const text = textOf(value);
  const decimal = value.kind === "text" ? parseDecimal(text) : undefined;
  return shorten(decimal ? formatDecimal(decimal) : text);
}

function shorten(text: string): string {
  const half = MAX_TEXT_CHARACTERS / 2;
  const short = text.length > MAX_TEXT_CHARACTERS ? text.slice(0, half) + text.slice(-half) : text;
  // The cut may leave half a character, which a database would store as another text.
  return short.toWellFormed();
}
