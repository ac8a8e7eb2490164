import { z } from "@hono/zod-openapi";
import { presentLedger } from "../../core/ledger/ledger-view.ts";
import { keepValues, metadataSchema } from "../../core/metadata.ts";
import { notFound, ok } from "../../core/result.ts";
import { findLedger, listLedgers } from "../../db/ledgers.ts";
import { createLedger } from "../../services/create-ledger.ts";
import { deleteLedger } from "../../services/delete-ledger.ts";
import { updateLedger } from "../../services/update-ledger.ts";
import { endpoint } from "../endpoint.ts";
import { queryList } from "../query-parameters.ts";
import { metadataQuery, readPairs, timeBounds } from "./ledger-query.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Ledgers";
const LIST = "ledgers";

const ledger = z
  .object({
    id: z.uuid(),
    object: z.literal("ledger"),
    live_mode: z.boolean(),
    name: z.string(),
    description: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    clearing_ledger_account_id: z.uuid().nullable().meta({ description: "Completes one-sided inline transactions" }),
    discarded_at: time.nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "Ledger",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      object: "ledger",
      live_mode: false,
      name: "Main ledger",
      description: null,
      metadata: {},
      clearing_ledger_account_id: null,
      discarded_at: null,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
    },
  });

const name = z.string().min(1).max(255);
const description = z.string().max(1000).nullish();

const newLedger = z
  .strictObject({ name, description, metadata: metadataSchema.optional() })
  .meta({ id: "NewLedger", example: { name: "Main ledger" } });

const ledgerPatch = z
  .strictObject({
    name: name.optional(),
    description,
    metadata: metadataSchema.optional(),
    clearing_ledger_account_id: z.uuid().nullish(),
  })
  .meta({ id: "LedgerPatch", example: { description: "Customers' money" } });

const params = z.object({ id: z.uuid().meta({ description: "The ledger's id" }) });

export const ledgerEndpoints = [
  endpoint({
    method: "post",
    path: "/api/ledgers",
    operationId: "createLedger",
    tag: TAG,
    summary: "Make a ledger",
    scope: "write",
    body: newLedger,
    answers: { 201: { description: "The ledger", schema: ledger } },
    async handle({ ctx, body }) {
      const { name, description = null, metadata = {} } = body;
      const created = await createLedger(ctx, { name, description, metadata: keepValues(metadata) });
      if (!created.ok) return created;
      const headers = { Location: `/api/ledgers/${created.value.uid}` };
      return ok({ status: 201, body: presentLedger(created.value, ctx.isLive), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledgers",
    operationId: "listLedgers",
    tag: TAG,
    summary: "List ledgers",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      id: queryList(z.uuid(), "Ids of ledgers"),
      created_at: timeBounds("the time of making"),
      updated_at: timeBounds("the time of the last change"),
      metadata: metadataQuery,
    }),
    answers: { 200: pageAnswer(ledger) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters = {
        uids: query.id,
        createdAt: query.created_at,
        updatedAt: query.updated_at,
        metadata: readPairs(query.metadata),
      };
      const found = await listLedgers(ctx.db, ctx.environmentId, filters, page.value);
      return ok(await presentPage(ctx, LIST, page.value, found, (row) => presentLedger(row, ctx.isLive)));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/ledgers/{id}",
    operationId: "getLedger",
    tag: TAG,
    summary: "Read a ledger",
    scope: "read",
    params,
    answers: { 200: { description: "The ledger", schema: ledger } },
    async handle({ ctx, params }) {
      const row = await findLedger(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentLedger(row, ctx.isLive) }) : notFound("ledger");
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/ledgers/{id}",
    operationId: "updateLedger",
    tag: TAG,
    summary: "Change a ledger",
    scope: "write",
    params,
    body: ledgerPatch,
    answers: { 200: { description: "The ledger", schema: ledger } },
    async handle({ ctx, params, body }) {
      const { clearing_ledger_account_id: clearingAccountUid, ...patch } = body;
      const updated = await updateLedger(ctx, params.id, { ...patch, clearingAccountUid });
      return updated.ok ? ok({ status: 200, body: presentLedger(updated.value, ctx.isLive) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/api/ledgers/{id}",
    operationId: "deleteLedger",
    tag: TAG,
    summary: "Discard a ledger without accounts",
    scope: "write",
    params,
    answers: { 200: { description: "The ledger, discarded", schema: ledger } },
    async handle({ ctx, params }) {
      const deleted = await deleteLedger(ctx, params.id);
      return deleted.ok ? ok({ status: 200, body: presentLedger(deleted.value, ctx.isLive) }) : deleted;
    },
  }),
];
