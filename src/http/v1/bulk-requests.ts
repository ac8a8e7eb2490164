import { z } from "@hono/zod-openapi";
import { BULK_MAX_BYTES, BULK_MAX_ROWS } from "../../config.ts";
import {
  type BulkRequestSnapshot,
  CONFLICT_RULES,
  presentBulkRequest,
  presentRowOutcome,
  ROW_STATUSES,
} from "../../core/bulk-request.ts";
import { JOB_STATUSES } from "../../core/job.ts";
import { notFound, ok } from "../../core/result.ts";
import { findBulkRequest, listBulkRequests } from "../../db/bulk-requests.ts";
import { listOutcomes } from "../../db/bulk-rows.ts";
import { cancelBulkRequest } from "../../services/cancel-bulk-request.ts";
import { createBulkRequest } from "../../services/create-bulk-request.ts";
import { retryBulkRequest } from "../../services/retry-bulk-request.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { newRecord } from "./records.ts";
import { id, time } from "./time.ts";

const TAG = "Bulk requests";
const LIST = "bulk requests";
const EXAMPLE = {
  id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
  status: "completed" as const,
  total_items: 2,
  processed_items: 2,
  successful_items: 1,
  failed_items: 1,
  skipped_items: 0,
  created_at: "2026-01-15T09:30:00.000Z",
  completed_at: "2026-01-15T09:30:00.480Z",
  url: "/v1/bulk_requests/0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
};

const summary = z.object({
  id,
  status: z.enum(JOB_STATUSES),
  total_items: z.int(),
  processed_items: z.int(),
  successful_items: z.int().meta({ description: "Created or updated" }),
  failed_items: z.int(),
  skipped_items: z.int(),
  created_at: time,
  completed_at: time.nullable().meta({ description: "When it came to its end, whatever that was" }),
  url: z.string().meta({ description: "Path of the bulk request, where its rows' results are" }),
});

const result = z
  .object({
    index: z.int().meta({ description: "Place of the row in the request, from 0" }),
    status: z.enum(ROW_STATUSES),
    record_id: id.nullable().meta({
      description:
        "The record that the row has made or changed, or that has its external_id already, because of which it was skipped or has failed; null if there is none",
    }),
    errors: z
      .array(z.object({ path: z.string(), code: z.string(), message: z.string(), record_id: z.string().optional() }))
      .meta({ description: "Paths are JSON pointers into the row; the first 100" }),
  })
  .meta({
    id: "BulkResult",
    example: { index: 0, status: "created", record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b", errors: [] },
  });

const bulkRequest = summary
  .extend({ results: pageOf(result).optional().meta({ description: "Where one bulk request is read" }) })
  .meta({ id: "BulkRequest", example: EXAMPLE });

const bulkRequestWithResults = summary.extend({ results: pageOf(result) }).meta({
  id: "BulkRequestWithResults",
  example: {
    ...EXAMPLE,
    results: {
      data: [
        { index: 0, status: "created", record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b", errors: [] },
        {
          index: 1,
          status: "failed",
          record_id: null,
          errors: [{ path: "/amount", code: "required", message: "This field is required." }],
        },
      ],
      next_cursor: null,
      has_more: false,
    },
  },
});

const newBulkRequest = z
  .strictObject({
    records: z
      .array(z.unknown().meta({ $ref: "#/components/schemas/NewRecord" } as never))
      .min(1)
      .max(BULK_MAX_ROWS)
      .meta({ description: "Each is looked at on its own, once the request is worked off" }),
    on_conflict: z.enum(CONFLICT_RULES).default("error").meta({
      description:
        "What becomes of a row whose external_id is there already, in the data source or further up in the request. update makes an unreconciled record what the row says, as if it were new",
    }),
  })
  .meta({ id: "NewBulkRequest", example: { records: [newRecord.meta()?.example], on_conflict: "skip" } });

const params = z.object({ id });

function accept(snapshot: BulkRequestSnapshot) {
  const body = presentBulkRequest(snapshot);
  return { status: 202, body, headers: { Location: body.url } };
}

export const bulkRequestEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/records/bulk",
    operationId: "createBulkRequest",
    tag: TAG,
    summary: "Take in up to 1,000 records in the background",
    description:
      "Refused only for what is wrong around the records. Each record is validated, created and matched on its own; what has become of each is among the results of the bulk request. The body may have 8 MB.",
    scope: "write",
    body: newBulkRequest,
    rowsIn: "records",
    maxBytes: BULK_MAX_BYTES,
    answers: { 202: { description: "The bulk request, to be polled", schema: bulkRequest } },
    locate: ({ uid }) => `/v1/bulk_requests/${uid}`,
    async handle({ ctx, body }) {
      const created = await createBulkRequest(ctx, { records: body.records, onConflict: body.on_conflict });
      return created.ok ? ok(accept(created.value)) : created;
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/bulk_requests",
    operationId: "listBulkRequests",
    tag: TAG,
    summary: "List bulk requests",
    scope: "read",
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(bulkRequest) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listBulkRequests(ctx.db, ctx.environmentId, page.value);
      return ok(await presentPage(ctx, LIST, found, ({ snapshot }) => presentBulkRequest(snapshot)));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/bulk_requests/{id}",
    operationId: "getBulkRequest",
    tag: TAG,
    summary: "Read a bulk request with what has become of its records",
    description:
      "Results are in the order of the records, a page at a time; while the request is worked off more come at the end.",
    scope: "read",
    params,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "The bulk request", schema: bulkRequestWithResults } },
    async handle({ ctx, params, query }) {
      const found = await findBulkRequest(ctx.db, ctx.environmentId, params.id);
      if (!found) return notFound("bulk request");
      const list = `results of bulk request ${params.id}`;
      const page = await readPage(ctx, list, query);
      if (!page.ok) return page;
      const outcomes = await listOutcomes(ctx.db, found.id, page.value.before, page.value.limit);
      const results = await presentPage(ctx, list, outcomes, presentRowOutcome);
      return ok({ status: 200, body: { ...presentBulkRequest(found.snapshot), results: results.body } });
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/bulk_requests/{id}/cancel",
    operationId: "cancelBulkRequest",
    tag: TAG,
    summary: "Stop a bulk request",
    description:
      "Records that are in stay; those that nothing has become of yet stay undone. One that is cancelled already is answered unchanged; one that has completed or failed is refused.",
    scope: "write",
    params,
    answers: { 202: { description: "The bulk request, cancelled", schema: bulkRequest } },
    refusals: [409],
    locate: ({ path }) => path.replace(/\/cancel$/, ""),
    async handle({ ctx, params }) {
      const cancelled = await cancelBulkRequest(ctx, params.id);
      return cancelled.ok ? ok(accept(cancelled.value.snapshot)) : cancelled;
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/bulk_requests/{id}/retry",
    operationId: "retryBulkRequest",
    tag: TAG,
    summary: "Take the failed and skipped records of a bulk request once more",
    description:
      "Those that a failed request has not come to are taken as well; what was cancelled stays undone. What they say is kept for 30 days after the request's end. Refused after that, while the request is worked off, and if there is nothing to take.",
    scope: "write",
    params,
    answers: { 202: { description: "The bulk request, pending again", schema: bulkRequest } },
    refusals: [409],
    locate: ({ path }) => path.replace(/\/retry$/, ""),
    async handle({ ctx, params }) {
      const retried = await retryBulkRequest(ctx, params.id);
      return retried.ok ? ok(accept(retried.value.snapshot)) : retried;
    },
  }),
];
