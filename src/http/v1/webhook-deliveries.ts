import { z } from "@hono/zod-openapi";
import { DELIVERY_STATUSES } from "../../core/delivery.ts";
import { notFound, ok } from "../../core/result.ts";
import { type DeliveryRow, findDelivery } from "../../db/deliveries.ts";
import { listDeliveriesBy } from "../../services/list-deliveries-by.ts";
import { retryDelivery } from "../../services/retry-delivery.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, presentTime, time } from "./time.ts";

const TAG = "Webhooks";
const LIST = "webhook_deliveries";

const status = z.enum(DELIVERY_STATUSES);

export const webhookDelivery = z
  .object({
    id,
    event_id: id,
    event_type: z.string(),
    endpoint_id: id,
    status,
    attempts: z.array(
      z.object({
        number: z.int(),
        started_at: time,
        latency_ms: z.int(),
        status_code: z.int().nullable(),
        error: z.string().nullable().meta({
          description: "Why there was no answer: timeout, connection_failed, refused_url, unresolved_host, interrupted",
        }),
        response_body: z.string().nullable().meta({ description: "The first 1 KB of the answer" }),
      }),
    ),
    next_attempt_at: time.nullable(),
    created_at: time,
    completed_at: time.nullable(),
  })
  .meta({
    id: "WebhookDelivery",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      event_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      event_type: "record.reconciled",
      endpoint_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      status: "delivered",
      attempts: [
        {
          number: 1,
          started_at: "2026-01-15T09:30:00.100Z",
          latency_ms: 84,
          status_code: 204,
          error: null,
          response_body: "",
        },
      ],
      next_attempt_at: null,
      created_at: "2026-01-15T09:30:00.000Z",
      completed_at: "2026-01-15T09:30:00.184Z",
    },
  });

export function presentDelivery(row: DeliveryRow): z.infer<typeof webhookDelivery> {
  return {
    id: row.uid,
    event_id: row.eventUid,
    event_type: row.eventType,
    endpoint_id: row.endpointUid,
    status: row.status,
    attempts: row.attempts.map((attempt) => ({
      number: attempt.no,
      started_at: presentTime(attempt.startedAt),
      latency_ms: attempt.latencyMs,
      status_code: attempt.statusCode,
      error: attempt.error,
      response_body: attempt.responseBody,
    })),
    next_attempt_at: row.nextAttemptAt === null ? null : presentTime(row.nextAttemptAt),
    created_at: presentTime(row.createdAt),
    completed_at: row.completedAt === null ? null : presentTime(row.completedAt),
  };
}

const query = z.strictObject({
  ...pageQuery,
  endpoint_id: z.uuid().optional().meta({ description: "Id of a webhook endpoint, which may be deleted" }),
  event_id: z.uuid().optional().meta({ description: "Id of an event" }),
  status: status.optional().meta({ description: "pending, delivered or failed" }),
});

const params = z.object({ id });

export const webhookDeliveryEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/webhook_deliveries",
    operationId: "listWebhookDeliveries",
    tag: TAG,
    summary: "List deliveries with every attempt",
    description:
      "A page may be shorter than its limit while has_more is true: no page reads more than a bounded number of rows.",
    scope: "read",
    query,
    answers: { 200: { description: "A page, newest first", schema: pageOf(webhookDelivery) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters = { endpointUid: query.endpoint_id, eventUid: query.event_id, status: query.status };
      const found = await listDeliveriesBy(ctx, filters, page.value);
      return found.ok ? ok(await presentPage(ctx, LIST, found.value, presentDelivery)) : found;
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/webhook_deliveries/{id}",
    operationId: "getWebhookDelivery",
    tag: TAG,
    summary: "Read a delivery with every attempt",
    scope: "read",
    params,
    answers: { 200: { description: "The delivery", schema: webhookDelivery } },
    async handle({ ctx, params }) {
      const row = await findDelivery(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentDelivery(row) }) : notFound("webhook delivery");
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/webhook_deliveries/{id}/retry",
    operationId: "retryWebhookDelivery",
    tag: TAG,
    summary: "Make another attempt of a delivery at once",
    description: "Whatever became of it, a delivered one included. The event keeps its id.",
    scope: "write",
    params,
    answers: { 202: { description: "The delivery, which is under way", schema: webhookDelivery } },
    refusals: [409],
    locate: ({ path }) => path.replace(/\/retry$/, ""),
    async handle({ ctx, params }) {
      const retried = await retryDelivery(ctx, params.id);
      return retried.ok ? ok({ status: 202, body: presentDelivery(retried.value) }) : retried;
    },
  }),
];
