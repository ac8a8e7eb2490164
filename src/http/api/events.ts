import { z } from "@hono/zod-openapi";
import { parseTime } from "../../core/calendar.ts";
import { listEventTypes, presentPaymentEvent } from "../../core/event.ts";
import { notFound, ok } from "../../core/result.ts";
import { findPaymentEvent, listPaymentEvents } from "../../db/events.ts";
import { endpoint } from "../endpoint.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Events";
const LIST = "payment_events";

const event = z
  .object({
    id: z.uuid(),
    object: z.literal("event"),
    live_mode: z.boolean(),
    created_at: time,
    updated_at: time,
    resource: z.string().meta({ description: "expected_payment, transaction or ledger_transaction" }),
    event_name: z.string(),
    event_time: time,
    data: z.record(z.string(), z.unknown()).meta({ description: "The resource as GET answered it at that time" }),
    entity_id: z.uuid().meta({ description: "The id of the resource" }),
  })
  .meta({
    id: "PaymentEvent",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      object: "event",
      live_mode: false,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      resource: "expected_payment",
      event_name: "reconciled",
      event_time: "2026-01-15T09:30:00.123Z",
      data: { id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a", object: "expected_payment", status: "reconciled" },
      entity_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
    },
  });

const instant = z
  .string()
  .refine((text) => parseTime(text) !== undefined, {
    error: "Must be an RFC 3339 time.",
    params: { code: "invalid_time" },
  })
  .optional();

const query = z.strictObject({
  ...pageQuery,
  resource: z.string().optional().meta({ description: "What kind of resource it is about, such as expected_payment" }),
  entity_id: z.uuid().optional().meta({ description: "The resource that it is about" }),
  event_name: z.string().optional().meta({ description: "The bare name, such as reconciled" }),
  event_time_start: instant.meta({ format: "date-time", description: "The earliest time, included" }),
  event_time_end: instant.meta({ format: "date-time", description: "The latest time, included" }),
});

const params = z.object({ id: z.uuid().meta({ description: "The event's id" }) });

const instantOf = (text: string | undefined) => (text === undefined ? undefined : parseTime(text));

export const eventEndpoints = [
  endpoint({
    method: "get",
    path: "/api/events",
    operationId: "listPaymentEvents",
    tag: TAG,
    summary: "List the events of payments, transactions and ledger transactions",
    description:
      "They are recorded whether anybody listens or not. A page may be shorter than per_page, or empty, while X-After-Cursor is not: no page reads more than a bounded number of rows.",
    scope: "read",
    query,
    answers: { 200: pageAnswer(event) },
    async handle({ ctx, query }) {
      const { resource, event_name: name, event_time_start: start, event_time_end: end } = query;
      const isNamed = resource !== undefined || name !== undefined;
      const list = start === undefined && end === undefined ? LIST : `${LIST}_by_time`;
      const page = await readPage(ctx, list, query);
      if (!page.ok) return page;
      const filters = {
        types: isNamed ? listEventTypes(resource, name) : undefined,
        entityUid: query.entity_id,
        from: instantOf(start),
        to: instantOf(end),
      };
      const found = await listPaymentEvents(ctx.db, ctx.environmentId, filters, page.value);
      return ok(await presentPage(ctx, list, page.value, found, (row) => presentPaymentEvent(row, ctx.isLive)));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/events/{id}",
    operationId: "getPaymentEvent",
    tag: TAG,
    summary: "Read an event",
    scope: "read",
    params,
    answers: { 200: { description: "The event", schema: event } },
    async handle({ ctx, params }) {
      const row = await findPaymentEvent(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentPaymentEvent(row, ctx.isLive) }) : notFound("event");
    },
  }),
];
