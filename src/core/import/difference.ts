import type { RecordFields } from "../record.ts";
import type { ImportProblem } from "./problem.ts";
import type { FileRow } from "./read-row.ts";

/** What has to be the same in a record and in a row that is skipped as being that record. */
const COMPARED = ["amount", "currency", "direction", "date"] as const;

/** The record that has an `external_id`. */
export interface Holder extends Pick<RecordFields, (typeof COMPARED)[number]> {
  uid: string;
}

/** What is said of a row whose `external_id` is taken by something else; undefined if it says the same as the holder. */
export function findDifference(row: FileRow, holder: Holder, column: string | null): ImportProblem | undefined {
  const fields = COMPARED.filter((field) => row.fields[field] !== holder[field]);
  if (fields.length === 0) return undefined;
  const message = `Was skipped, though the record that has this external_id differs in ${join(fields)}.`;
  return { line: row.line, column, code: "differs_from_record", message, fields, record_id: holder.uid };
}

function join(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].filter((part) => part !== "").join(" and ");
}
