import { z } from "@hono/zod-openapi";
import { MAX_ENTRIES } from "../../core/ledger/entries.ts";
import { type Instant, parseInstant } from "../../core/ledger/instant.ts";
import {
  type LedgerTransactionSnapshot,
  presentLedgerTransaction,
  presentLedgerTransactionVersion,
} from "../../core/ledger/transaction-view.ts";
import { keepValues, metadataSchema } from "../../core/metadata.ts";
import { ok, type Result } from "../../core/result.ts";
import { createLedgerTransaction } from "../../services/create-ledger-transaction.ts";
import { getLedgerTransaction } from "../../services/get-ledger-transaction.ts";
import { listTransactionVersions } from "../../services/list-ledger-transaction-versions.ts";
import { listTransactions } from "../../services/list-ledger-transactions.ts";
import { partiallyPostLedgerTransaction } from "../../services/partially-post-ledger-transaction.ts";
import { reverseLedgerTransaction } from "../../services/reverse-ledger-transaction.ts";
import { updateLedgerTransaction } from "../../services/update-ledger-transaction.ts";
import { endpoint } from "../endpoint.ts";
import { queryList } from "../query-parameters.ts";
import { entryShape, entryShapeExample, LEDGER_STATUSES, ledgerEntry } from "./ledger-entries.ts";
import {
  dayBounds,
  instantBounds,
  integerBounds,
  listName,
  metadataQuery,
  orderQuery,
  readOrder,
  readPairs,
  timeBounds,
} from "./ledger-query.ts";
import {
  description,
  effectiveAt,
  entries,
  externalId,
  ledgerTransactionFields,
  readEffect,
} from "./ledger-transaction-fields.ts";
import { type newLedgerEntry, newPostedEntry, readEntryDraft } from "./new-ledger-entry.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Ledger transactions";
const LIST = "ledger_transactions";
const VERSIONS = "ledger_transaction_versions";

const content = {
  live_mode: z.boolean(),
  description: z.string().nullable(),
  status: z.enum(LEDGER_STATUSES),
  metadata: z.record(z.string(), z.string()),
  effective_at: time,
  effective_date: z.string().meta({ format: "date" }),
  posted_at: time.nullable(),
  ledger_id: z.uuid(),
  ledgerable_type: z.string().nullable(),
  ledgerable_id: z.uuid().nullable(),
  external_id: z.string().nullable(),
  reverses_ledger_transaction_id: z.uuid().nullable(),
  reversed_by_ledger_transaction_id: z.uuid().nullable(),
  partially_posts_ledger_transaction_id: z.uuid().nullable(),
  archived_reason: z.string().nullable(),
  created_at: time,
};

const contentExample = {
  live_mode: false,
  description: "Deposit",
  status: "posted",
  metadata: {},
  effective_at: "2026-01-15T09:30:00.000000Z",
  effective_date: "2026-01-15",
  posted_at: "2026-01-15T09:30:00Z",
  ledger_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d",
  ledgerable_type: null,
  ledgerable_id: null,
  external_id: null,
  reverses_ledger_transaction_id: null,
  reversed_by_ledger_transaction_id: null,
  partially_posts_ledger_transaction_id: null,
  archived_reason: null,
  created_at: "2026-01-15T09:30:00Z",
};

const ledgerTransaction = z
  .object({
    id: z.uuid(),
    object: z.literal("ledger_transaction"),
    ...content,
    ledger_entries: z.array(ledgerEntry),
    updated_at: time,
  })
  .meta({
    id: "LedgerTransaction",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      object: "ledger_transaction",
      ...contentExample,
      ledger_entries: [ledgerEntry.meta()?.example],
      updated_at: "2026-01-15T09:30:00Z",
    },
  });

const ledgerTransactionVersion = z
  .object({
    id: z.uuid(),
    object: z.literal("ledger_transaction_version"),
    ledger_transaction_id: z.uuid(),
    version: z.int().meta({ description: "From 0 on" }),
    ...content,
    ledger_entries: z.array(z.object(entryShape)),
  })
  .meta({
    id: "LedgerTransactionVersion",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1e",
      object: "ledger_transaction_version",
      ledger_transaction_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      version: 0,
      ...contentExample,
      ledger_entries: [entryShapeExample],
    },
  });

const status = z.enum(LEDGER_STATUSES).optional();
const link = { ledgerable_type: z.enum(["expected_payment"]).nullish(), ledgerable_id: z.uuid().nullish() };

const newLedgerTransaction = z
  .strictObject({
    ...ledgerTransactionFields,
    status: status.meta({ description: "pending unless it is given" }),
    ...link,
    ledger_entries: entries,
  })
  .meta({
    id: "NewLedgerTransaction",
    example: {
      description: "Deposit",
      status: "posted",
      ledger_entries: [
        { amount: 1000, direction: "debit", ledger_account_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a" },
        { amount: 1000, direction: "credit", ledger_account_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b" },
      ],
    },
  });

const ledgerTransactionPatch = z
  .strictObject({
    ...ledgerTransactionFields,
    status,
    ...link,
    ledger_entries: entries.optional(),
  })
  .meta({ id: "LedgerTransactionPatch", example: { status: "posted" } });

const newReversal = z
  .strictObject({
    description,
    status: status.meta({ description: "posted unless it is given" }),
    metadata: metadataSchema.optional(),
    effective_at: effectiveAt,
    external_id: externalId,
    ...link,
  })
  .meta({ id: "NewLedgerTransactionReversal", example: { description: "Entered twice" } });

const newPartialPost = z
  .strictObject({
    description,
    metadata: metadataSchema.optional(),
    effective_at: effectiveAt,
    posted_ledger_entries: z.array(newPostedEntry).min(1).max(MAX_ENTRIES),
  })
  .meta({
    id: "NewLedgerTransactionPartialPost",
    example: {
      posted_ledger_entries: [
        { amount: 400, direction: "debit", ledger_account_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a" },
        { amount: 400, direction: "credit", ledger_account_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b" },
      ],
    },
  });

const params = z.object({ id: z.string().meta({ description: "The ledger transaction's id or external_id" }) });

function placesShowingBalances(entries: readonly z.output<typeof newLedgerEntry>[]): ReadonlySet<number> {
  return new Set(entries.flatMap((entry, place) => (entry.show_resulting_ledger_account_balances ? [place] : [])));
}

function created(result: Result<LedgerTransactionSnapshot>, shown: ReadonlySet<number> = new Set()) {
  if (!result.ok) return result;
  const headers = { Location: `/api/ledger_transactions/${result.value.id}` };
  return ok({ status: 201, body: presentLedgerTransaction(result.value, shown), headers });
}

const versionQuery = {
  created_at: timeBounds("the time of the change"),
  version: integerBounds("the version's number"),
};

export const ledgerTransactionEndpoints = [
  endpoint({
    method: "post",
    path: "/api/ledger_transactions",
    operationId: "createLedgerTransaction",
    tag: TAG,
    summary: "Make a ledger transaction",
    description:
      "At least one debit and one credit, equal in each currency, all in accounts of one ledger; else nothing is made.",
    scope: "write",
    body: newLedgerTransaction,
    answers: { 201: { description: "The ledger transaction", schema: ledgerTransaction } },
    refusals: [409],
    async handle({ ctx, body }) {
      const effect = readEffect(body);
      if (!effect.ok) return effect;
      const draft = {
        status: body.status ?? ("pending" as const),
        description: body.description ?? null,
        metadata: keepValues(body.metadata ?? {}),
        effectiveAt: effect.value ?? null,
        externalId: body.external_id ?? null,
        ledgerableType: body.ledgerable_type ?? null,
        ledgerableUid: body.ledgerable_id ?? null,
        entries: body.ledger_entries.map(readEntryDraft),
      };
      return created(await createLedgerTransaction(ctx, draft), placesShowingBalances(body.ledger_entries));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_transactions",
    operationId: "listLedgerTransactions",
    tag: TAG,
    summary: "List ledger transactions",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      id: queryList(z.uuid(), "Ids of ledger transactions"),
      ledger_id: z.uuid().optional().meta({ description: "The ledger of the transactions" }),
      ledger_account_id: z.uuid().optional().meta({ description: "Of one of the entries" }),
      status: queryList(z.enum(LEDGER_STATUSES), "Statuses, any of which will do"),
      external_id: z.string().optional().meta({ description: "The caller's own identifier" }),
      ledgerable_type: z.string().optional().meta({ description: "What kind of object it is linked to" }),
      ledgerable_id: z.uuid().optional().meta({ description: "The object that it is linked to" }),
      reverses_ledger_transaction_id: z.uuid().optional().meta({ description: "The transaction that it takes back" }),
      partially_posts_ledger_transaction_id: z
        .uuid()
        .optional()
        .meta({ description: "The transaction that it posts in part" }),
      effective_at: instantBounds("the time of effect"),
      effective_date: dayBounds("the day of effect"),
      posted_at: timeBounds("the time of posting"),
      created_at: timeBounds("the time of making"),
      updated_at: timeBounds("the time of the last change"),
      amount: integerBounds("the amount of one of the entries, in minor units"),
      metadata: metadataQuery,
      order_by: orderQuery,
    }),
    answers: { 200: pageAnswer(ledgerTransaction) },
    async handle({ ctx, query }) {
      const order = readOrder(query.order_by);
      const page = await readPage(ctx, listName(LIST, order), query);
      if (!page.ok) return page;
      const filters = {
        uids: query.id,
        ledgerUid: query.ledger_id,
        accountUid: query.ledger_account_id,
        statuses: query.status,
        externalId: query.external_id,
        ledgerableType: query.ledgerable_type,
        ledgerableUid: query.ledgerable_id,
        reversesUid: query.reverses_ledger_transaction_id,
        partiallyPostsUid: query.partially_posts_ledger_transaction_id,
        effectiveAt: query.effective_at,
        effectiveDate: query.effective_date,
        postedAt: query.posted_at,
        createdAt: query.created_at,
        updatedAt: query.updated_at,
        amount: query.amount,
        metadata: readPairs(query.metadata),
      };
      const found = await listTransactions(ctx, filters, order, page.value);
      return ok(
        await presentPage(ctx, listName(LIST, order), page.value, found, ({ snapshot }) =>
          presentLedgerTransaction(snapshot),
        ),
      );
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_transactions/{id}",
    operationId: "getLedgerTransaction",
    tag: TAG,
    summary: "Read a ledger transaction",
    scope: "read",
    params,
    answers: { 200: { description: "The ledger transaction", schema: ledgerTransaction } },
    refusals: [409],
    async handle({ ctx, params }) {
      const found = await getLedgerTransaction(ctx, params.id);
      return found.ok ? ok({ status: 200, body: presentLedgerTransaction(found.value.snapshot) }) : found;
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/ledger_transactions/{id}",
    operationId: "updateLedgerTransaction",
    tag: TAG,
    summary: "Change, post or archive a ledger transaction",
    description:
      "All of a pending one may change; entries that change are discarded and written anew. A posted one keeps all but its metadata and external_id.",
    scope: "write",
    params,
    body: ledgerTransactionPatch,
    answers: { 200: { description: "The ledger transaction", schema: ledgerTransaction } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const effect = readEffect(body);
      if (!effect.ok) return effect;
      const updated = await updateLedgerTransaction(ctx, params.id, {
        status: body.status,
        description: body.description,
        metadata: body.metadata,
        effectiveAt: effect.value,
        externalId: body.external_id,
        ledgerableType: body.ledgerable_type,
        ledgerableUid: body.ledgerable_id,
        entries: body.ledger_entries?.map(readEntryDraft),
      });
      if (!updated.ok) return updated;
      const shown = placesShowingBalances(body.ledger_entries ?? []);
      return ok({ status: 200, body: presentLedgerTransaction(updated.value, shown) });
    },
  }),
  endpoint({
    method: "post",
    path: "/api/ledger_transactions/{id}/reversal",
    operationId: "reverseLedgerTransaction",
    tag: TAG,
    summary: "Take a posted ledger transaction back by another one",
    scope: "write",
    params,
    body: newReversal,
    answers: { 201: { description: "The reversal", schema: ledgerTransaction } },
    refusals: [409],
    locate: ({ uid }) => `/api/ledger_transactions/${uid}`,
    async handle({ ctx, params, body }) {
      const reversal = {
        status: body.status ?? ("posted" as const),
        description: body.description ?? null,
        metadata: keepValues(body.metadata ?? {}),
        effectiveAt: body.effective_at == null ? null : (parseInstant(body.effective_at) as Instant),
        externalId: body.external_id ?? null,
        ledgerableType: body.ledgerable_type ?? null,
        ledgerableUid: body.ledgerable_id ?? null,
      };
      return created(await reverseLedgerTransaction(ctx, params.id, reversal));
    },
  }),
  endpoint({
    method: "post",
    path: "/api/ledger_transactions/{id}/partial_post",
    operationId: "partiallyPostLedgerTransaction",
    tag: TAG,
    summary: "Post a part of a pending ledger transaction",
    description: "One entry for each of the pending ones, with a smaller amount. What is left stays pending.",
    scope: "write",
    params,
    body: newPartialPost,
    answers: { 201: { description: "The posted part", schema: ledgerTransaction } },
    refusals: [409],
    locate: ({ uid }) => `/api/ledger_transactions/${uid}`,
    async handle({ ctx, params, body }) {
      const partial = {
        description: body.description ?? null,
        metadata: keepValues(body.metadata ?? {}),
        effectiveAt: body.effective_at == null ? null : (parseInstant(body.effective_at) as Instant),
        entries: body.posted_ledger_entries.map(readEntryDraft),
      };
      return created(await partiallyPostLedgerTransaction(ctx, params.id, partial));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_transactions/{id}/versions",
    operationId: "listVersionsOfLedgerTransaction",
    tag: TAG,
    summary: "List what a ledger transaction was after each change, the latest first",
    scope: "read",
    params,
    query: z.strictObject({ ...pageQuery, ...versionQuery }),
    answers: { 200: pageAnswer(ledgerTransactionVersion) },
    refusals: [409],
    async handle({ ctx, params, query }) {
      const page = await readPage(ctx, VERSIONS, query);
      if (!page.ok) return page;
      const transaction = await getLedgerTransaction(ctx, params.id);
      if (!transaction.ok) return transaction;
      const filters = {
        transactionUid: transaction.value.snapshot.id,
        createdAt: query.created_at,
        version: query.version,
      };
      const found = await listTransactionVersions(ctx, filters, page.value);
      return ok(
        await presentPage(ctx, VERSIONS, page.value, found, ({ snapshot }) =>
          presentLedgerTransactionVersion(snapshot),
        ),
      );
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_transaction_versions",
    operationId: "listLedgerTransactionVersions",
    tag: TAG,
    summary: "List what ledger transactions were after each change, the latest first",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      ...versionQuery,
      ledger_transaction_id: z.uuid().optional().meta({ description: "The transaction that it is a version of" }),
    }),
    answers: { 200: pageAnswer(ledgerTransactionVersion) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, VERSIONS, query);
      if (!page.ok) return page;
      const filters = {
        transactionUid: query.ledger_transaction_id,
        createdAt: query.created_at,
        version: query.version,
      };
      const found = await listTransactionVersions(ctx, filters, page.value);
      return ok(
        await presentPage(ctx, VERSIONS, page.value, found, ({ snapshot }) =>
          presentLedgerTransactionVersion(snapshot),
        ),
      );
    },
  }),
];
