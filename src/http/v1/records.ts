import { z } from "@hono/zod-openapi";
import { parseDay } from "../../core/calendar.ts";
import { parseDecimal } from "../../core/decimal.ts";
import { boundInMinorUnits, findExponent } from "../../core/money.ts";
import { RECORD_STATUSES, statusCodeOf } from "../../core/reconciliation.ts";
import { DIRECTIONS, newRecordSchema, recordPatchSchema, signOf } from "../../core/record.ts";
import { presentRecord, type RecordSnapshot } from "../../core/record-view.ts";
import { notFound, ok } from "../../core/result.ts";
import { findRecordSnapshot } from "../../db/records.ts";
import { createRecord, listRecordErrors } from "../../services/create-record.ts";
import { deleteRecord } from "../../services/delete-record.ts";
import { listRecordsBy, type RecordQuery } from "../../services/list-records-by.ts";
import { updateRecord } from "../../services/update-record.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { queryPairs } from "../query-parameters.ts";
import { day, id, time } from "./time.ts";

const TAG = "Records";
const LIST = "records";
const ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const amount = z.union([z.number(), z.string()]);
const status = z.enum(RECORD_STATUSES);

export const record = z
  .object({
    id,
    type_key: z.string(),
    date: day,
    amount,
    currency: z.string(),
    direction: z.enum(DIRECTIONS),
    description: z.string().nullable(),
    external_id: z.string().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    expected_by: day.nullable(),
    status,
    reconciled_amount: amount,
    reconciliations: z.array(
      z.object({
        reconciliation_id: id,
        status,
        reconciled_amount: amount,
        overdue_at: time.nullable(),
        match_ids: z.array(id),
      }),
    ),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "Record",
    example: {
      id: ID,
      type_key: "stripe_payments",
      date: "2026-01-15",
      amount: 250,
      currency: "USD",
      direction: "credit",
      description: "Invoice #1042",
      external_id: "pi_abc123",
      metadata: { customer_id: "cus_xyz" },
      expected_by: null,
      status: "unreconciled",
      reconciled_amount: 0,
      reconciliations: [],
      created_at: "2026-01-15T09:30:00.000Z",
      updated_at: "2026-01-15T09:30:00.000Z",
    },
  });

export const newRecord = newRecordSchema.meta({
  id: "NewRecord",
  example: {
    type_key: "stripe_payments",
    date: "2026-01-15",
    amount: 250,
    direction: "credit",
    description: "Invoice #1042",
    external_id: "pi_abc123",
    metadata: { customer_id: "cus_xyz" },
  },
});

const recordPatch = recordPatchSchema.meta({ id: "RecordPatch", example: { amount: 245.5 } });

const params = z.object({ id });

export const calendarDay = z
  .string()
  .refine((text) => parseDay(text) !== undefined, "Must be a date of the calendar, YYYY-MM-DD.")
  .transform((text) => parseDay(text) as string)
  .optional();

const majorUnits = (rounding: "up" | "down") =>
  z
    .string()
    .refine((text) => parseDecimal(text) !== undefined, "Must be a decimal number of major units.")
    .transform((text) =>
      boundInMinorUnits(parseDecimal(text) as NonNullable<ReturnType<typeof parseDecimal>>, rounding),
    )
    .optional();

const filters = {
  type_key: z.string().optional().meta({ description: "Key of a data source" }),
  reconciliation_id: id.optional(),
  reconciliation_match_id: id.optional(),
  bulk_request_id: id.optional().meta({ description: "The bulk request that has brought it in" }),
  import_id: id.optional().meta({ description: "The import that has brought it in" }),
  external_id: z.string().optional().meta({ description: "The sender's own identifier" }),
  status: status.optional().meta({ description: "With reconciliation_id: the status of that pair" }),
  direction: z.enum(DIRECTIONS).optional().meta({ description: "credit or debit" }),
  currency: z
    .string()
    .transform((code) => code.toUpperCase())
    .refine((code) => findExponent(code) !== undefined, "Must be an ISO 4217 currency code.")
    .optional()
    .meta({ description: "ISO 4217 code" }),
  date_from: calendarDay.meta({ description: "First day" }),
  date_to: calendarDay.meta({ description: "Last day" }),
  amount_min: majorUnits("up").meta({ description: "In major units, included" }),
  amount_max: majorUnits("down").meta({ description: "In major units, included" }),
  overdue: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional()
    .meta({ description: "Whether overdue_at is set; with reconciliation_id: of that pair" }),
  q: z.string().min(1).max(200).optional().meta({ description: "Text in description or external_id" }),
};

const query = z.strictObject({
  ...pageQuery,
  ...filters,
  metadata: queryPairs("Pairs that all must be there: metadata[key]=value"),
});

function readQuery(given: z.output<typeof query>): RecordQuery {
  return {
    typeKey: given.type_key,
    reconciliationUid: given.reconciliation_id,
    matchUid: given.reconciliation_match_id,
    bulkRequestUid: given.bulk_request_id,
    importUid: given.import_id,
    filters: {
      externalId: given.external_id,
      status: given.status && statusCodeOf(given.status),
      direction: given.direction && signOf(given.direction),
      currency: given.currency,
      dateFrom: given.date_from,
      dateTo: given.date_to,
      amountMin: given.amount_min,
      amountMax: given.amount_max,
      overdue: given.overdue,
      text: given.q,
      metadata: Object.entries(given.metadata ?? {}).map(([key, value]) => ({ key, value })),
    },
  };
}

function answer(status: number, snapshot: RecordSnapshot) {
  return { status, body: presentRecord(snapshot) };
}

export const recordEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/records",
    operationId: "createRecord",
    tag: TAG,
    summary: "Take in a record and answer with the outcome of matching",
    description:
      "Waits for matching, at most 2 seconds. In a continuous reconciliation that has caught up the answer is final; otherwise the record is matched later without the client's help.",
    scope: "write",
    body: newRecord,
    bodyCheckedByService: true,
    checkNames: listRecordErrors,
    answers: { 201: { description: "The record", schema: record } },
    refusals: [409],
    async handle({ ctx, rawBody }) {
      const created = await createRecord(ctx, rawBody);
      if (!created.ok) return created;
      return ok({ ...answer(201, created.value), headers: { Location: `/v1/records/${created.value.id}` } });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/records",
    operationId: "listRecords",
    tag: TAG,
    summary: "List records",
    description:
      "A page may be shorter than its limit while has_more is true: no page reads more than a bounded number of rows.",
    scope: "read",
    query,
    answers: { 200: { description: "A page, newest first", schema: pageOf(record) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listRecordsBy(ctx, readQuery(query), page.value);
      return found.ok ? ok(await presentPage(ctx, LIST, found.value, presentRecord)) : found;
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/records/{id}",
    operationId: "getRecord",
    tag: TAG,
    summary: "Read a record",
    scope: "read",
    params,
    answers: { 200: { description: "The record", schema: record } },
    async handle({ ctx, params }) {
      const snapshot = await findRecordSnapshot(ctx.db, ctx.environmentId, params.id);
      return snapshot ? ok(answer(200, snapshot)) : notFound("record");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/records/{id}",
    operationId: "updateRecord",
    tag: TAG,
    summary: "Change a record that is unreconciled everywhere",
    description: "What is absent stays; metadata is replaced whole. The changed record is matched again.",
    scope: "write",
    params,
    body: recordPatch,
    bodyCheckedByService: true,
    answers: { 200: { description: "The record", schema: record } },
    refusals: [409],
    async handle({ ctx, params, rawBody }) {
      const updated = await updateRecord(ctx, params.id, rawBody);
      return updated.ok ? ok(answer(200, updated.value)) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/records/{id}",
    operationId: "deleteRecord",
    tag: TAG,
    summary: "Delete a record that is unreconciled everywhere",
    scope: "write",
    params,
    answers: { 204: { description: "It is gone" } },
    refusals: [409],
    async handle({ ctx, params }) {
      const deleted = await deleteRecord(ctx, params.id);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
];
