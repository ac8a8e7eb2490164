import { z } from "@hono/zod-openapi";
import type { Side } from "../../core/matching/item.ts";
import { RUN_TYPES } from "../../core/reconciliation.ts";
import { type FieldError, notFound, ok } from "../../core/result.ts";
import { findReconciliation, listReconciliations, type ReconciliationRow } from "../../db/reconciliations.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createReconciliation } from "../../services/create-reconciliation.ts";
import { deleteReconciliation } from "../../services/delete-reconciliation.ts";
import { resolveSides } from "../../services/resolve-sides.ts";
import { updateReconciliation } from "../../services/update-reconciliation.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, presentTime, time } from "./time.ts";

const TAG = "Reconciliations";
const LIST = "reconciliations";
const NAME_MAX_CHARS = 200;
const SIDE_MAX_SOURCES = 20;
const EXPECTED_WITHIN_MAX_DAYS = 3650;

const sideCounts = z.object({ unreconciled: z.int(), partially_reconciled: z.int(), reconciled: z.int() });

const reconciliation = z
  .object({
    id,
    name: z.string(),
    run_type: z.enum(RUN_TYPES),
    side_a: z.array(z.string()),
    side_b: z.array(z.string()),
    expected_within_days: z.int().nullable(),
    counts: z.object({ side_a: sideCounts, side_b: sideCounts }),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "Reconciliation",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      name: "Card payments against the bank",
      run_type: "continuous",
      side_a: ["stripe_payments"],
      side_b: ["bank_feed"],
      expected_within_days: 3,
      counts: {
        side_a: { unreconciled: 2, partially_reconciled: 0, reconciled: 40 },
        side_b: { unreconciled: 0, partially_reconciled: 0, reconciled: 40 },
      },
      created_at: "2026-01-15T09:30:00.000Z",
      updated_at: "2026-01-15T09:30:00.000Z",
    },
  });

const side = z.array(z.string()).min(1).max(SIDE_MAX_SOURCES).meta({ description: "Keys of data sources" });
const fields = {
  name: z.string().min(1).max(NAME_MAX_CHARS),
  run_type: z.enum(RUN_TYPES),
  side_a: side,
  side_b: side,
  expected_within_days: z.int().min(0).max(EXPECTED_WITHIN_MAX_DAYS).nullable(),
};

const newReconciliation = z
  .strictObject({
    ...fields,
    run_type: fields.run_type.default("continuous"),
    expected_within_days: fields.expected_within_days.default(null),
  })
  .meta({
    id: "NewReconciliation",
    example: {
      name: "Card payments against the bank",
      side_a: ["stripe_payments"],
      side_b: ["bank_feed"],
      expected_within_days: 3,
    },
  });

const reconciliationPatch = z
  .strictObject(fields)
  .partial()
  .meta({ id: "ReconciliationPatch", example: { expected_within_days: 5 } });

const params = z.object({ id });

/** What the sides of a refused body name wrongly. */
async function checkSides(ctx: ServiceContext, body: Record<string, unknown>): Promise<FieldError[]> {
  const keysOf = (side: unknown) => (Array.isArray(side) ? side.slice(0, SIDE_MAX_SOURCES).map(String) : []);
  const sides = await resolveSides(ctx, { a: keysOf(body.side_a), b: keysOf(body.side_b) });
  return sides.ok ? [] : sides.failure;
}

function presentReconciliation(row: ReconciliationRow): z.infer<typeof reconciliation> {
  const sourcesOf = (side: Side) => row.sources.filter((source) => source.side === side);
  const countsOf = (side: Side) => {
    const sum = (count: (source: ReconciliationRow["sources"][number]) => number) =>
      sourcesOf(side).reduce((total, source) => total + count(source), 0);
    const partial = sum((source) => source.partial_count);
    const reconciled = sum((source) => source.reconciled_count);
    const total = sum((source) => source.record_count);
    return { unreconciled: total - partial - reconciled, partially_reconciled: partial, reconciled };
  };
  return {
    id: row.uid,
    name: row.name,
    run_type: row.run_type,
    side_a: sourcesOf("a").map((source) => source.key),
    side_b: sourcesOf("b").map((source) => source.key),
    expected_within_days: row.expected_within_days,
    counts: { side_a: countsOf("a"), side_b: countsOf("b") },
    created_at: presentTime(row.created_at),
    updated_at: presentTime(row.updated_at),
  };
}

export const reconciliationEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/reconciliations",
    operationId: "createReconciliation",
    tag: TAG,
    summary: "Make a reconciliation of two sides",
    scope: "write",
    body: newReconciliation,
    checkNames: checkSides,
    answers: { 201: { description: "The reconciliation", schema: reconciliation } },
    refusals: [409],
    async handle({ ctx, body }) {
      const created = await createReconciliation(ctx, {
        name: body.name,
        runType: body.run_type,
        sideA: body.side_a,
        sideB: body.side_b,
        expectedWithinDays: body.expected_within_days,
      });
      if (!created.ok) return created;
      const headers = { Location: `/v1/reconciliations/${created.value.uid}` };
      return ok({ status: 201, body: presentReconciliation(created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliations",
    operationId: "listReconciliations",
    tag: TAG,
    summary: "List reconciliations",
    scope: "read",
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(reconciliation) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listReconciliations(ctx.db, ctx.environmentId, page.value);
      return ok(await presentPage(ctx, LIST, found, presentReconciliation));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliations/{id}",
    operationId: "getReconciliation",
    tag: TAG,
    summary: "Read a reconciliation",
    scope: "read",
    params,
    answers: { 200: { description: "The reconciliation", schema: reconciliation } },
    async handle({ ctx, params }) {
      const row = await findReconciliation(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentReconciliation(row) }) : notFound("reconciliation");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/reconciliations/{id}",
    operationId: "updateReconciliation",
    tag: TAG,
    summary: "Change a reconciliation",
    description: "A change of sides matches in the background what is there; it never undoes a match.",
    scope: "write",
    params,
    body: reconciliationPatch,
    checkNames: checkSides,
    answers: { 200: { description: "The reconciliation", schema: reconciliation } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const updated = await updateReconciliation(ctx, params.id, {
        name: body.name,
        runType: body.run_type,
        sideA: body.side_a,
        sideB: body.side_b,
        expectedWithinDays: body.expected_within_days,
      });
      return updated.ok ? ok({ status: 200, body: presentReconciliation(updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/reconciliations/{id}",
    operationId: "deleteReconciliation",
    tag: TAG,
    summary: "Delete a reconciliation; its matches stay readable",
    scope: "write",
    params,
    query: z.strictObject({
      unmatch: z.enum(["true", "false"]).optional().meta({ description: "true voids its live matches first" }),
    }),
    answers: {
      202: { description: "It is gone; its matches are being voided in the background" },
      204: { description: "It is gone" },
    },
    refusals: [409],
    async handle({ ctx, params, query }) {
      const deleted = await deleteReconciliation(ctx, params.id, query.unmatch === "true");
      return deleted.ok ? ok({ status: deleted.value.done ? 204 : 202 }) : deleted;
    },
  }),
];
