import { z } from "@hono/zod-openapi";
import { MAX_MINOR_UNITS } from "../../core/money.ts";
import { presentLineItem } from "../../core/payment/line-item-view.ts";
import { notFound, ok } from "../../core/result.ts";
import { findLineItem, type LineItemFilters, listLineItems } from "../../db/line-items.ts";
import type { PageRequest } from "../../db/page.ts";
import { findTransaction } from "../../db/transactions.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createLineItem } from "../../services/create-line-item.ts";
import { deleteLineItem } from "../../services/delete-line-item.ts";
import { endpoint } from "../endpoint.ts";
import { queryList } from "../query-parameters.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Transaction line items";
const LIST = "transaction_line_items";
const PATH = "/api/transaction_line_items";

const TYPES = ["originating", "receiving"] as const;
const TRANSACTABLES = [
  "incoming_payment_detail",
  "payment_order",
  "payment_order_attempt",
  "return",
  "reversal",
] as const;

const lineItem = z
  .object({
    id: z.uuid(),
    object: z.literal("transaction_line_item"),
    live_mode: z.boolean(),
    created_at: time,
    updated_at: time,
    discarded_at: time.nullable(),
    type: z.enum(TYPES).meta({ description: "receiving where money comes in, originating where it goes out" }),
    transactable_type: z.enum(TRANSACTABLES).nullable(),
    transactable_id: z.string().nullable(),
    amount: z.int(),
    description: z.string(),
    counterparty_id: z.string().nullable(),
    expected_payment_id: z.uuid().nullable(),
    transaction_id: z.uuid(),
    reconciliation_group_id: z.uuid().nullable(),
    reconcilable: z.boolean(),
  })
  .meta({
    id: "TransactionLineItem",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      object: "transaction_line_item",
      live_mode: false,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      discarded_at: null,
      type: "receiving",
      transactable_type: null,
      transactable_id: null,
      amount: 12050,
      description: "",
      counterparty_id: null,
      expected_payment_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d",
      transaction_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      reconciliation_group_id: null,
      reconcilable: true,
    },
  });

const newLineItem = z
  .strictObject({
    amount: z.int().min(1).max(MAX_MINOR_UNITS).meta({ description: "In minor units" }),
    transaction_id: z.uuid(),
    expected_payment_id: z.uuid(),
  })
  .meta({
    id: "NewTransactionLineItem",
    example: {
      amount: 12050,
      transaction_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      expected_payment_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d",
    },
  });

const params = z.object({ id: z.uuid().meta({ description: "The line item's id" }) });

const query = z.strictObject({
  ...pageQuery,
  id: queryList(z.uuid(), "Ids of line items"),
  type: z.enum(TYPES).optional().meta({ description: "receiving where money comes in" }),
  transaction_id: z.uuid().optional().meta({ description: "The transaction of the line items" }),
  expected_payment_id: z.uuid().optional().meta({ description: "The expected payment of the line items" }),
});

async function answerPage(ctx: ServiceContext, filters: LineItemFilters, page: PageRequest) {
  const found = await listLineItems(ctx.db, ctx.environmentId, filters, page);
  return ok(await presentPage(ctx, LIST, page, found, ({ snapshot }) => presentLineItem(snapshot)));
}

export const transactionLineItemEndpoints = [
  endpoint({
    method: "post",
    path: PATH,
    operationId: "createTransactionLineItem",
    tag: TAG,
    summary: "Reconcile an expected payment with a transaction by hand",
    description:
      "Both are of one internal account and direction. The amount is at most what is left of the transaction, and what the payment still expects.",
    scope: "write",
    body: newLineItem,
    answers: { 201: { description: "The line item", schema: lineItem } },
    refusals: [409],
    async handle({ ctx, body }) {
      const created = await createLineItem(ctx, {
        transactionUid: body.transaction_id,
        paymentUid: body.expected_payment_id,
        amount: body.amount,
      });
      if (!created.ok) return created;
      const headers = { Location: `${PATH}/${created.value.id}` };
      return ok({ status: 201, body: presentLineItem(created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: PATH,
    operationId: "listTransactionLineItems",
    tag: TAG,
    summary: "List the line items that are not discarded",
    scope: "read",
    query,
    answers: { 200: pageAnswer(lineItem) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters: LineItemFilters = {
        uids: query.id,
        transactionUid: query.transaction_id,
        paymentUid: query.expected_payment_id,
        direction: query.type && (query.type === "receiving" ? 1 : -1),
      };
      return answerPage(ctx, filters, page.value);
    },
  }),
  endpoint({
    method: "get",
    path: "/api/transactions/{id}/line_items",
    operationId: "listLineItemsOfTransaction",
    tag: TAG,
    summary: "List the line items of a transaction that are not discarded",
    scope: "read",
    params: z.object({ id: z.uuid().meta({ description: "The transaction's id" }) }),
    query: z.strictObject(pageQuery),
    answers: { 200: pageAnswer(lineItem) },
    async handle({ ctx, params, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const transaction = await findTransaction(ctx.db, ctx.environmentId, params.id);
      return transaction ? answerPage(ctx, { transactionUid: params.id }, page.value) : notFound("transaction");
    },
  }),
  endpoint({
    method: "get",
    path: `${PATH}/{id}`,
    operationId: "getTransactionLineItem",
    tag: TAG,
    summary: "Read a line item, also a discarded one",
    scope: "read",
    params,
    answers: { 200: { description: "The line item", schema: lineItem } },
    async handle({ ctx, params }) {
      const row = await findLineItem(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentLineItem(row.snapshot) }) : notFound("line item");
    },
  }),
  endpoint({
    method: "delete",
    path: `${PATH}/{id}`,
    operationId: "deleteTransactionLineItem",
    tag: TAG,
    summary: "Undo the link of a transaction with an expected payment",
    description:
      "This one link alone is undone, and is not made again by itself. The line item is discarded; deleting it again changes nothing.",
    scope: "write",
    params,
    answers: { 200: { description: "It is undone; there is no body" } },
    refusals: [409],
    async handle({ ctx, params }) {
      const deleted = await deleteLineItem(ctx, params.id);
      return deleted.ok ? ok({ status: 200 }) : deleted;
    },
  }),
];
