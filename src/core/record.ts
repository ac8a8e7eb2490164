import { z } from "zod";
import { type Day, parseDay } from "./calendar.ts";
import { currencySchema } from "./currency.ts";
import { formatDecimal } from "./decimal.ts";
import { listFieldErrors, REQUIRED } from "./field-errors.ts";
import type { Sign } from "./matching/item.ts";
import { type AmountProblem, DEFAULT_CURRENCY, findExponent, getExponent, parseAmount, toDecimal } from "./money.ts";
import { type Metadata, type PropertyDefinition, parseMetadata } from "./property.ts";
import { type FieldError, fail, ok, type Result } from "./result.ts";

export const DIRECTIONS = ["credit", "debit"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The part of a record that its sender decides; `amount` in minor units of `currency`. */
export interface RecordFields {
  date: Day;
  amount: number;
  currency: string;
  direction: Direction;
  description: string | null;
  externalId: string | null;
  metadata: Metadata;
  expectedBy: Day | null;
}

/** Whether a change may move the day on which a record falls due, in whatever reconciliation. */
export function movesDueDay(before: RecordFields, after: RecordFields): boolean {
  return before.date !== after.date || before.expectedBy !== after.expectedBy;
}

export function signOf(direction: Direction): Sign {
  return direction === "credit" ? 1 : -1;
}

export function directionOf(sign: Sign): Direction {
  return sign === 1 ? "credit" : "debit";
}

const AMOUNT_MESSAGES: Record<AmountProblem, string> = {
  not_a_number: "Must be a number of major units, such as 250.00, as a JSON number or a decimal string.",
  negative: "Must not be negative; the direction carries the sign.",
  too_many_decimals: "Has more decimals than its currency.",
  too_large: "Must be at most 999999999999999 minor units.",
};

const day = z
  .string()
  .refine((text) => parseDay(text) !== undefined, {
    message: "Must be a date of the calendar, YYYY-MM-DD, or an RFC 3339 time.",
    params: { code: "invalid_date" },
  })
  .meta({ format: "date", example: "2026-01-15" });

const amount = z
  .union([z.number(), z.string()], {
    error: (issue) => (issue.input === undefined ? REQUIRED : AMOUNT_MESSAGES.not_a_number),
  })
  .meta({ example: 250 });
const direction = z.enum(DIRECTIONS);
const description = z.string().max(1000);
const externalId = z.string().min(1).max(255);
const metadata = z.record(z.string(), z.unknown());

/** The wire form of a new record. Amounts and metadata need more than a schema: use `parseNewRecord`. */
export const newRecordSchema = z.strictObject({
  type_key: z.string(),
  date: day,
  amount,
  direction,
  currency: currencySchema.optional(),
  description: description.nullish(),
  external_id: externalId.nullish(),
  metadata: metadata.optional(),
  expected_by: day.nullish(),
});

/** The wire form of a change to a record: what is absent stays; `metadata` is replaced whole. */
export const recordPatchSchema = newRecordSchema.omit({ type_key: true }).partial();

/**
 * Reads a new record as /v1 sends it (amount in major units) against its data source's definitions. Lists every
 * field that is wrong. The caller has checked that `type_key` names a source. `onlyCurrency`: the source's records
 * have no other.
 */
export function parseNewRecord(
  input: unknown,
  definitions: readonly PropertyDefinition[],
  onlyCurrency: string | null = null,
): Result<RecordFields, FieldError[]> {
  const parsed = newRecordSchema.safeParse(input, { reportInput: true });
  return parseFields(parsed, input, undefined, definitions, onlyCurrency);
}

/** Reads a change to `current`. A new currency alone keeps the amount in major units. */
export function parseRecordPatch(
  input: unknown,
  current: RecordFields,
  definitions: readonly PropertyDefinition[],
  onlyCurrency: string | null = null,
): Result<RecordFields, FieldError[]> {
  const parsed = recordPatchSchema.safeParse(input, { reportInput: true });
  return parseFields(parsed, input, current, definitions, onlyCurrency);
}

type Parsed = z.ZodSafeParseResult<z.infer<typeof recordPatchSchema>>;

function parseFields(
  parsed: Parsed,
  input: unknown,
  current: RecordFields | undefined,
  definitions: readonly PropertyDefinition[],
  onlyCurrency: string | null,
): Result<RecordFields, FieldError[]> {
  const errors = parsed.success ? [] : listFieldErrors(parsed.error);
  const raw = (typeof input === "object" && input !== null && !Array.isArray(input) ? input : {}) as Record<
    string,
    unknown
  >;
  const money = readMoney(raw, current, errors);
  checkCurrency(raw, current, onlyCurrency, errors);
  const properties = readMetadata(raw, current, definitions, errors);
  if (!parsed.success || errors.length > 0 || !money || !properties) return fail(errors);
  const body = parsed.data;
  return ok({
    date: readDay(body.date, current?.date ?? null) as Day,
    amount: money.amount,
    currency: money.currency,
    direction: (body.direction ?? current?.direction) as Direction,
    description: readText(body.description, current?.description ?? null),
    externalId: readText(body.external_id, current?.externalId ?? null),
    metadata: properties,
    expectedBy: readDay(body.expected_by, current?.expectedBy ?? null),
  });
}

function readMoney(
  raw: Record<string, unknown>,
  current: RecordFields | undefined,
  errors: FieldError[],
): { amount: number; currency: string } | undefined {
  const code = raw.currency ?? current?.currency ?? DEFAULT_CURRENCY;
  const currency = typeof code === "string" ? code.toUpperCase() : undefined;
  const exponent = currency === undefined ? undefined : findExponent(currency);
  const given = raw.amount ?? (current && formatDecimal(toDecimal(current.amount, getExponent(current.currency))));
  if (given === undefined) return undefined;
  // Under an unknown currency an amount may still be wrong in every one.
  const amount = parseAmount(given, exponent ?? MAX_EXPONENT);
  if ("minor" in amount)
    return currency === undefined || exponent === undefined ? undefined : { amount: amount.minor, currency };
  if (exponent === undefined && (raw.amount === undefined || isOfCurrency(amount.problem))) return undefined;
  const path = raw.amount === undefined ? "/currency" : "/amount";
  const others = errors.filter((error) => error.path !== path);
  errors.splice(0, errors.length, ...others, { path, code: amount.problem, message: AMOUNT_MESSAGES[amount.problem] });
  return undefined;
}

/** What is no currency at all has been refused before. */
function checkCurrency(
  raw: Record<string, unknown>,
  current: RecordFields | undefined,
  onlyCurrency: string | null,
  errors: FieldError[],
): void {
  const code = raw.currency ?? current?.currency ?? DEFAULT_CURRENCY;
  if (onlyCurrency === null || typeof code !== "string" || code.toUpperCase() === onlyCurrency) return;
  if (errors.some((error) => error.path === "/currency")) return;
  const message = `Must be ${onlyCurrency}, the currency of the data source's internal account.`;
  errors.push({ path: "/currency", code: "other_currency", message });
}

const MAX_EXPONENT = 4;

function isOfCurrency(problem: AmountProblem): boolean {
  return problem === "too_many_decimals" || problem === "too_large";
}

function readMetadata(
  raw: Record<string, unknown>,
  current: RecordFields | undefined,
  definitions: readonly PropertyDefinition[],
  errors: FieldError[],
): Metadata | undefined {
  if (current && raw.metadata === undefined) return current.metadata;
  const given = raw.metadata ?? {};
  if (typeof given !== "object" || Array.isArray(given)) return undefined;
  const parsed = parseMetadata(given as Metadata, definitions);
  if (parsed.ok) return parsed.value;
  errors.push(...parsed.failure);
  return undefined;
}

function readDay(given: string | null | undefined, current: Day | null): Day | null {
  if (given === undefined) return current;
  return given === null ? null : (parseDay(given) as Day);
}

function readText(given: string | null | undefined, current: string | null): string | null {
  return given === undefined ? current : given;
}
