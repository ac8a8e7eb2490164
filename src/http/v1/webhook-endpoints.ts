import { z } from "@hono/zod-openapi";
import { parseTime } from "../../core/calendar.ts";
import { EVENT_TYPES } from "../../core/event.ts";
import { notFound, ok } from "../../core/result.ts";
import { presentWebhookEndpoint } from "../../core/webhook-endpoint-view.ts";
import { WEBHOOK_FORMATS } from "../../core/webhook-message.ts";
import { findWebhookEndpoint, listWebhookEndpoints } from "../../db/webhook-endpoints.ts";
import { checkWebhookUrl } from "../../services/check-webhook-url.ts";
import { createWebhookEndpoint } from "../../services/create-webhook-endpoint.ts";
import { deleteWebhookEndpoint } from "../../services/delete-webhook-endpoint.ts";
import { replayEndpoint } from "../../services/replay-endpoint.ts";
import { rotateWebhookSecret } from "../../services/rotate-webhook-secret.ts";
import { sendPing } from "../../services/send-ping.ts";
import { updateWebhookEndpoint } from "../../services/update-webhook-endpoint.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, time } from "./time.ts";
import { presentDelivery, webhookDelivery } from "./webhook-deliveries.ts";

const TAG = "Webhooks";
const LIST = "webhook_endpoints";

const EVENT_TYPES_MAX = 50;

const eventType = z.enum(["*", ...EVENT_TYPES]);
const status = z.enum(["enabled", "disabled"]);
const format = z.enum(WEBHOOK_FORMATS);

const endpointFields = z.object({
  id,
  url: z.string(),
  event_types: z.array(eventType),
  description: z.string().nullable(),
  status,
  format,
  created_at: time,
  updated_at: time,
});

const example = {
  id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
  url: "https://hooks.example.com/tieout",
  event_types: ["record.reconciled" as const, "reconciliation_match.created" as const],
  description: "Ledger",
  status: "enabled" as const,
  format: "standard" as const,
  created_at: "2026-01-15T09:30:00.000Z",
  updated_at: "2026-01-15T09:30:00.000Z",
};

const webhookEndpoint = endpointFields.meta({ id: "WebhookEndpoint", example });

const webhookEndpointWithSecret = endpointFields
  .extend({ secret: z.string().meta({ description: "Signs what is sent; it is shown in this answer only" }) })
  .meta({
    id: "WebhookEndpointWithSecret",
    example: { ...example, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=" },
  });

const fields = {
  url: z.string().meta({ description: "https, to a public host; redirects are not followed" }),
  event_types: z
    .array(eventType)
    .min(1)
    .max(EVENT_TYPES_MAX)
    .refine((types) => new Set(types).size === types.length, {
      message: "Must name each event type once.",
      params: { code: "repeated" },
    })
    .meta({ description: "What it is told of; * is everything" }),
  description: z.string().max(1000).nullable(),
  status,
  format: format.meta({
    description: "standard: Standard Webhooks. modern_treasury: bodies and headers as it sends them",
  }),
};

const newWebhookEndpoint = z
  .strictObject({
    url: fields.url,
    event_types: fields.event_types.default(["*"]),
    description: fields.description.default(null),
    status: fields.status.default("enabled"),
    format: fields.format.default("standard"),
  })
  .meta({
    id: "NewWebhookEndpoint",
    example: { url: "https://hooks.example.com/tieout", event_types: ["record.reconciled"] },
  });

const webhookEndpointPatch = z
  .strictObject(fields)
  .partial()
  .meta({ id: "WebhookEndpointPatch", example: { status: "disabled" } });

const newReplay = z
  .strictObject({
    since: z
      .string()
      .refine((text) => parseTime(text) !== undefined, {
        message: "Must be an RFC 3339 time.",
        params: { code: "invalid_time" },
      })
      .meta({ format: "date-time", description: "Events from this time on are delivered anew" }),
    after: z.uuid().optional().meta({ description: "Only those after this event: next_after of the replay before" }),
  })
  .meta({ id: "NewWebhookReplay", example: { since: "2026-01-15T00:00:00Z" } });

const replay = z
  .object({
    deliveries: z.int().meta({ description: "How many deliveries it gave rise to" }),
    next_after: id.nullable().meta({ description: "after of the replay that goes on; null: that was all" }),
  })
  .meta({ id: "WebhookReplay", example: { deliveries: 12, next_after: null } });

const params = z.object({ id });

export const webhookEndpointEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/webhook_endpoints",
    operationId: "createWebhookEndpoint",
    tag: TAG,
    summary: "Make a webhook endpoint",
    scope: "admin",
    body: newWebhookEndpoint,
    checkNames: (ctx, body) => checkWebhookUrl(ctx.webhookUrlRules, body.url),
    answers: { 201: { description: "The webhook endpoint, with its secret", schema: webhookEndpointWithSecret } },
    refusals: [409],
    locate: () => null,
    async handle({ ctx, body }) {
      const { event_types: eventTypes, ...rest } = body;
      const created = await createWebhookEndpoint(ctx, { ...rest, eventTypes });
      if (!created.ok) return created;
      const { uid, secret } = created.value;
      return ok({
        status: 201,
        body: { ...presentWebhookEndpoint(created.value), secret },
        headers: { Location: `/v1/webhook_endpoints/${uid}` },
      });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/webhook_endpoints",
    operationId: "listWebhookEndpoints",
    tag: TAG,
    summary: "List webhook endpoints",
    scope: "read",
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(webhookEndpoint) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listWebhookEndpoints(ctx.db, ctx.environmentId, page.value);
      return ok(await presentPage(ctx, LIST, found, presentWebhookEndpoint));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/webhook_endpoints/{id}",
    operationId: "getWebhookEndpoint",
    tag: TAG,
    summary: "Read a webhook endpoint",
    scope: "read",
    params,
    answers: { 200: { description: "The webhook endpoint", schema: webhookEndpoint } },
    async handle({ ctx, params }) {
      const row = await findWebhookEndpoint(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentWebhookEndpoint(row) }) : notFound("webhook endpoint");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/webhook_endpoints/{id}",
    operationId: "updateWebhookEndpoint",
    tag: TAG,
    summary: "Change, enable or disable a webhook endpoint",
    description:
      "What falls due for an endpoint while it is disabled fails without an attempt; a replay brings it back.",
    scope: "admin",
    params,
    body: webhookEndpointPatch,
    checkNames: (ctx, body) => checkWebhookUrl(ctx.webhookUrlRules, body.url),
    answers: { 200: { description: "The webhook endpoint", schema: webhookEndpoint } },
    async handle({ ctx, params, body }) {
      const { event_types: eventTypes, ...rest } = body;
      const patch = eventTypes === undefined ? rest : { ...rest, eventTypes };
      const updated = await updateWebhookEndpoint(ctx, params.id, patch);
      return updated.ok ? ok({ status: 200, body: presentWebhookEndpoint(updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/webhook_endpoints/{id}",
    operationId: "deleteWebhookEndpoint",
    tag: TAG,
    summary: "Delete a webhook endpoint; its deliveries stay readable",
    scope: "admin",
    params,
    answers: { 204: { description: "It is gone" } },
    async handle({ ctx, params }) {
      const deleted = await deleteWebhookEndpoint(ctx, params.id);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/webhook_endpoints/{id}/rotate_secret",
    operationId: "rotateWebhookSecret",
    tag: TAG,
    summary: "Give a webhook endpoint a new secret",
    description: "For 24 hours what is sent is signed with the secret before as well.",
    scope: "admin",
    params,
    answers: { 200: { description: "The webhook endpoint, with its new secret", schema: webhookEndpointWithSecret } },
    refusals: [409],
    async handle({ ctx, params }) {
      const rotated = await rotateWebhookSecret(ctx, params.id);
      if (!rotated.ok) return rotated;
      return ok({ status: 200, body: { ...presentWebhookEndpoint(rotated.value), secret: rotated.value.secret } });
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/webhook_endpoints/{id}/test",
    operationId: "testWebhookEndpoint",
    tag: TAG,
    summary: "Send a ping to a webhook endpoint",
    scope: "write",
    params,
    answers: { 202: { description: "The ping's delivery, which is under way", schema: webhookDelivery } },
    refusals: [409],
    locate: ({ uid }) => `/v1/webhook_deliveries/${uid}`,
    async handle({ ctx, params }) {
      const sent = await sendPing(ctx, params.id);
      if (!sent.ok) return sent;
      const location = `/v1/webhook_deliveries/${sent.value.uid}`;
      return ok({ status: 202, body: presentDelivery(sent.value), headers: { Location: location } });
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/webhook_endpoints/{id}/replay",
    operationId: "replayWebhookEndpoint",
    tag: TAG,
    summary: "Deliver past events to a webhook endpoint anew",
    description:
      "Each event keeps its id, so a receiver that has had it can tell. What is under way to the endpoint already is left alone.",
    scope: "write",
    params,
    body: newReplay,
    answers: { 202: { description: "The deliveries are under way", schema: replay } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const replayed = await replayEndpoint(ctx, params.id, parseTime(body.since) as number, body.after ?? null);
      if (!replayed.ok) return replayed;
      const { deliveryCount, nextAfter } = replayed.value;
      return ok({ status: 202, body: { deliveries: deliveryCount, next_after: nextAfter } });
    },
  }),
];
