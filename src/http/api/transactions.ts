import { z } from "@hono/zod-openapi";
import { metadataSchema } from "../../core/metadata.ts";
import {
  newTransactionSchema,
  readTransactionDraft,
  TRANSACTION_TYPES,
  VENDOR_CODE_TYPES,
} from "../../core/payment/transaction-schema.ts";
import { presentTransaction, type TransactionSnapshot } from "../../core/payment/transaction-view.ts";
import { DIRECTIONS, signOf } from "../../core/record.ts";
import { notFound, ok } from "../../core/result.ts";
import { findTransaction } from "../../db/transactions.ts";
import { createTransaction } from "../../services/create-transaction.ts";
import { deleteTransaction } from "../../services/delete-transaction.ts";
import { listTransactionsBy } from "../../services/list-transactions-by.ts";
import { updateTransaction } from "../../services/update-transaction.ts";
import { endpoint } from "../endpoint.ts";
import { day, flag, metadataQuery, readPairs } from "./ledger-query.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Transactions";
const LIST = "transactions";
const ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const ACCOUNT_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b";

const text = z.string().nullable();

const transaction = z
  .object({
    id: z.uuid(),
    object: z.literal("transaction"),
    live_mode: z.boolean(),
    created_at: time,
    updated_at: time,
    discarded_at: time.nullable(),
    amount: z.int(),
    amount_string: z.string(),
    currency: z.string(),
    direction: z.enum(DIRECTIONS),
    vendor_code: text,
    vendor_code_type: z.enum(VENDOR_CODE_TYPES).nullable(),
    vendor_id: text,
    vendor_customer_id: text,
    as_of_date: z.string().nullable().meta({ format: "date" }),
    as_of_time: text,
    as_of_timezone: text,
    internal_account_id: z.uuid(),
    metadata: z.record(z.string(), z.string()),
    posted: z.boolean(),
    reconciled: z.boolean().meta({ description: "Its line items come to its amount" }),
    type: z.enum(TRANSACTION_TYPES),
    foreign_exchange_rate: z.object({}).nullable(),
    custom_identifiers: z.record(z.string(), z.string()),
    vendor_description: text,
    details: z.record(z.string(), z.unknown()),
  })
  .meta({
    id: "Transaction",
    example: {
      id: ID,
      object: "transaction",
      live_mode: false,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      discarded_at: null,
      amount: 12050,
      amount_string: "12050",
      currency: "USD",
      direction: "credit",
      vendor_code: "169",
      vendor_code_type: "bai2",
      vendor_id: null,
      vendor_customer_id: null,
      as_of_date: "2026-01-15",
      as_of_time: null,
      as_of_timezone: null,
      internal_account_id: ACCOUNT_ID,
      metadata: {},
      posted: true,
      reconciled: false,
      type: "ach",
      foreign_exchange_rate: null,
      custom_identifiers: {},
      vendor_description: "ACME INV-1001",
      details: {},
    },
  });

const newTransaction = newTransactionSchema.meta({
  id: "NewTransaction",
  example: {
    internal_account_id: ACCOUNT_ID,
    amount: 12050,
    direction: "credit",
    as_of_date: "2026-01-15",
    type: "ach",
    vendor_code: "169",
    vendor_code_type: "bai2",
    vendor_description: "ACME INV-1001",
  },
});

const transactionPatch = z
  .strictObject({
    metadata: metadataSchema.optional(),
    posted: z.boolean().optional().meta({ description: "true posts a pending transaction" }),
  })
  .meta({ id: "TransactionPatch", example: { metadata: { batch: "7" } } });

const params = z.object({ id: z.uuid().meta({ description: "The transaction's id" }) });

const query = z.strictObject({
  ...pageQuery,
  internal_account_id: z.uuid().optional().meta({ description: "The account of the transactions" }),
  posted: flag("Whether the bank has posted them"),
  as_of_date_start: day.optional().meta({ description: "The first day, included" }),
  as_of_date_end: day.optional().meta({ description: "The last day, included" }),
  direction: z.enum(DIRECTIONS).optional().meta({ description: "credit: money that comes in" }),
  payment_type: z.enum(TRANSACTION_TYPES).optional().meta({ description: "Their type" }),
  description: z.string().optional().meta({ description: "A part of vendor_description, in any case of letters" }),
  metadata: metadataQuery,
  vendor_id: z.string().optional().meta({ description: "No transaction has one" }),
  virtual_account_id: z.string().optional().meta({ description: "No transaction has one" }),
  counterparty_id: z.string().optional().meta({ description: "No transaction has one" }),
  transactable_type: z.string().optional().meta({ description: "No transaction has one" }),
});

/** What Modern Treasury can filter by and nothing here has. */
const NEVER_MET = ["vendor_id", "virtual_account_id", "counterparty_id", "transactable_type"] as const;

const answer = (status: number, snapshot: TransactionSnapshot, headers?: Record<string, string>) =>
  ok({ status, body: presentTransaction(snapshot), ...(headers ? { headers } : {}) });

export const transactionEndpoints = [
  endpoint({
    method: "post",
    path: "/api/transactions",
    operationId: "createTransaction",
    tag: TAG,
    summary: "Take in a transaction of an internal account",
    description:
      "It is a record of the account's data source, too, so /v1 can reconcile it. One that is not posted is matched with nothing until a PATCH posts it.",
    scope: "write",
    body: newTransaction,
    answers: { 201: { description: "The transaction", schema: transaction } },
    async handle({ ctx, body }) {
      const created = await createTransaction(ctx, readTransactionDraft(body));
      if (!created.ok) return created;
      return answer(201, created.value, { Location: `/api/transactions/${created.value.id}` });
    },
  }),
  endpoint({
    method: "get",
    path: "/api/transactions",
    operationId: "listTransactions",
    tag: TAG,
    summary: "List transactions",
    scope: "read",
    query,
    answers: { 200: pageAnswer(transaction) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters = {
        accountUid: query.internal_account_id,
        isPosted: query.posted,
        asOfDateFrom: query.as_of_date_start,
        asOfDateTo: query.as_of_date_end,
        direction: query.direction && signOf(query.direction),
        type: query.payment_type,
        description: query.description,
        metadata: readPairs(query.metadata),
      };
      const found = NEVER_MET.some((name) => query[name] !== undefined)
        ? { rows: [], next: null }
        : await listTransactionsBy(ctx, filters, page.value);
      return ok(await presentPage(ctx, LIST, page.value, found, ({ snapshot }) => presentTransaction(snapshot)));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/transactions/{id}",
    operationId: "getTransaction",
    tag: TAG,
    summary: "Read a transaction",
    scope: "read",
    params,
    answers: { 200: { description: "The transaction", schema: transaction } },
    async handle({ ctx, params }) {
      const row = await findTransaction(ctx.db, ctx.environmentId, params.id);
      return row ? answer(200, row.snapshot) : notFound("transaction");
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/transactions/{id}",
    operationId: "updateTransaction",
    tag: TAG,
    summary: "Change a transaction's metadata, or post it",
    description:
      "Metadata is merged; a value of null or an empty text removes its name. All else of a transaction stays as it came.",
    scope: "write",
    params,
    body: transactionPatch,
    answers: { 200: { description: "The transaction", schema: transaction } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const updated = await updateTransaction(ctx, params.id, { metadata: body.metadata, isPosted: body.posted });
      return updated.ok ? answer(200, updated.value) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/api/transactions/{id}",
    operationId: "deleteTransaction",
    tag: TAG,
    summary: "Delete a transaction that is matched with nothing",
    description: "Its line items have to be deleted before, and matches of /v1 voided.",
    scope: "write",
    params,
    answers: { 204: { description: "It is gone" } },
    refusals: [409],
    async handle({ ctx, params }) {
      const deleted = await deleteTransaction(ctx, params.id);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
];
