import { z } from "@hono/zod-openapi";
import { DRY_RUN_MAX_PROBLEMS, DRY_RUN_MAX_ROWS, DRY_RUN_SHOWN_ROWS, IMPORT_MAX_PROBLEMS } from "../../config.ts";
import { DELIMITERS } from "../../core/import/csv-rows.ts";
import { ENCODINGS } from "../../core/import/file-text.ts";
import { presentImport } from "../../core/import/import-view.ts";
import { mappingSchema } from "../../core/import/mapping.ts";
import { presentTrial } from "../../core/import/trial-view.ts";
import { JOB_STATUSES } from "../../core/job.ts";
import { DIRECTIONS } from "../../core/record.ts";
import { invalid, notFound, ok } from "../../core/result.ts";
import { findDataSource } from "../../db/data-sources.ts";
import { findImport, type ImportRow, listImports } from "../../db/imports.ts";
import { unknownSource } from "../../services/check-source-name.ts";
import { createImport } from "../../services/create-import.ts";
import { tryImport } from "../../services/try-import.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { dataSourceKey } from "./data-sources.ts";
import { day, id, time } from "./time.ts";

const TAG = "Imports";
const LIST = "imports";

const amount = z.union([z.number(), z.string()]);
const sum = amount.nullable().meta({ description: "Null if there are several currencies" });

const problem = z.object({
  line: z.int().meta({
    description: "The line of the file at which the row begins, counted from 1, which most often is the header",
  }),
  column: z.string().nullable().meta({ description: "The column's name; null where it is none in particular" }),
  code: z.string(),
  message: z.string(),
  fields: z
    .array(z.string())
    .optional()
    .meta({ description: "With differs_from_record: what is not the same, of amount, currency, direction and date" }),
  record_id: id.optional().meta({ description: "With differs_from_record: the record that has the row's external_id" }),
});

const totals = {
  total_credits: sum,
  total_debits: sum,
  net_amount: sum,
  totals_by_currency: z.array(
    z.object({ currency: z.string(), total_credits: amount, total_debits: amount, net_amount: amount }),
  ),
  date_from: day.nullable(),
  date_to: day.nullable(),
};

const layout = {
  encoding: z.enum(ENCODINGS).meta({ description: "As it was found" }),
  delimiter: z.enum(DELIMITERS).meta({ description: "As it was found" }),
};

const exampleTotals = {
  total_credits: 1250.5,
  total_debits: 200,
  net_amount: 1050.5,
  totals_by_currency: [{ currency: "USD", total_credits: 1250.5, total_debits: 200, net_amount: 1050.5 }],
  date_from: "2026-01-01",
  date_to: "2026-01-31",
};
const exampleProblem = {
  line: 7,
  column: "Amount",
  code: "not_a_number",
  message: 'Must be a number whose decimal mark is ".".',
};

const importResource = z
  .object({
    id,
    type_key: z.string(),
    filename: z.string().nullable(),
    status: z.enum(JOB_STATUSES),
    ...layout,
    progress: z
      .object({ done: z.int(), total: z.int() })
      .meta({ description: "Bytes of the file, as UTF-8, that are worked off, and all of them" }),
    row_count: z.int().meta({ description: "Rows worked off so far; rows of nothing but blanks are none" }),
    created: z.int(),
    skipped: z.int().meta({
      description:
        "Rows that are in the data source already, by their external_id or else by what they say. One whose external_id is a record's that has another amount, currency, direction or date has the problem differs_from_record",
    }),
    failed: z.int(),
    ...totals,
    problems: z.array(problem).meta({ description: `The first ${IMPORT_MAX_PROBLEMS}` }),
    created_at: time,
    completed_at: time.nullable(),
  })
  .meta({
    id: "Import",
    description:
      "Sums and dates are those of the file: of all its rows but the failed ones, so also of those that were skipped, as the file has them. With problems of the code differs_from_record they are not what is stored.",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      type_key: "bank_statement",
      filename: "january.csv",
      status: "completed",
      encoding: "utf-8",
      delimiter: ",",
      progress: { done: 4812, total: 4812 },
      row_count: 42,
      created: 41,
      skipped: 0,
      failed: 1,
      ...exampleTotals,
      problems: [exampleProblem],
      created_at: "2026-02-01T09:30:00.000Z",
      completed_at: "2026-02-01T09:30:01.000Z",
    },
  });

const trial = z
  .object({
    type_key: z.string(),
    filename: z.string().nullable(),
    ...layout,
    columns: z.array(z.string()).meta({ description: "The file's first row" }),
    row_count: z.int(),
    failed: z.int(),
    ...totals,
    rows: z
      .array(
        z.object({
          line: z.int(),
          record: z
            .object({
              date: day,
              amount,
              currency: z.string(),
              direction: z.enum(DIRECTIONS),
              description: z.string().nullable(),
              external_id: z.string().nullable(),
              metadata: z.record(z.string(), z.unknown()),
              expected_by: day.nullable(),
            })
            .nullable()
            .meta({ description: "Null if the row is wrong" }),
        }),
      )
      .meta({ description: `The first ${DRY_RUN_SHOWN_ROWS}, as they would be read` }),
    problems: z
      .array(problem)
      .meta({ description: `The first ${DRY_RUN_MAX_PROBLEMS}; failed counts all rows that are wrong` }),
    is_complete: z.boolean().meta({
      description: `False if the file has more than ${DRY_RUN_MAX_ROWS} rows: counts and sums are of so many then, else of the file`,
    }),
  })
  .meta({
    id: "ImportDryRun",
    description:
      "What an import of the file would read. Sums and dates are of all rows but the failed ones. Rows that are in the data source already are not told apart, so none is said to differ from its record.",
    example: {
      type_key: "bank_statement",
      filename: "january.csv",
      encoding: "utf-8",
      delimiter: ",",
      columns: ["Date", "Amount", "Text"],
      row_count: 42,
      failed: 1,
      ...exampleTotals,
      rows: [
        {
          line: 2,
          record: {
            date: "2026-01-01",
            amount: 250,
            currency: "USD",
            direction: "credit",
            description: "Invoice #1042",
            external_id: null,
            metadata: {},
            expected_by: null,
          },
        },
      ],
      problems: [exampleProblem],
      is_complete: true,
    },
  });

const mapping = mappingSchema.meta({
  id: "ImportMapping",
  description:
    "columns: what each column is, by its name: a field of the record, debit and credit (two amount columns), or metadata.<key>. One amount column without a direction beside it is signed: positive is credit, negative debit.",
  example: {
    columns: { Date: "date", Amount: "amount", Text: "description", Reference: "metadata.reference" },
    date_format: "DD.MM.YYYY",
    decimal_mark: ",",
    currency: "EUR",
  },
});

const newImport = z
  .object({
    file: z.string().meta({
      format: "binary",
      description: "CSV in UTF-8, UTF-16 or Windows-1252, with a header, delimited by comma, semicolon, tab or |",
    }),
    mapping,
  })
  .meta({
    id: "NewImport",
    example: { file: "Date,Amount\n2026-01-01,250.00\n", mapping: { columns: { Date: "date", Amount: "amount" } } },
  });

const params = z.object({ id });

const present = ({ snapshot }: ImportRow) => presentImport(snapshot);

export const importEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/data_sources/{key}/imports",
    operationId: "createImport",
    tag: TAG,
    summary: "Import a CSV file into a data source",
    description:
      "Its rows become records in the background, each on its own; rows that are there already are skipped, by external_id or else by what they say, so that a file may be sent again. With another mapping it is another file: its rows say something else. A data source of the type csv is made if there is none of this key. The body is read as it comes and may have 25 MB.",
    scope: "write",
    params: z.object({ key: dataSourceKey.meta({ description: "The data source's key" }) }),
    query: z.strictObject({
      dry_run: z
        .enum(["true", "false"])
        .transform((text) => text === "true")
        .optional()
        .meta({ description: "true: nothing is written, and the answer says how the file would be read" }),
    }),
    body: newImport,
    isForm: true,
    answers: {
      200: { description: "How the file would be read", schema: trial },
      202: { description: "The import", schema: importResource },
    },
    refusals: [409],
    locate: ({ uid }) => `/v1/imports/${uid}`,
    async handle({ ctx, params, query, readForm }) {
      if (query.dry_run === true) {
        const tried = await tryImport(ctx, params.key, readForm());
        return tried.ok ? ok({ status: 200, body: presentTrial(tried.value) }) : tried;
      }
      const created = await createImport(ctx, params.key, readForm());
      if (!created.ok) return created;
      const body = presentImport(created.value);
      return ok({ status: 202, body, headers: { Location: `/v1/imports/${body.id}` } });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/imports",
    operationId: "listImports",
    tag: TAG,
    summary: "List imports",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      type_key: z.string().optional().meta({ description: "Key of a data source" }),
    }),
    answers: { 200: { description: "A page, newest first", schema: pageOf(importResource) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const { type_key: key } = query;
      const source = key === undefined ? null : await findDataSource(ctx.db, ctx.environmentId, key);
      if (source === undefined) return invalid([unknownSource("type_key", key ?? "")]);
      const found = await listImports(ctx.db, ctx.environmentId, source?.id ?? null, page.value);
      return ok(await presentPage(ctx, LIST, found, present));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/imports/{id}",
    operationId: "getImport",
    tag: TAG,
    summary: "Read an import and how far it has come",
    scope: "read",
    params,
    answers: { 200: { description: "The import", schema: importResource } },
    async handle({ ctx, params }) {
      const row = await findImport(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: present(row) }) : notFound("import");
    },
  }),
];
