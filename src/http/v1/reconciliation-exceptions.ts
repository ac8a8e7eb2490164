import { z } from "@hono/zod-openapi";
import { dayOf } from "../../core/calendar.ts";
import {
  COMMENT_KINDS,
  EXCEPTION_KINDS,
  EXCEPTION_STATUSES,
  presentComment,
  presentException,
} from "../../core/exception.ts";
import { notFound, ok } from "../../core/result.ts";
import { findComment, findException, findExceptionId, listComments } from "../../db/exceptions.ts";
import { commentOnException } from "../../services/comment-on-exception.ts";
import { listExceptionsBy } from "../../services/list-exceptions-by.ts";
import { updateException } from "../../services/update-exception.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { amount } from "./matches.ts";
import { day, id, time } from "./time.ts";

const TAG = "Exceptions";
const LIST = "reconciliation_exceptions";
const ASSIGNEE_MAX_CHARS = 200;
const COMMENT_MAX_CHARS = 2_000;

const status = z.enum(EXCEPTION_STATUSES);

const comment = z
  .object({
    id,
    kind: z
      .enum(COMMENT_KINDS)
      .meta({ description: "comment: said by somebody. The others: what became of the exception" }),
    body: z.string(),
    key_id: id.nullable().meta({
      description:
        "The API key that did it. null: the bootstrap key, which has no id; under opened and closed also what came about by itself",
    }),
    created_at: time,
  })
  .meta({
    id: "ExceptionComment",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      kind: "comment",
      body: "The bank pays these out on Mondays.",
      key_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      created_at: "2026-01-15T10:00:00.000Z",
    },
  });

export const ageBucket = { from_days: z.int(), to_days: z.int().nullable().meta({ description: "null: without end" }) };

const aggregates = z
  .object({
    record_count: z.int(),
    overdue_count: z.int(),
    ambiguous_count: z.int().meta({ description: "A record may be both overdue and ambiguous" }),
    debit_count: z.int(),
    credit_count: z.int(),
    by_currency: z.array(
      z.object({
        currency: z.string(),
        debit_count: z.int(),
        debit_sum: amount,
        credit_count: z.int(),
        credit_sum: amount,
      }),
    ),
    oldest: day.nullable().meta({ description: "The earliest date of its records" }),
    age_buckets: z.array(z.object({ ...ageBucket, record_count: z.int() })),
  })
  .meta({ description: "Of the records that are overdue or ambiguous now; sums are of what is open of them" });

const exception = z
  .object({
    id,
    reconciliation_id: id,
    type_key: z.string(),
    kind: z.enum(EXCEPTION_KINDS).nullable().meta({ description: "null once none of its records is left" }),
    title: z.string(),
    status: status.meta({
      description:
        "resolved: none of its records is left. dismissed: a person closed it; it opens again once there are more of them than the fewest that there have been since",
    }),
    assignee: z.string().nullable(),
    aggregates,
    comments: z.array(comment).meta({ description: "The newest 50, newest first" }),
    comment_count: z.int(),
    opened_at: time,
    closed_at: time.nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "ReconciliationException",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d",
      type_key: "bank_feed",
      kind: "overdue",
      title: "2 overdue records of bank_feed",
      status: "investigating",
      assignee: "ann",
      aggregates: {
        record_count: 2,
        overdue_count: 2,
        ambiguous_count: 0,
        debit_count: 0,
        credit_count: 2,
        by_currency: [{ currency: "USD", debit_count: 0, debit_sum: 0, credit_count: 2, credit_sum: 310.5 }],
        oldest: "2026-01-08",
        age_buckets: [
          { from_days: 0, to_days: 7, record_count: 2 },
          { from_days: 8, to_days: 30, record_count: 0 },
          { from_days: 31, to_days: 60, record_count: 0 },
          { from_days: 61, to_days: 90, record_count: 0 },
          { from_days: 91, to_days: null, record_count: 0 },
        ],
      },
      comments: [comment.meta()?.example],
      comment_count: 1,
      opened_at: "2026-01-15T09:30:00.000Z",
      closed_at: null,
      created_at: "2026-01-15T09:30:00.000Z",
      updated_at: "2026-01-15T10:00:00.000Z",
    },
  });

const exceptionPatch = z
  .strictObject({
    status: status.meta({ description: "resolved is refused while records are left; to close it then, dismiss it" }),
    assignee: z.string().min(1).max(ASSIGNEE_MAX_CHARS).nullable(),
  })
  .partial()
  .meta({ id: "ReconciliationExceptionPatch", example: { status: "investigating", assignee: "ann" } });

const newComment = z
  .strictObject({ body: z.string().min(1).max(COMMENT_MAX_CHARS) })
  .meta({ id: "NewExceptionComment", example: { body: "The bank pays these out on Mondays." } });

const params = z.object({ id });

export const exceptionEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/reconciliation_exceptions",
    operationId: "listReconciliationExceptions",
    tag: TAG,
    summary: "List exceptions: what a person has to look into",
    description:
      "There is one for each reconciliation and data source that has overdue or ambiguous records, or had some. A page may be shorter than its limit while has_more is true: no page reads more than a bounded number of exceptions, or of characters of their comments.",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      reconciliation_id: id.optional(),
      type_key: z.string().optional().meta({ description: "Key of a data source" }),
      status: status.optional().meta({ description: EXCEPTION_STATUSES.join(", ") }),
      assignee: z.string().optional().meta({ description: "Whoever is to look into it" }),
    }),
    answers: { 200: { description: "A page, newest first", schema: pageOf(exception) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const { reconciliation_id: reconciliationUid, type_key: typeKey, status, assignee } = query;
      const found = await listExceptionsBy(ctx, { reconciliationUid, typeKey, status, assignee }, page.value);
      return found.ok
        ? ok(await presentPage(ctx, LIST, found.value, ({ snapshot }) => presentException(snapshot)))
        : found;
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_exceptions/{id}",
    operationId: "getReconciliationException",
    tag: TAG,
    summary: "Read an exception",
    scope: "read",
    params,
    answers: { 200: { description: "The exception", schema: exception } },
    async handle({ ctx, params }) {
      const row = await findException(ctx.db, ctx.environmentId, params.id, dayOf(ctx.now()));
      return row ? ok({ status: 200, body: presentException(row.snapshot) }) : notFound("exception");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/reconciliation_exceptions/{id}",
    operationId: "updateReconciliationException",
    tag: TAG,
    summary: "Assign an exception, take it up, dismiss it or open it again",
    description: "It is resolved by itself once none of its records is left, and opens again when there is one.",
    scope: "write",
    params,
    body: exceptionPatch,
    answers: { 200: { description: "The exception", schema: exception } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const updated = await updateException(ctx, params.id, body);
      return updated.ok ? ok({ status: 200, body: presentException(updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/reconciliation_exceptions/{id}/comments",
    operationId: "createExceptionComment",
    tag: TAG,
    summary: "Comment on an exception",
    scope: "write",
    params,
    body: newComment,
    answers: { 201: { description: "The comment", schema: comment } },
    async handle({ ctx, params, body }) {
      const made = await commentOnException(ctx, params.id, body.body);
      if (!made.ok) return made;
      const headers = { Location: `/v1/reconciliation_exceptions/${params.id}/comments/${made.value.id}` };
      return ok({ status: 201, body: presentComment(made.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_exceptions/{id}/comments",
    operationId: "listExceptionComments",
    tag: TAG,
    summary: "List what has been said of an exception, and what became of it",
    scope: "read",
    params,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(comment) } },
    async handle({ ctx, params, query }) {
      const exceptionId = await findExceptionId(ctx.db, ctx.environmentId, params.id);
      if (exceptionId === undefined) return notFound("exception");
      const list = `comments of ${params.id}`;
      const page = await readPage(ctx, list, query);
      if (!page.ok) return page;
      const found = await listComments(ctx.db, exceptionId, page.value);
      return ok(await presentPage(ctx, list, found, (row) => presentComment(row.comment)));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_exceptions/{id}/comments/{comment_id}",
    operationId: "getExceptionComment",
    tag: TAG,
    summary: "Read a comment",
    scope: "read",
    params: z.object({ id, comment_id: id }),
    answers: { 200: { description: "The comment", schema: comment } },
    async handle({ ctx, params }) {
      const exceptionId = await findExceptionId(ctx.db, ctx.environmentId, params.id);
      const found = exceptionId && (await findComment(ctx.db, exceptionId, params.comment_id));
      return found ? ok({ status: 200, body: presentComment(found) }) : notFound("comment");
    },
  }),
];
