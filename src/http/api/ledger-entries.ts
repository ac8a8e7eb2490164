import { z } from "@hono/zod-openapi";
import { presentLedgerEntry } from "../../core/ledger/transaction-view.ts";
import { metadataSchema } from "../../core/metadata.ts";
import { invalid, notFound, ok } from "../../core/result.ts";
import { findLedgerEntry, type LedgerEntryRow } from "../../db/ledger-entries.ts";
import { listEntries } from "../../services/list-ledger-entries.ts";
import { updateLedgerEntry } from "../../services/update-ledger-entry.ts";
import { endpoint } from "../endpoint.ts";
import { queryList } from "../query-parameters.ts";
import { balances } from "./ledger-balances.ts";
import {
  dayBounds,
  flag,
  instantBounds,
  integer,
  integerBounds,
  listName,
  metadataQuery,
  orderQuery,
  readOrder,
  readPairs,
  timeBounds,
} from "./ledger-query.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Ledger entries";
const LIST = "ledger_entries";

export const LEDGER_STATUSES = ["pending", "posted", "archived"] as const;

/** What a ledger entry has in a transaction and in one of its versions alike. */
export const entryShape = {
  id: z.uuid(),
  object: z.literal("ledger_entry"),
  live_mode: z.boolean(),
  amount: z.int().meta({ description: "In minor units" }),
  amount_string: z.string(),
  direction: z.enum(["credit", "debit"]),
  status: z.enum(LEDGER_STATUSES).meta({ description: "Of the transaction when the entry was written" }),
  ledger_account_id: z.uuid(),
  ledger_account_lock_version: z.int(),
  ledger_account_currency: z.string(),
  ledger_account_currency_exponent: z.int(),
  ledger_transaction_id: z.uuid(),
  resulting_ledger_account_balances: z.object(balances).nullable(),
  metadata: z.record(z.string(), z.string()),
  created_at: time,
};

export const entryShapeExample = {
  id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
  object: "ledger_entry",
  live_mode: false,
  amount: 1000,
  amount_string: "1000",
  direction: "credit",
  status: "posted",
  ledger_account_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
  ledger_account_lock_version: 7,
  ledger_account_currency: "USD",
  ledger_account_currency_exponent: 2,
  ledger_transaction_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
  resulting_ledger_account_balances: null,
  metadata: {},
  created_at: "2026-01-15T09:30:00Z",
};

export const ledgerEntry = z
  .object({ ...entryShape, effective_at: time, discarded_at: time.nullable(), updated_at: time })
  .meta({
    id: "LedgerEntry",
    example: {
      ...entryShapeExample,
      effective_at: "2026-01-15T09:30:00.000000Z",
      discarded_at: null,
      updated_at: "2026-01-15T09:30:00Z",
    },
  });

const ledgerEntryPatch = z
  .strictObject({ metadata: metadataSchema.optional() })
  .meta({ id: "LedgerEntryPatch", example: { metadata: { reviewed: "yes" } } });

const params = z.object({ id: z.uuid().meta({ description: "The ledger entry's id" }) });
const showBalances = flag("Whether to show the account's balances once the entry was written");

export const ledgerEntryEndpoints = [
  endpoint({
    method: "get",
    path: "/api/ledger_entries",
    operationId: "listLedgerEntries",
    tag: TAG,
    summary: "List ledger entries",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      id: queryList(z.uuid(), "Ids of ledger entries"),
      ledger_account_id: z.uuid().optional().meta({ description: "The account of the entries" }),
      ledger_transaction_id: z.uuid().optional().meta({ description: "The transaction of the entries" }),
      direction: z.enum(["credit", "debit"]).optional().meta({ description: "The side of the entries" }),
      status: queryList(z.enum(LEDGER_STATUSES), "Statuses, any of which will do"),
      effective_at: instantBounds("the transaction's time of effect"),
      effective_date: dayBounds("the transaction's day of effect"),
      updated_at: timeBounds("the time of the last change"),
      amount: integerBounds("the amount, in minor units"),
      ledger_account_lock_version: integerBounds("the lock version of the account that the entry made"),
      as_of_lock_version: integer
        .optional()
        .meta({ description: "What ledger_account_id held when its lock version was this one" }),
      metadata: metadataQuery,
      order_by: orderQuery,
      show_balances: showBalances,
      show_deleted: flag("Whether to list discarded entries too"),
    }),
    answers: { 200: pageAnswer(ledgerEntry) },
    async handle({ ctx, query }) {
      if (query.as_of_lock_version !== undefined && query.ledger_account_id === undefined) {
        return invalid([{ path: "ledger_account_id", code: "required", message: "as_of_lock_version needs it." }]);
      }
      const order = readOrder(query.order_by);
      const page = await readPage(ctx, listName(LIST, order), query);
      if (!page.ok) return page;
      const filters = {
        uids: query.id,
        accountUid: query.ledger_account_id,
        transactionUid: query.ledger_transaction_id,
        direction: query.direction && (query.direction === "credit" ? (1 as const) : (-1 as const)),
        statuses: query.status,
        effectiveAt: query.effective_at,
        effectiveDate: query.effective_date,
        updatedAt: query.updated_at,
        amount: query.amount,
        lockVersion: query.ledger_account_lock_version,
        asOfLockVersion: query.as_of_lock_version,
        metadata: readPairs(query.metadata),
        showsDeleted: query.show_deleted || query.as_of_lock_version !== undefined,
      };
      const found = await listEntries(ctx, filters, order, page.value);
      const present = ({ snapshot }: LedgerEntryRow) =>
        presentLedgerEntry(snapshot, ctx.isLive, query.show_balances === true);
      return ok(await presentPage(ctx, listName(LIST, order), page.value, found, present));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_entries/{id}",
    operationId: "getLedgerEntry",
    tag: TAG,
    summary: "Read a ledger entry",
    scope: "read",
    params,
    query: z.strictObject({ show_balances: showBalances }),
    answers: { 200: { description: "The ledger entry", schema: ledgerEntry } },
    async handle({ ctx, params, query }) {
      const row = await findLedgerEntry(ctx.db, ctx.environmentId, params.id);
      if (!row) return notFound("ledger entry");
      return ok({
        status: 200,
        body: presentLedgerEntry(row.snapshot, ctx.isLive, query.show_balances === true),
      });
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/ledger_entries/{id}",
    operationId: "updateLedgerEntry",
    tag: TAG,
    summary: "Change a ledger entry's metadata",
    scope: "write",
    params,
    body: ledgerEntryPatch,
    answers: { 200: { description: "The ledger entry", schema: ledgerEntry } },
    async handle({ ctx, params, body }) {
      const updated = await updateLedgerEntry(ctx, params.id, body.metadata ?? {});
      return updated.ok ? ok({ status: 200, body: presentLedgerEntry(updated.value, ctx.isLive, false) }) : updated;
    },
  }),
];
