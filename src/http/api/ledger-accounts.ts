import { z } from "@hono/zod-openapi";
import { type BalanceBounds, presentLedgerAccount } from "../../core/ledger/account-view.ts";
import { endOfDay, nextInstant } from "../../core/ledger/instant.ts";
import { keepValues, metadataSchema } from "../../core/metadata.ts";
import { findExponent } from "../../core/money.ts";
import { type FieldError, invalid, ok, type Result } from "../../core/result.ts";
import type { LedgerAccountRow } from "../../db/ledger-accounts.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createLedgerAccount } from "../../services/create-ledger-account.ts";
import { deleteLedgerAccount } from "../../services/delete-ledger-account.ts";
import { listAccountsWithin } from "../../services/list-ledger-accounts.ts";
import { readLedgerAccount } from "../../services/read-ledger-account.ts";
import { updateLedgerAccount } from "../../services/update-ledger-account.ts";
import { endpoint } from "../endpoint.ts";
import { queryList, queryMembers } from "../query-parameters.ts";
import { balances, balancesExample } from "./ledger-balances.ts";
import { balanceBounds, day, instant, integer, metadataQuery, readPairs, timeBounds } from "./ledger-query.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Ledger accounts";
const LIST = "ledger_accounts";
const EXPONENT_MAX = 30;

const ledgerAccount = z
  .object({
    id: z.uuid(),
    object: z.literal("ledger_account"),
    live_mode: z.boolean(),
    name: z.string(),
    description: z.string().nullable(),
    normal_balance: z.enum(["credit", "debit"]),
    balances: z.object({
      effective_at_lower_bound: time.nullable().meta({ description: "Inclusive" }),
      effective_at_upper_bound: time.nullable().meta({ description: "Exclusive" }),
      ...balances,
    }),
    lock_version: z.int(),
    ledger_id: z.uuid(),
    ledgerable_id: z.uuid().nullable(),
    ledgerable_type: z.string().nullable(),
    external_id: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    discarded_at: time.nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "LedgerAccount",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      object: "ledger_account",
      live_mode: false,
      name: "Wallet of customer 7",
      description: null,
      normal_balance: "credit",
      balances: { effective_at_lower_bound: null, effective_at_upper_bound: null, ...balancesExample },
      lock_version: 2,
      ledger_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      ledgerable_id: null,
      ledgerable_type: null,
      external_id: null,
      metadata: {},
      discarded_at: null,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
    },
  });

const name = z.string().min(1).max(255);
const description = z.string().max(1000).nullish();
const externalId = z.string().min(1).max(180).nullish();

const newLedgerAccount = z
  .strictObject({
    name,
    description,
    normal_balance: z.enum(["credit", "debit"]),
    ledger_id: z.uuid(),
    currency: z
      .string()
      .regex(/^[A-Za-z0-9_]{1,32}$/, "Must be a currency code, for instance USD.")
      .transform((code) => code.toUpperCase()),
    currency_exponent: z.int().min(0).max(EXPONENT_MAX).nullish(),
    ledgerable_type: z.enum(["internal_account"]).nullish(),
    ledgerable_id: z.uuid().nullish(),
    external_id: externalId,
    metadata: metadataSchema.optional(),
  })
  .meta({
    id: "NewLedgerAccount",
    example: {
      name: "Wallet of customer 7",
      normal_balance: "credit",
      ledger_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      currency: "USD",
    },
  });

const ledgerAccountPatch = z
  .strictObject({ name: name.optional(), description, external_id: externalId, metadata: metadataSchema.optional() })
  .meta({ id: "LedgerAccountPatch", example: { name: "Wallet of customer 8" } });

const params = z.object({ id: z.uuid().meta({ description: "The ledger account's id" }) });

const listedBalances = {
  effective_at_lower_bound: instant,
  effective_at_upper_bound: instant,
  effective_at: instant,
  as_of_date: day,
};
const BALANCES =
  "Of which entries the balances are: from effective_at_lower_bound on, before effective_at_upper_bound; up to and with effective_at; up to the end of as_of_date";
const listedBalancesQuery = queryMembers(listedBalances, BALANCES);
const balancesQuery = queryMembers(
  { ...listedBalances, as_of_lock_version: integer },
  `${BALANCES}; or as they were when the account's lock version was as_of_lock_version`,
);

/** The three ways of saying when a balance ends come to one exclusive bound. */
function readBounds(query: z.output<typeof balancesQuery>): Result<BalanceBounds> {
  const ends = [query?.effective_at_upper_bound, query?.effective_at, query?.as_of_date, query?.as_of_lock_version];
  if (ends.filter((end) => end !== undefined).length > 1) return refuse("Name one end of the balances only.");
  const lower = query?.effective_at_lower_bound ?? null;
  if (lower !== null && query?.as_of_lock_version !== undefined) return refuse("A lock version has no lower bound.");
  const upper =
    query?.effective_at_upper_bound ??
    (query?.effective_at === undefined ? undefined : nextInstant(query.effective_at)) ??
    (query?.as_of_date === undefined ? undefined : endOfDay(query.as_of_date)) ??
    null;
  if (lower !== null && upper !== null && lower > upper) return refuse("The lower bound is after the upper one.");
  return ok({ lower, upper });
}

function refuse(message: string): Result<never> {
  return invalid([{ path: "balances", code: "invalid", message }]);
}

/** The exponent of ISO 4217; a code that is not of that table needs one. */
function readExponent(currency: string, given: number | null | undefined): Result<number> {
  const known = findExponent(currency);
  const exponent = given ?? known;
  if (exponent === undefined) {
    const message = "Not an ISO 4217 currency; say its currency_exponent.";
    return invalid([{ path: "/currency_exponent", code: "required", message } satisfies FieldError]);
  }
  if (known === undefined || exponent === known) return ok(exponent);
  return invalid([{ path: "/currency_exponent", code: "invalid", message: `${currency} has ${known} decimals.` }]);
}

function answer(ctx: ServiceContext, result: Result<LedgerAccountRow>, bounds?: BalanceBounds) {
  return result.ok ? ok({ status: 200, body: presentLedgerAccount(result.value, ctx.isLive, bounds) }) : result;
}

export const ledgerAccountEndpoints = [
  endpoint({
    method: "post",
    path: "/api/ledger_accounts",
    operationId: "createLedgerAccount",
    tag: TAG,
    summary: "Make a ledger account",
    scope: "write",
    body: newLedgerAccount,
    answers: { 201: { description: "The ledger account", schema: ledgerAccount } },
    refusals: [409],
    async handle({ ctx, body }) {
      const exponent = readExponent(body.currency, body.currency_exponent);
      if (!exponent.ok) return exponent;
      const created = await createLedgerAccount(ctx, {
        ledgerUid: body.ledger_id,
        name: body.name,
        description: body.description ?? null,
        normalBalance: body.normal_balance,
        currency: body.currency,
        currencyExponent: exponent.value,
        ledgerableType: body.ledgerable_type ?? null,
        ledgerableUid: body.ledgerable_id ?? null,
        externalId: body.external_id ?? null,
        metadata: keepValues(body.metadata ?? {}),
      });
      if (!created.ok) return created;
      const headers = { Location: `/api/ledger_accounts/${created.value.uid}` };
      return ok({ status: 201, body: presentLedgerAccount(created.value, ctx.isLive), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_accounts",
    operationId: "listLedgerAccounts",
    tag: TAG,
    summary: "List ledger accounts",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      id: queryList(z.uuid(), "Ids of ledger accounts"),
      name: queryList(z.string(), "Names"),
      ledger_id: z.uuid().optional().meta({ description: "The ledger of the accounts" }),
      currency: z.string().optional().meta({ description: "What the accounts count in" }),
      normal_balance: z.enum(["credit", "debit"]).optional().meta({ description: "The side that raises the balance" }),
      external_id: z.string().optional().meta({ description: "The caller's own identifier" }),
      balances: listedBalancesQuery,
      pending_balance_amount: balanceBounds("the current pending balance"),
      posted_balance_amount: balanceBounds("the current posted balance"),
      available_balance_amount: balanceBounds("the current available balance"),
      created_at: timeBounds("the time of making"),
      updated_at: timeBounds("the time of the last change"),
      metadata: metadataQuery,
    }),
    answers: { 200: pageAnswer(ledgerAccount) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const bounds = readBounds(query.balances);
      if (!bounds.ok) return bounds;
      const filters = {
        uids: query.id,
        names: query.name,
        ledgerUid: query.ledger_id,
        currency: query.currency?.toUpperCase(),
        normalBalance: query.normal_balance,
        externalId: query.external_id,
        balances: {
          pending: query.pending_balance_amount,
          posted: query.posted_balance_amount,
          available: query.available_balance_amount,
        },
        createdAt: query.created_at,
        updatedAt: query.updated_at,
        metadata: readPairs(query.metadata),
      };
      const found = await listAccountsWithin(ctx, filters, bounds.value, page.value);
      const present = (row: LedgerAccountRow) => presentLedgerAccount(row, ctx.isLive, bounds.value);
      return ok(await presentPage(ctx, LIST, page.value, found, present));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledger_accounts/{id}",
    operationId: "getLedgerAccount",
    tag: TAG,
    summary: "Read a ledger account with its balances",
    scope: "read",
    params,
    query: z.strictObject({ balances: balancesQuery }),
    answers: { 200: { description: "The ledger account", schema: ledgerAccount } },
    async handle({ ctx, params, query }) {
      const bounds = readBounds(query.balances);
      if (!bounds.ok) return bounds;
      const account = await readLedgerAccount(ctx, params.id, bounds.value, query.balances?.as_of_lock_version);
      return answer(ctx, account, bounds.value);
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/ledger_accounts/{id}",
    operationId: "updateLedgerAccount",
    tag: TAG,
    summary: "Change a ledger account's name, description, external_id or metadata",
    scope: "write",
    params,
    body: ledgerAccountPatch,
    answers: { 200: { description: "The ledger account", schema: ledgerAccount } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const { external_id: externalId, ...patch } = body;
      return answer(ctx, await updateLedgerAccount(ctx, params.id, { ...patch, externalId }));
    },
  }),
  endpoint({
    method: "delete",
    path: "/api/ledger_accounts/{id}",
    operationId: "deleteLedgerAccount",
    tag: TAG,
    summary: "Discard a ledger account without entries",
    scope: "write",
    params,
    answers: { 200: { description: "The ledger account, discarded", schema: ledgerAccount } },
    async handle({ ctx, params }) {
      return answer(ctx, await deleteLedgerAccount(ctx, params.id));
    },
  }),
];
