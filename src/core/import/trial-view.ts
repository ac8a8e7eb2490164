import { getExponent, presentAmount } from "../money.ts";
import type { RecordFields } from "../record.ts";
import type { FileLayout } from "./file-layout.ts";
import type { FileEncoding } from "./file-text.ts";
import { presentTotals } from "./totals.ts";
import type { Trial } from "./trial.ts";

/** What an import would come to. */
export interface ImportTrial {
  typeKey: string;
  filename: string | null;
  encoding: FileEncoding;
  layout: FileLayout;
  trial: Trial;
}

/** The outcome of a dry run as /v1 shows it. */
export function presentTrial({ typeKey, filename, encoding, layout, trial }: ImportTrial) {
  return {
    type_key: typeKey,
    filename,
    encoding,
    delimiter: layout.delimiter,
    columns: layout.header,
    row_count: trial.rowCount,
    failed: trial.failed,
    ...presentTotals(trial.totals),
    rows: trial.rows.map(({ line, fields }) => ({ line, record: fields && presentFields(fields) })),
    problems: trial.problems,
    is_complete: !trial.isCut,
  };
}

function presentFields({ externalId, expectedBy, amount, ...fields }: RecordFields) {
  return {
    ...fields,
    amount: presentAmount(amount, getExponent(fields.currency)),
    external_id: externalId,
    expected_by: expectedBy,
  };
}
