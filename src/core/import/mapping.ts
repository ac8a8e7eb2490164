import { z } from "zod";
import { upperCurrencySchema } from "../currency.ts";
import { jsonPointer, listFieldErrors, REQUIRED } from "../field-errors.ts";
import { parseJson } from "../json.ts";
import { DIRECTIONS } from "../record.ts";
import { type FieldError, fail, ok, type Result } from "../result.ts";
import { isForbiddenName, listUnkeepable, NAME_REFUSAL } from "../text.ts";
import { DECIMAL_MARKS } from "./amount-text.ts";
import { compileDateFormat, DEFAULT_DATE_FORMAT } from "./date-format.ts";
import { trimName } from "./dialect.ts";
import { describeFoundColumns } from "./found-columns.ts";
import { COLUMN_MAX_CHARS, DATE_FORMAT_MAX_CHARS } from "./limits.ts";

/** Fields that a column can be; any other target is `metadata.<key>`. */
const FIELDS = [
  "date",
  "amount",
  "debit",
  "credit",
  "currency",
  "direction",
  "description",
  "external_id",
  "expected_by",
] as const;
type Field = (typeof FIELDS)[number];

const METADATA = "metadata.";

const target = z
  .string()
  .refine((text) => (FIELDS as readonly string[]).includes(text) || metadataKeyOf(text) !== undefined, {
    message: `Must be one of ${FIELDS.join(", ")}, or metadata.<key>.`,
    params: { code: "unknown_target" },
  })
  .refine((text) => !isForbiddenName(metadataKeyOf(text) ?? ""), {
    message: NAME_REFUSAL.message,
    params: { code: NAME_REFUSAL.code },
  })
  .meta({ example: "amount" });

/** The wire form of a mapping. What its members may not be together needs more than a schema: use `parseMapping`. */
export const mappingSchema = z.strictObject({
  columns: z.record(z.string().max(COLUMN_MAX_CHARS), target),
  date_format: z
    .string()
    .max(DATE_FORMAT_MAX_CHARS)
    .refine((format) => compileDateFormat(format) !== undefined, {
      message: "Must be made of YYYY, MM or M, DD or D, each once, and of - / . and blanks between them.",
      params: { code: "invalid_date_format" },
    })
    .default(DEFAULT_DATE_FORMAT),
  decimal_mark: z.enum(DECIMAL_MARKS).default("."),
  currency: upperCurrencySchema.optional(),
  direction: z.enum(DIRECTIONS).optional(),
});

/** What the columns of a file mean, in the wire's words. */
export type Mapping = z.output<typeof mappingSchema>;

/** The key of the record's metadata that a target stands for; undefined for another target. */
export function metadataKeyOf(target: string): string | undefined {
  return target.startsWith(METADATA) && target.length > METADATA.length ? target.slice(METADATA.length) : undefined;
}

/** Reads a mapping as it is sent, JSON as text; every wrong member is listed, by pointers below `/mapping`. */
export function parseMapping(text: string): Result<Mapping, FieldError[]> {
  let given: unknown;
  try {
    given = parseJson(text);
  } catch {
    return fail([{ path: "/mapping", code: "unreadable_json", message: "Must be JSON." }]);
  }
  const unkeepable = listUnkeepable(given).map((error) => ({ ...error, path: `/mapping${error.path}` }));
  const parsed = mappingSchema.safeParse(given, { reportInput: true });
  const errors = parsed.success ? listConflicts(parsed.data) : listFieldErrors(parsed.error, "/mapping");
  if (!parsed.success || errors.length + unkeepable.length > 0) return fail([...errors, ...unkeepable]);
  return ok(parsed.data);
}

function listConflicts(mapping: Mapping): FieldError[] {
  return [...listRepeats(mapping), ...listMissing(mapping), ...listContradictions(mapping)];
}

function listRepeats({ columns }: Mapping): FieldError[] {
  const errors: FieldError[] = [];
  const targets = new Set<string>();
  const names = new Set<string>();
  for (const [column, target] of Object.entries(columns)) {
    if (targets.has(target)) {
      errors.push({ path: pointerTo(column), code: "repeated_target", message: `Another column is ${target}.` });
    } else if (names.has(trimName(column))) {
      errors.push({ path: pointerTo(column), code: "repeated_column", message: "This column is named twice." });
    }
    targets.add(target);
    names.add(trimName(column));
  }
  return errors;
}

function listMissing(mapping: Mapping): FieldError[] {
  const has = (field: Field) => columnOf(mapping, field) !== undefined;
  const wanted: [isThere: boolean, what: string][] = [
    [has("date"), "date"],
    [has("amount") || has("debit") || has("credit"), "amount, or one is debit and one credit"],
    [!has("debit") || has("credit"), "credit, since one is debit"],
    [!has("credit") || has("debit"), "debit, since one is credit"],
  ];
  return wanted
    .filter(([isThere]) => !isThere)
    .map(([, what]) => {
      return { path: "/mapping/columns", code: "required", message: `${REQUIRED} A column must be ${what}.` };
    });
}

function listContradictions(mapping: Mapping): FieldError[] {
  const twoColumns = columnOf(mapping, "debit") ?? columnOf(mapping, "credit");
  const amount = columnOf(mapping, "amount");
  const direction = columnOf(mapping, "direction");
  const currency = columnOf(mapping, "currency");
  const errors: FieldError[] = [];
  const refuse = (path: string, message: string) => errors.push({ path, code: "contradiction", message });
  if (twoColumns !== undefined) {
    const message = "Columns that are debit and credit say both amount and direction.";
    if (amount !== undefined) refuse(pointerTo(amount), message);
    if (direction !== undefined) refuse(pointerTo(direction), message);
    if (mapping.direction !== undefined) refuse("/mapping/direction", message);
  } else if (direction !== undefined && mapping.direction !== undefined) {
    refuse("/mapping/direction", "A column is the direction.");
  }
  if (currency !== undefined && mapping.currency !== undefined) {
    refuse("/mapping/currency", "A column is the currency.");
  }
  return errors;
}

/** The column that has a target, as the mapping names it. */
function columnOf({ columns }: Mapping, target: string): string | undefined {
  return Object.keys(columns).find((column) => columns[column] === target);
}

function pointerTo(column: string): string {
  return jsonPointer(["mapping", "columns", column]);
}

/** How the columns that a mapping names lie in a file. */
export interface BoundColumn {
  /** As the file has it. */
  name: string;
  target: string;
  /** Cells of a row that stand before it. */
  place: number;
}

/** Finds a mapping's columns among the names in a file's first row; lists those that are not there, or there twice. */
export function bindColumns(header: readonly string[], { columns }: Mapping): Result<BoundColumn[], FieldError[]> {
  const [places, repeated] = [new Map<string, number>(), new Set<string>()];
  for (const [place, name] of header.map(trimName).entries()) {
    if (places.has(name)) repeated.add(name);
    else places.set(name, place);
  }
  const errors: FieldError[] = [];
  const unknown = { code: "unknown_column", message: describeFoundColumns(header) };
  const bound = Object.entries(columns).map(([column, target]) => {
    const name = trimName(column);
    const place = places.get(name) ?? -1;
    if (place === -1) {
      errors.push({ path: pointerTo(column), ...unknown });
    } else if (repeated.has(name)) {
      errors.push({ path: pointerTo(column), code: "ambiguous_column", message: "The file has it more than once." });
    }
    return { name, target, place };
  });
  return errors.length === 0 ? ok(bound) : fail(errors);
}
