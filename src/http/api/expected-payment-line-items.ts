import { z } from "@hono/zod-openapi";
import { metadataSchema } from "../../core/metadata.ts";
import { type AccountingLine, presentAccountingLine } from "../../core/payment/accounting-line.ts";
import { notFound, ok } from "../../core/result.ts";
import { cutPage } from "../../db/page.ts";
import { findAccountingLines } from "../../db/payment-rows.ts";
import type { ServiceContext } from "../../services/context.ts";
import { updateAccountingLine } from "../../services/update-accounting-line.ts";
import { endpoint } from "../endpoint.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Line items of expected payments";

const lineItem = z
  .object({
    id: z.uuid(),
    object: z.literal("line_item"),
    live_mode: z.boolean(),
    created_at: time,
    updated_at: time,
    itemizable_id: z.uuid(),
    itemizable_type: z.literal("ExpectedPayment"),
    amount: z.int(),
    description: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    accounting: z.object({}),
    accounting_category_id: z.string().nullable(),
    accounting_ledger_class_id: z.string().nullable(),
  })
  .meta({
    id: "LineItem",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      object: "line_item",
      live_mode: false,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      itemizable_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      itemizable_type: "ExpectedPayment",
      amount: 10000,
      description: "Rent",
      metadata: {},
      accounting: {},
      accounting_category_id: null,
      accounting_ledger_class_id: null,
    },
  });

const lineItemPatch = z
  .strictObject({ metadata: metadataSchema.optional() })
  .meta({ id: "LineItemPatch", example: { metadata: { month: "January" } } });

const id = z.uuid().meta({ description: "The expected payment's id" });
const params = z.object({ id, line_item_id: z.uuid().meta({ description: "The line item's id" }) });

function answer(ctx: ServiceContext, paymentId: string, line: AccountingLine) {
  return ok({ status: 200, body: presentAccountingLine(line, { id: paymentId, isLive: ctx.isLive }) });
}

export const expectedPaymentLineItemEndpoints = [
  endpoint({
    method: "get",
    path: "/api/expected_payments/{id}/line_items",
    operationId: "listLineItemsOfExpectedPayment",
    tag: TAG,
    summary: "List the accounting lines that an expected payment was made with, the last one first",
    scope: "read",
    params: z.object({ id }),
    query: z.strictObject(pageQuery),
    answers: { 200: pageAnswer(lineItem) },
    async handle({ ctx, params, query }) {
      const list = `line_items of ${params.id}`;
      const page = await readPage(ctx, list, query);
      if (!page.ok) return page;
      const payment = await findAccountingLines(ctx.db, ctx.environmentId, params.id);
      if (!payment) return notFound("expected payment");
      const { limit, before } = page.value;
      const rows = payment.lines
        .map((line, place) => ({ id: place + 1, line }))
        .reverse()
        .filter((row) => before === null || row.id < before);
      const found = cutPage(rows, limit);
      const owner = { id: params.id, isLive: ctx.isLive };
      return ok(await presentPage(ctx, list, page.value, found, ({ line }) => presentAccountingLine(line, owner)));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/expected_payments/{id}/line_items/{line_item_id}",
    operationId: "getLineItemOfExpectedPayment",
    tag: TAG,
    summary: "Read an accounting line of an expected payment",
    scope: "read",
    params,
    answers: { 200: { description: "The accounting line", schema: lineItem } },
    async handle({ ctx, params }) {
      const payment = await findAccountingLines(ctx.db, ctx.environmentId, params.id);
      const line = payment?.lines.find((one) => one.id === params.line_item_id);
      return line ? answer(ctx, params.id, line) : notFound("line item");
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/expected_payments/{id}/line_items/{line_item_id}",
    operationId: "updateLineItemOfExpectedPayment",
    tag: TAG,
    summary: "Merge metadata into that of an accounting line",
    scope: "write",
    params,
    body: lineItemPatch,
    answers: { 200: { description: "The accounting line", schema: lineItem } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const updated = await updateAccountingLine(ctx, params.id, params.line_item_id, body.metadata ?? {});
      return updated.ok ? answer(ctx, params.id, updated.value) : updated;
    },
  }),
];
