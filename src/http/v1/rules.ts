import { z } from "@hono/zod-openapi";
import { ON_AMBIGUOUS } from "../../core/matching/rule.ts";
import { type FieldError, invalid, notFound, ok } from "../../core/result.ts";
import { CARDINALITIES, GROUP_BY_KINDS } from "../../core/rule-definition.ts";
import {
  newRuleDefinitionFields,
  parseRuleDefinition,
  ruleDefinitionFields,
} from "../../core/rule-definition-schema.ts";
import { computeShownPlan } from "../../core/rules/shown-plan.ts";
import { findReconciliation } from "../../db/reconciliations.ts";
import { findRule, listRules, type RuleRow } from "../../db/rules.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createRule } from "../../services/create-rule.ts";
import { deleteRule } from "../../services/delete-rule.ts";
import { unknown } from "../../services/list-records-by.ts";
import { listRulePatchErrors, updateRule } from "../../services/update-rule.ts";
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

const EXAMPLE_OF_PAIRS = {
  reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
  priority: 10,
  filters: EXAMPLE_FILTERS,
  description: "Order id, up to 50 cents apart",
};

const EXAMPLE_OF_GROUPS = {
  reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
  priority: 20,
  filters: {
    operand: "and",
    rules: [
      { key: "metadata.payout_id", operand: "eq", value: "external_id" },
      { key: "amount", operand: "eq", value: "amount" },
    ],
  },
  cardinality: "many_to_one",
  group_by: ["metadata.payout_id"],
  description: "Card payments and fees of a payout against the bank's line",
};

const status = z.enum(["active", "inactive"]);
const filters = z.record(z.string(), z.unknown()).meta({
  description:
    'A tree of groups {"operand": "and"|"or", "rules": […]} and conditions {"key", "operand", "value"|"constant", "tolerance_amount", "tolerance_unit", "transforms"}',
});

const EXAMPLE_ANSWER = {
  ...EXAMPLE_OF_PAIRS,
  id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
  cardinality: "one_to_one",
  group_by: null,
  rollup: null,
  subset: false,
  on_ambiguous: "earliest",
  status: "active",
  version: 1,
  plan: { kind: "key" },
  created_at: "2026-01-15T09:30:00.000Z",
  updated_at: "2026-01-15T09:30:00.000Z",
};

const rule = z
  .object({
    id,
    reconciliation_id: id,
    priority: z.int(),
    filters,
    cardinality: z.enum(CARDINALITIES),
    group_by: z.array(z.string()).nullable(),
    rollup: z
      .object({
        group_by_kind: z.enum(GROUP_BY_KINDS),
        lookback_days: z.int().nullable(),
        date_field: z.string(),
      })
      .nullable(),
    subset: z.boolean(),
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
    example: EXAMPLE_ANSWER,
    examples: [EXAMPLE_ANSWER, { ...EXAMPLE_ANSWER, ...EXAMPLE_OF_GROUPS }],
  });

const fields = {
  priority: z.int().min(0).max(MAX_PRIORITY).meta({ description: "Lower first" }),
  ...ruleDefinitionFields,
  status,
  description: z.string().max(1000).nullable(),
};

const newRule = z
  .strictObject({
    reconciliation_id: z.string(),
    priority: fields.priority.default(DEFAULT_PRIORITY),
    ...newRuleDefinitionFields,
    status: fields.status.default("active"),
    description: fields.description.default(null),
  })
  .meta({
    id: "NewReconciliationRule",
    example: EXAMPLE_OF_PAIRS,
    examples: [EXAMPLE_OF_PAIRS, EXAMPLE_OF_GROUPS],
  });

const rulePatch = z
  .strictObject(fields)
  .partial()
  .meta({ id: "ReconciliationRulePatch", example: { status: "inactive" } });

const params = z.object({ id });

/** What a refused new rule says wrongly beyond its shape. */
async function checkNewRule(ctx: ServiceContext, body: Record<string, unknown>): Promise<FieldError[]> {
  const uid = body.reconciliation_id;
  const isKnown = typeof uid !== "string" || (await findReconciliation(ctx.db, ctx.environmentId, uid));
  const definition = parseRuleDefinition(body);
  const errors = definition.ok ? [] : definition.failure;
  return isKnown ? errors : [unknown("/reconciliation_id", "reconciliation"), ...errors];
}

function presentRule(row: RuleRow) {
  const { filters, cardinality, group_by, rollup, subset, on_ambiguous } = row.definition;
  return {
    id: row.uid,
    reconciliation_id: row.reconciliation_uid,
    priority: row.priority,
    filters,
    cardinality,
    group_by,
    rollup,
    subset,
    on_ambiguous,
    status: row.status,
    description: row.description,
    version: row.version,
    plan: computeShownPlan(row.definition),
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
    description:
      "What is already there is matched in the background; matches that were made before stay. Every cardinality but one_to_one makes a group rule, which needs group_by or subset: true, and unless it is a subset rule an eq between the two amounts in each alternative of its filters.",
    scope: "write",
    body: newRule,
    checkNames: checkNewRule,
    answers: { 201: { description: "The rule", schema: rule } },
    refusals: [409],
    async handle({ ctx, body }) {
      const created = await createRule(ctx, {
        reconciliationUid: body.reconciliation_id,
        priority: body.priority,
        status: body.status,
        description: body.description,
        definition: body,
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
    description:
      "What is absent stays; filters, group_by and rollup are replaced whole. The rule that comes of it is checked as a new one is.",
    scope: "write",
    params,
    body: rulePatch,
    checkNames: (ctx, body, params) => listRulePatchErrors(ctx, params.id, body),
    answers: { 200: { description: "The rule", schema: rule } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const updated = await updateRule(ctx, params.id, {
        priority: body.priority,
        status: body.status,
        description: body.description,
        definition: body,
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
