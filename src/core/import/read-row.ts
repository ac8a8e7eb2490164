import { compareDecimals, decimalFromNumber, parseDecimal } from "../decimal.ts";
import type { PropertyDefinition, PropertyType } from "../property.ts";
import { parseNewRecord, type RecordFields } from "../record.ts";
import { fail, ok, type Result } from "../result.ts";
import { type DecimalMark, readAmount } from "./amount-text.ts";
import type { CsvRow } from "./csv-rows.ts";
import { compileDateFormat, type DateReader } from "./date-format.ts";
import { type BoundColumn, type Mapping, metadataKeyOf } from "./mapping.ts";
import { findFault, type ImportProblem } from "./problem.ts";
import { readDebitOrCredit, readSigned } from "./row-amount.ts";
import { RowDraft } from "./row-draft.ts";

/** What the rows of one file are read with. */
export interface RowReader {
  mapping: Mapping;
  /** By their targets. */
  columns: ReadonlyMap<string, BoundColumn>;
  columnCount: number;
  typeKey: string;
  definitions: readonly PropertyDefinition[];
  types: ReadonlyMap<string, PropertyType>;
  readDay: DateReader;
}

export interface FileMeaning {
  mapping: Mapping;
  columns: readonly BoundColumn[];
  columnCount: number;
  typeKey: string;
  definitions: readonly PropertyDefinition[];
}

/** Makes what reads the rows of a file; the mapping has been checked. */
export function openRowReader({ columns, ...meaning }: FileMeaning): RowReader {
  const readDay = compileDateFormat(meaning.mapping.date_format);
  if (!readDay) throw new Error("the mapping's date format was not checked");
  return {
    ...meaning,
    columns: new Map(columns.map((column) => [column.target, column])),
    types: new Map(meaning.definitions.map(({ key, type }) => [key, type])),
    readDay,
  };
}

/** A row of a file as the record that it is. */
export interface FileRow {
  /** Where it begins in the file. */
  line: number;
  fields: RecordFields;
  /** What it says by itself: its metadata as texts, whatever the data source's definitions make of them. */
  content: RecordFields;
}

/** Reads a row of a file. Problems are in the order of the file's columns. */
export function readRow(reader: RowReader, row: CsvRow): Result<FileRow, ImportProblem[]> {
  const fault = findFault(row, reader.columnCount);
  if (fault) return fail([fault]);
  const draft = new RowDraft(row, reader.columns);
  const { target, ...amount } = readRowAmount(reader, draft);
  const texts = readTexts(reader, draft);
  const body = { ...readFields(reader, draft), ...amount, metadata: readMetadata(reader, texts) };
  const parsed = parseNewRecord(body, reader.definitions);
  if (parsed.ok && draft.listProblems().length === 0) {
    return ok({
      line: row.line,
      fields: parsed.value,
      content: { ...parsed.value, metadata: Object.fromEntries(texts) },
    });
  }
  for (const { path, code, message } of parsed.ok ? [] : parsed.failure) {
    const place = targetOf(path);
    // A direction that goes with the amount is missing with it.
    if (place === "direction" && !reader.columns.has(place) && draft.isWrong(target)) continue;
    draft.refuse(place === "amount" ? target : place, code, message);
  }
  return fail(draft.listProblems());
}

function readRowAmount({ mapping, columns }: RowReader, draft: RowDraft) {
  if (!columns.has("amount")) return readDebitOrCredit(draft, mapping.decimal_mark);
  return readSigned(draft, mapping.decimal_mark, mapping.direction !== undefined || columns.has("direction"));
}

function readFields({ mapping, columns, typeKey, readDay }: RowReader, draft: RowDraft): Record<string, unknown> {
  const need = (target: string) => {
    const text = draft.read(target);
    if (text === undefined && columns.has(target)) draft.refuse(target, "required", "The cell is empty.");
    return text;
  };
  const readDate = (target: string, text: string | undefined) => {
    const day = text === undefined ? undefined : readDay(text);
    const message = `Must be a date of the calendar, written ${mapping.date_format}.`;
    if (text !== undefined && day === undefined) draft.refuse(target, "invalid_date", message);
    return day;
  };
  return {
    type_key: typeKey,
    date: readDate("date", need("date")),
    currency: mapping.currency ?? need("currency")?.trim(),
    direction: mapping.direction ?? need("direction")?.trim().toLowerCase(),
    description: draft.read("description"),
    external_id: draft.read("external_id"),
    expected_by: readDate("expected_by", draft.read("expected_by")),
  };
}

/** Metadata by its keys, as the file has it. */
function readTexts({ columns }: RowReader, draft: RowDraft): [key: string, text: string][] {
  const texts: [string, string][] = [];
  for (const target of columns.keys()) {
    const key = metadataKeyOf(target);
    const text = key === undefined ? undefined : draft.read(target);
    if (key !== undefined && text !== undefined) texts.push([key, text]);
  }
  return texts;
}

function readMetadata({ types, mapping, readDay }: RowReader, texts: readonly [string, string][]) {
  return Object.fromEntries(
    texts.map(([key, text]): [string, unknown] => {
      return [key, readProperty(text, types.get(key), mapping.decimal_mark, readDay) ?? text];
    }),
  );
}

/** Undefined for a text that is not of the type, and where it stays as it is. */
function readProperty(
  text: string,
  type: PropertyType | undefined,
  decimalMark: DecimalMark,
  readDay: DateReader,
): unknown {
  switch (type) {
    case "number":
      return readNumber(text, decimalMark);
    case "boolean":
      return BOOLEANS.get(text.trim().toLowerCase());
    case "date":
      return readDay(text);
    default:
      return undefined;
  }
}

const BOOLEANS = new Map([
  ["true", true],
  ["false", false],
]);

/** Undefined for what is no number, and for one that JavaScript would make another one. */
function readNumber(text: string, decimalMark: DecimalMark): number | undefined {
  const written = readAmount(text, decimalMark);
  if (!written) return undefined;
  const size = Number(written.digits);
  const [exact, held] = [parseDecimal(written.digits), decimalFromNumber(size)];
  if (!exact || !held || compareDecimals(exact, held) !== 0) return undefined;
  return written.isNegative ? -size : size;
}

/** The target that a JSON pointer into the wire form speaks of. */
function targetOf(path: string): string {
  const [, field = "", ...key] = path.split("/");
  if (field !== "metadata" || key.length === 0) return field;
  return `metadata.${key.join("/").replaceAll("~1", "/").replaceAll("~0", "~")}`;
}
