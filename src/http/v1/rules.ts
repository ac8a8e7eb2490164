import { z } from "@hono/zod-openapi";
import { ON_AMBIGUOUS } from "../../core/matching/rule.ts";
import { type FieldError, invalid, notFound, ok } from "../../core/result.ts";
import { compileFilters } from "../../core/rules/compile.ts";
import { presentPlan } from "../../core/rules/plan.ts";
import { parseFilters } from "../../core/rules/schema.ts";
import { findReconciliation } from "../../db/reconciliations.ts";
import { findRule, listRules, type RuleRow } from "../../db/rules.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createRule } from "../../services/create-rule.ts";
import { deleteRule } from "../../services/delete-rule.ts";
import { unknown } from "../../services/list-records-by.ts";
import { updateRule } from "../../services/update-rule.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, presentTime, time } from "./time.ts";

const TAG = "Reconciliation rules";
const LIST = "reconciliation_rules";
const DEFAULT_PRIORITY = 100;
const MAX_PRIORITY = 1_000_000;

const EXAMPLE_FILTERS = {
  operand: "and",
  rules: [
    { key: "metadata.order_id", operand: "eq", value: "external_id" },
    { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.5, tolerance_unit: "dollar" },
  ],
};

const status = z.enum(["active", "inactive"]);
const filters = z.record(z.string(), z.unknown()).meta({
  description:
    'A tree of groups {"operand": "and"|"or", "rules": […]} and conditions {"key", "operand", "value"|"constant", "tolerance_amount", "tolerance_unit", "transforms"}',
});

const rule = z
  .object({
    id,
    reconciliation_id: id,
    priority: z.int(),
    filters,
    cardinality: z.literal("one_to_one"),
    group_by: z.null(),
    rollup: z.null(),
    subset: z.literal(false),
    on_ambiguous: z.enum(ON_AMBIGUOUS),
    status,
    description: z.string().nullable(),
    version: z.int(),
    plan: z
      .object({ kind: z.enum(["key", "range", "union", "scan"]), why: z.string().optional() })
      .meta({ description: "How candidates are found; a scan looks at every open record" }),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "ReconciliationRule",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      priority: 10,
      filters: EXAMPLE_FILTERS,
      cardinality: "one_to_one",
      group_by: null,
      rollup: null,
      subset: false,
      on_ambiguous: "earliest",
      status: "active",
      description: "Order id, up to 50 cents apart",
      version: 1,
      plan: { kind: "key" },
      created_at: "2026-01-15T09:30:00.000Z",
      updated_at: "2026-01-15T09:30:00.000Z",
    },
  });

const fields = {
  priority: z.int().min(0).max(MAX_PRIORITY).meta({ description: "Lower first" }),
  filters: z.unknown().meta({ type: "object", description: "The rule's tree of conditions" }),
  cardinality: z.literal("one_to_one").meta({ description: "The cardinality that this version supports" }),
  on_ambiguous: z.enum(ON_AMBIGUOUS),
  status,
  description: z.string().max(1000).nullable(),
};

const newRule = z
  .strictObject({
    reconciliation_id: z.string(),
    filters: fields.filters,
    priority: fields.priority.default(DEFAULT_PRIORITY),
    cardinality: fields.cardinality.default("one_to_one"),
    on_ambiguous: fields.on_ambiguous.default("earliest"),
    status: fields.status.default("active"),
    description: fields.description.default(null),
  })
  .meta({
    id: "NewReconciliationRule",
    example: {
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      priority: 10,
      filters: EXAMPLE_FILTERS,
    },
  });

const rulePatch = z
  .strictObject(fields)
  .partial()
  .meta({ id: "ReconciliationRulePatch", example: { status: "inactive" } });

const params = z.object({ id });

/** What a refused body says wrongly beyond its shape. */
async function checkRule(ctx: ServiceContext, body: Record<string, unknown>): Promise<FieldError[]> {
  const { reconciliation_id: uid, filters } = body;
  const isKnown = typeof uid !== "string" || (await findReconciliation(ctx.db, ctx.environmentId, uid));
  const parsed = filters === undefined ? ok(null) : parseFilters(filters, "/filters");
  return [...(isKnown ? [] : [unknown("/reconciliation_id", "reconciliation")]), ...(parsed.ok ? [] : parsed.failure)];
}

function presentRule(row: RuleRow) {
  const { filters, cardinality, on_ambiguous } = row.definition;
  return {
    id: row.uid,
    reconciliation_id: row.reconciliation_uid,
    priority: row.priority,
    filters,
    cardinality,
    group_by: null,
    rollup: null,
    subset: false,
    on_ambiguous,
    status: row.status,
    description: row.description,
    version: row.version,
    plan: presentPlan(compileFilters(filters).plan),
    created_at: presentTime(row.created_at),
    updated_at: presentTime(row.updated_at),
  };
}

export const ruleEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/reconciliation_rules",
    operationId: "createReconciliationRule",
    tag: TAG,
    summary: "Make a rule",
    description: "What is already there is matched in the background; matches that were made before stay.",
    scope: "write",
    body: newRule,
    checkNames: checkRule,
    answers: { 201: { description: "The rule", schema: rule } },
    refusals: [409],
    async handle({ ctx, body }) {
      const created = await createRule(ctx, {
        reconciliationUid: body.reconciliation_id,
        priority: body.priority,
        filters: body.filters,
        onAmbiguous: body.on_ambiguous,
        status: body.status,
        description: body.description,
      });
      if (!created.ok) return created;
      const headers = { Location: `/v1/reconciliation_rules/${created.value.uid}` };
      return ok({ status: 201, body: presentRule(created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_rules",
    operationId: "listReconciliationRules",
    tag: TAG,
    summary: "List rules",
    scope: "read",
    query: z.strictObject({ ...pageQuery, reconciliation_id: id.optional() }),
    answers: { 200: { description: "A page, newest first", schema: pageOf(rule) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const uid = query.reconciliation_id;
      const reconciliation = uid === undefined ? undefined : await findReconciliation(ctx.db, ctx.environmentId, uid);
      if (uid !== undefined && !reconciliation) return invalid([unknown("reconciliation_id", "reconciliation")]);
      const found = await listRules(ctx.db, ctx.environmentId, reconciliation?.id, page.value);
      return ok(await presentPage(ctx, LIST, found, presentRule));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_rules/{id}",
    operationId: "getReconciliationRule",
    tag: TAG,
    summary: "Read a rule",
    scope: "read",
    params,
    answers: { 200: { description: "The rule", schema: rule } },
    async handle({ ctx, params }) {
      const row = await findRule(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentRule(row) }) : notFound("rule");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/reconciliation_rules/{id}",
    operationId: "updateReconciliationRule",
    tag: TAG,
    summary: "Change a rule: makes a new version and undoes no match",
    scope: "write",
    params,
    body: rulePatch,
    checkNames: checkRule,
    answers: { 200: { description: "The rule", schema: rule } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const updated = await updateRule(ctx, params.id, {
        priority: body.priority,
        filters: body.filters,
        onAmbiguous: body.on_ambiguous,
        status: body.status,
        description: body.description,
      });
      return updated.ok ? ok({ status: 200, body: presentRule(updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/reconciliation_rules/{id}",
    operationId: "deleteReconciliationRule",
    tag: TAG,
    summary: "Delete a rule; its matches stay",
    scope: "write",
    params,
    answers: { 204: { description: "It is gone" } },
    async handle({ ctx, params }) {
      const deleted = await deleteRule(ctx, params.id);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
];
