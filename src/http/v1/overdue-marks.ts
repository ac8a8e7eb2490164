import { z } from "@hono/zod-openapi";
import { parseTime } from "../../core/calendar.ts";
import { presentRecord } from "../../core/record-view.ts";
import { invalid, ok } from "../../core/result.ts";
import { markOverdue } from "../../services/mark-overdue.ts";
import { endpoint } from "../endpoint.ts";
import { record } from "./records.ts";
import { id } from "./time.ts";

const overdueMark = z
  .strictObject({
    overdue_at: z
      .string()
      .refine((text) => parseTime(text) !== undefined, "Must be an RFC 3339 time.")
      .optional()
      .meta({ format: "date-time", description: "Since when, not in the future; by default now" }),
  })
  .meta({ id: "OverdueMark", example: { overdue_at: "2026-01-15T09:30:00Z" } });

export const overdueMarkEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/reconciliations/{id}/records/{record_id}/mark_overdue",
    operationId: "markRecordOverdue",
    tag: "Exceptions",
    summary: "Mark a record as overdue by hand",
    description:
      "Whatever its due day. A record that is overdue already is answered unchanged; one that is reconciled here is refused.",
    scope: "write",
    params: z.object({ id, record_id: id }),
    body: overdueMark,
    isBodyOptional: true,
    answers: { 200: { description: "The record", schema: record } },
    refusals: [409],
    locate: ({ path }) => `/v1/records/${path.split("/").at(-2)}`,
    async handle({ ctx, params, body }) {
      const now = ctx.now();
      const overdueAt = body.overdue_at === undefined ? now : (parseTime(body.overdue_at) as number);
      if (overdueAt > now) {
        return invalid([{ path: "/overdue_at", code: "in_the_future", message: "Must not be in the future." }]);
      }
      const marked = await markOverdue(ctx, params.id, params.record_id, overdueAt);
      return marked.ok ? ok({ status: 200, body: presentRecord(marked.value) }) : marked;
    },
  }),
];
