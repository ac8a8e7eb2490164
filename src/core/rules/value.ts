import { type Day, dayOf, isDay, parseTime } from "../calendar.ts";
import { type Decimal, decimalFromNumber, formatDecimal, parseDecimal } from "../decimal.ts";
import type { Item } from "../matching/item.ts";
import { getExponent, presentAmount, toDecimal } from "../money.ts";
import { metadataKeyOf, type Scalar } from "./condition.ts";
import type { TextTransform } from "./transform.ts";

/** A present value of a field or a constant. What is absent, null, empty or emptied is `undefined` instead. */
export type Value = ScalarValue | { kind: "list"; elements: Value[] } | { kind: "object"; json: string };

export type ScalarValue =
  | { kind: "number"; decimal: Decimal; shown: number | string }
  | { kind: "text"; text: string }
  | { kind: "boolean"; value: boolean };

/** Which amount the field `amount` means: what is open in this reconciliation, or the record's own. */
export type AmountKind = "open" | "own";

/** Reads a field of an item; amounts become exact decimals of major units. Throws on a field that no rule may name. */
export function readField(item: Item, field: string, amountKind: AmountKind): Value | undefined {
  switch (field) {
    case "amount":
      return readMinorUnits(amountKind === "open" ? item.open : item.amount, item.currency);
    case "date":
      return readRaw(item.date);
    case "direction":
      return { kind: "text", text: item.sign === 1 ? "credit" : "debit" };
    case "currency":
      return readRaw(item.currency);
    case "description":
      return readRaw(item.description);
    case "external_id":
      return readRaw(item.externalId);
    case "type_key":
      return readRaw(item.typeKey);
    default:
      return readMetadata(item, field);
  }
}

function readMinorUnits(minor: number, currency: string): Value {
  const exponent = getExponent(currency);
  return { kind: "number", decimal: toDecimal(minor, exponent), shown: presentAmount(minor, exponent) };
}

function readMetadata(item: Item, field: string): Value | undefined {
  const key = metadataKeyOf(field);
  if (key === undefined) throw new Error(`unknown field ${field}`);
  return Object.hasOwn(item.metadata, key) ? readRaw(item.metadata[key]) : undefined;
}

/** Any JSON value as a typed one. A list without present elements is missing. */
export function readRaw(raw: unknown): Value | undefined {
  switch (typeof raw) {
    case "string":
      return raw === "" ? undefined : { kind: "text", text: raw };
    case "boolean":
      return { kind: "boolean", value: raw };
    case "number":
      return readNumber(raw);
    case "object":
      if (raw === null) return undefined;
      return Array.isArray(raw) ? toList(raw.map(readRaw)) : { kind: "object", json: JSON.stringify(raw) };
    default:
      return undefined;
  }
}

function readNumber(raw: number): Value | undefined {
  const decimal = decimalFromNumber(raw);
  return decimal && { kind: "number", decimal, shown: raw };
}

function toList(entries: readonly (Value | undefined)[]): Value | undefined {
  const elements = entries.filter((entry) => entry !== undefined);
  return elements.length === 0 ? undefined : { kind: "list", elements };
}

/** The value as the list of `in` and `not_in`: an array, or a text cut at every `|` with empty parts dropped. */
export function asList(value: Value | undefined): Value | undefined {
  if (value === undefined || !isScalarValue(value)) return value;
  return toList(value.kind === "text" ? value.text.split("|").map(readRaw) : [value]);
}

/** Applies transforms to the value's text, to a list element by element; objects have no text and stay as they are. */
export function transformValue(value: Value | undefined, transform: TextTransform | undefined): Value | undefined {
  if (value === undefined || transform === undefined || value.kind === "object") return value;
  if (value.kind === "list") return toList(value.elements.map((element) => transformValue(element, transform)));
  return readRaw(transform(textOf(value)));
}

export function isScalarValue(value: Value): value is ScalarValue {
  return value.kind !== "list" && value.kind !== "object";
}

/** The text that transforms and `contains` go by: numbers in plain notation, `true`, `false`. */
export function textOf(value: ScalarValue): string {
  switch (value.kind) {
    case "number":
      return formatDecimal(value.decimal);
    case "text":
      return value.text;
    case "boolean":
      return String(value.value);
  }
}

/** The value as a number: numbers themselves and texts of decimal form. */
export function numberOf(value: ScalarValue): Decimal | undefined {
  if (value.kind === "number") return value.decimal;
  return value.kind === "text" ? parseDecimal(value.text) : undefined;
}

/** A text that names a day, or a time with its instant in milliseconds since 1970. */
export interface Moment {
  day: Day;
  instant: number | undefined;
}

/** Reads a day, an RFC 3339 time (its UTC day is taken), or a day followed by anything after a `T` or a space. */
export function momentOf(value: ScalarValue): Moment | undefined {
  if (value.kind !== "text") return undefined;
  const { text } = value;
  const instant = parseTime(text);
  if (instant !== undefined) return { day: dayOf(instant), instant };
  const day = text.slice(0, 10);
  const isDayAlone = text.length === 10 || /[Tt ]/.test(text.charAt(10));
  return isDayAlone && isDay(day) ? { day, instant: undefined } : undefined;
}

/** Explanations are kept for ever: what is longer is shown cut, and ends with an ellipsis. */
const SHOWN_MAX_CHARS = 200;
const SHOWN_MAX_ELEMENTS = 20;

/** The value as explanations show it: JSON scalars, arrays of them, null for what is missing. */
export function showValue(value: Value | undefined): Scalar | null | Scalar[] {
  if (value === undefined) return null;
  if (value.kind !== "list") return showElement(value);
  const shown = value.elements.slice(0, SHOWN_MAX_ELEMENTS).map(showElement);
  const more = value.elements.length - shown.length;
  return more > 0 ? [...shown, `… ${more} more`] : shown;
}

/** What several items have for one field: the value if they all have the same one, else a list of the distinct ones. */
export function showValues(values: readonly (Value | undefined)[]): Scalar | null | Scalar[] {
  if (values.length === 1) return showValue(values[0]);
  const present = values.filter((value) => value !== undefined);
  const more = present.length - SHOWN_MAX_ELEMENTS;
  const shown = present.slice(0, SHOWN_MAX_ELEMENTS).map(showElement);
  return more > 0 ? [...shown, `… ${more} more`] : shown;
}

/** A text that two values share only if no condition tells them apart. */
export function valueKey(value: Value): string {
  switch (value.kind) {
    case "list":
      return `l${JSON.stringify(value.elements.map(valueKey))}`;
    case "object":
      return `o${value.json}`;
    case "number":
      return `n${formatDecimal(value.decimal)}`;
    default:
      return `${value.kind.charAt(0)}${value.kind === "text" ? value.text : value.value}`;
  }
}

function showElement(value: Value): Scalar {
  switch (value.kind) {
    case "number":
      return value.shown;
    case "text":
      return cutText(value.text);
    case "boolean":
      return value.value;
    case "object":
      return cutText(value.json);
    case "list":
      return cutText(JSON.stringify(value.elements.slice(0, SHOWN_MAX_ELEMENTS).map(showElement)));
  }
}

function cutText(text: string): string {
  if (text.length <= SHOWN_MAX_CHARS) return text;
  // By code points: half a surrogate pair has no canonical JSON.
  return `${Array.from(text.slice(0, 2 * SHOWN_MAX_CHARS))
    .slice(0, SHOWN_MAX_CHARS)
    .join("")}…`;
}
