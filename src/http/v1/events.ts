import { z } from "@hono/zod-openapi";
import { EVENT_TYPES, PING, presentEvent } from "../../core/event.ts";
import { notFound, ok } from "../../core/result.ts";
import { findEvent, listEvents } from "../../db/events.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, time } from "./time.ts";

const TAG = "Webhooks";
const LIST = "events";

const eventType = z.enum([PING, ...EVENT_TYPES]);

const event = z
  .object({
    id,
    event_type: eventType,
    timestamp: time,
    data: z.record(z.string(), z.unknown()).meta({ description: "The resource as GET answered it at that time" }),
  })
  .meta({
    id: "Event",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      event_type: "ping",
      timestamp: "2026-01-15T09:30:00.000Z",
      data: { endpoint_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c" },
    },
  });

const query = z.strictObject({
  ...pageQuery,
  type: eventType.optional().meta({ description: "Type of the events" }),
});

const params = z.object({ id });

export const eventEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/events",
    operationId: "listEvents",
    tag: TAG,
    summary: "List the events of the last 30 days",
    description:
      "Events of the payments door are always recorded, others while the environment has an enabled webhook endpoint. A page may be shorter than its limit while has_more is true: no page reads more than a bounded number of rows.",
    scope: "read",
    query,
    answers: { 200: { description: "A page, newest first", schema: pageOf(event) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listEvents(ctx.db, ctx.environmentId, query.type, page.value);
      return ok(await presentPage(ctx, LIST, found, presentEvent));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/events/{id}",
    operationId: "getEvent",
    tag: TAG,
    summary: "Read an event",
    scope: "read",
    params,
    answers: { 200: { description: "The event", schema: event } },
    async handle({ ctx, params }) {
      const row = await findEvent(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentEvent(row) }) : notFound("event");
    },
  }),
];
