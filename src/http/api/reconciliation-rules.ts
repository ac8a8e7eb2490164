import { z } from "@hono/zod-openapi";
import { RULE_PREVIEW_MAX_ACCOUNTS, RULE_PREVIEW_MAX_PAYMENTS, RULE_PREVIEW_MAX_TRANSACTIONS } from "../../config.ts";
import { formatSeconds } from "../../core/calendar.ts";
import { ON_AMBIGUOUS } from "../../core/matching/rule.ts";
import { computePaymentPlan } from "../../core/payment/compile-payment-rule.ts";
import { PAYMENT_OPERATORS, PAYMENT_STRATEGIES } from "../../core/payment/payment-rule.ts";
import { parsePaymentRule, paymentRuleFields } from "../../core/payment/payment-rule-schema.ts";
import { notFound, ok } from "../../core/result.ts";
import { findPaymentRule, type PaymentRuleRow } from "../../db/payment-rules.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createPaymentRule, listUnknownAccounts } from "../../services/create-payment-rule.ts";
import { deletePaymentRule } from "../../services/delete-payment-rule.ts";
import { listRulesOfPayments } from "../../services/list-payment-rules.ts";
import { previewRuleOnAccounts } from "../../services/preview-rule-on-accounts.ts";
import { listPaymentRulePatchErrors, updatePaymentRule } from "../../services/update-payment-rule.ts";
import { endpoint } from "../endpoint.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Payment reconciliation rules";
const LIST = "payment_rules";
const PATH = "/api/reconciliation_rules";
const DEFAULT_PRIORITY = 100;
const MAX_PRIORITY = 1_000_000;
const MAX_ACCOUNTS = 100;

const EXAMPLE_CONDITIONS = {
  operator: "and",
  blocks: [
    {
      operator: "and",
      conditions: [
        {
          field: "transaction.vendor_description",
          operator: "contains",
          value_field: "expected_payment.custom_identifiers.invoice",
        },
        {
          field: "transaction.as_of_date",
          operator: "less_than_or_equals",
          value_field: "expected_payment.date_upper_bound",
        },
      ],
    },
    {
      operator: "or",
      conditions: [
        { field: "transaction.type", operator: "equals", value: "ach" },
        { field: "transaction.type", operator: "equals", value: "wire" },
      ],
    },
  ],
};

const EXAMPLE_OF_PAIRS = {
  name: "Invoice number in the bank's text",
  strategy: "one_to_one",
  conditions: EXAMPLE_CONDITIONS,
};

const EXAMPLE_OF_GROUPS = {
  name: "Card payouts",
  priority: 20,
  strategy: "one_transaction_to_many_expected_payments",
  internal_account_ids: ["0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b"],
  conditions: {
    operator: "and",
    blocks: [
      {
        operator: "and",
        conditions: [
          {
            field: "transaction.details.payout_id",
            operator: "equals",
            value_field: "expected_payment.custom_identifiers.batch_id",
          },
        ],
      },
    ],
  },
  group_by: ["expected_payment.custom_identifiers.batch_id"],
};

const id = z.uuid();
const status = z.enum(["active", "inactive"]);
const junction = z.enum(["and", "or"]);

const conditions = z.object({
  operator: junction.meta({ description: "How the blocks are joined" }),
  blocks: z
    .array(
      z.object({
        operator: junction.meta({ description: "How the block's conditions are joined" }),
        conditions: z.array(
          z.object({
            field: z.string().meta({ description: "With its side, such as transaction.vendor_description" }),
            operator: z.enum(PAYMENT_OPERATORS),
            value: z.union([z.string(), z.number(), z.boolean()]).optional(),
            value_field: z.string().optional().meta({ description: "A field of the other side, in place of value" }),
          }),
        ),
      }),
    )
    .meta({ description: "None for a rule that goes by account, direction, currency and amount alone" }),
});

const EXAMPLE_ANSWER = {
  ...EXAMPLE_OF_PAIRS,
  id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
  object: "reconciliation_rule",
  live_mode: false,
  priority: DEFAULT_PRIORITY,
  internal_account_ids: null,
  group_by: null,
  on_ambiguous: "skip",
  status: "active",
  version: 1,
  plan: { kind: "range" },
  created_at: "2026-01-15T09:30:00Z",
  updated_at: "2026-01-15T09:30:00Z",
};

const rule = z
  .object({
    id,
    object: z.literal("reconciliation_rule"),
    live_mode: z.boolean(),
    name: z.string(),
    priority: z.int(),
    strategy: z.enum(PAYMENT_STRATEGIES),
    internal_account_ids: z.array(id).nullable().meta({ description: "null for every internal account" }),
    conditions,
    group_by: z.array(z.string()).nullable(),
    on_ambiguous: z.enum(ON_AMBIGUOUS),
    status,
    version: z.int().meta({ description: "Raised by every change of what the rule says" }),
    plan: z
      .object({ kind: z.enum(["key", "range", "union", "scan"]), why: z.string().optional() })
      .meta({ description: "How candidates are found; a scan looks at every open one of the account" }),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "PaymentRule",
    example: EXAMPLE_ANSWER,
    examples: [EXAMPLE_ANSWER, { ...EXAMPLE_ANSWER, ...EXAMPLE_OF_GROUPS, plan: { kind: "key" } }],
  });

const fields = {
  name: z.string().min(1).max(255),
  priority: z.int().min(0).max(MAX_PRIORITY).meta({ description: "Lower first, then the older rule" }),
  strategy: paymentRuleFields.strategy,
  internal_account_ids: z
    .array(z.string())
    .min(1)
    .max(MAX_ACCOUNTS)
    .superRefine((uids, context) => {
      for (const [index, uid] of uids.entries()) {
        if (uids.indexOf(uid) === index) continue;
        const message = "This internal account is named before.";
        context.addIssue({ code: "custom", path: [index], message, params: { code: "repeated" }, input: uid });
      }
    })
    .nullable()
    .meta({ description: "null for every internal account, those that come later included" }),
  // Checked by `parsePaymentRule`, which says more than this shape can.
  conditions: z.record(z.string(), z.unknown()).meta({
    description:
      'Blocks of conditions: {"operator": "and"|"or", "blocks": [{"operator": "and"|"or", "conditions": [{"field", "operator", "value"|"value_field"}]}]}',
  }),
  group_by: paymentRuleFields.group_by,
  on_ambiguous: paymentRuleFields.on_ambiguous,
  status,
};

const newRule = z
  .strictObject({
    name: fields.name,
    priority: fields.priority.default(DEFAULT_PRIORITY),
    strategy: fields.strategy,
    internal_account_ids: fields.internal_account_ids.default(null),
    conditions: fields.conditions,
    group_by: fields.group_by.default(null),
    on_ambiguous: fields.on_ambiguous.default("skip"),
    status: fields.status.default("active"),
  })
  .meta({ id: "NewPaymentRule", example: EXAMPLE_OF_PAIRS, examples: [EXAMPLE_OF_PAIRS, EXAMPLE_OF_GROUPS] });

const rulePatch = z
  .strictObject(fields)
  .partial()
  .meta({ id: "PaymentRulePatch", example: { status: "inactive" } });

const preview = z
  .object({
    rule_id: id,
    transactions_evaluated: z.int(),
    expected_payments_evaluated: z.int(),
    is_complete: z.boolean().meta({
      description: `False when there is more than was looked at: ${RULE_PREVIEW_MAX_ACCOUNTS} internal accounts, and of each the newest ${RULE_PREVIEW_MAX_TRANSACTIONS} transactions and ${RULE_PREVIEW_MAX_PAYMENTS} expected payments that are open; also when the search was cut, or an account is still being taken in`,
    }),
    matches: z.array(
      z.object({
        transaction_id: id,
        amount: z.int().meta({ description: "Minor units" }),
        expected_payments: z.array(z.object({ id, amount: z.int() })),
      }),
    ),
    ambiguous_transaction_ids: z
      .array(id)
      .meta({ description: "Transactions that the rule leaves alone because more than one match fits" }),
  })
  .meta({
    id: "PaymentRulePreview",
    example: {
      rule_id: EXAMPLE_ANSWER.id,
      transactions_evaluated: 2,
      expected_payments_evaluated: 3,
      is_complete: true,
      matches: [
        {
          transaction_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
          amount: 25_000,
          expected_payments: [{ id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d", amount: 25_000 }],
        },
      ],
      ambiguous_transaction_ids: ["0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1e"],
    },
  });

const newPreview = z
  .strictObject({
    internal_account_id: z.string().optional().meta({ description: "By default each account that the rule is for" }),
  })
  .meta({ id: "NewPaymentRulePreview", example: {} });

const params = z.object({ id: id.meta({ description: "The rule's id" }) });

const query = z.strictObject({
  ...pageQuery,
  status: status.optional().meta({ description: "Only rules that are, or are not, at work" }),
  internal_account_id: z.string().optional().meta({ description: "Rules that apply to this internal account" }),
});

/** What a refused new rule says wrongly beyond its shape. */
async function checkNewRule(ctx: ServiceContext, body: Record<string, unknown>) {
  const definition = parsePaymentRule(body);
  const unknown = await listUnknownAccounts(ctx, readUids(body), definition.ok ? definition.value : undefined);
  return [...(definition.ok ? [] : definition.failure), ...unknown];
}

function readUids({ internal_account_ids: given }: Record<string, unknown>): string[] | null {
  return Array.isArray(given) && given.every((uid) => typeof uid === "string") ? given : null;
}

function presentRule(ctx: ServiceContext, row: PaymentRuleRow) {
  const { strategy, conditions, group_by, on_ambiguous } = row.definition;
  return {
    id: row.uid,
    object: "reconciliation_rule",
    live_mode: ctx.isLive,
    name: row.name,
    priority: row.priority,
    strategy,
    internal_account_ids: row.accountUids,
    conditions,
    group_by,
    on_ambiguous,
    status: row.status,
    version: row.version,
    plan: computePaymentPlan(row.definition),
    created_at: formatSeconds(row.created_at),
    updated_at: formatSeconds(row.updated_at),
  };
}

export const paymentRuleEndpoints = [
  endpoint({
    method: "post",
    path: PATH,
    operationId: "createPaymentRule",
    tag: TAG,
    summary: "Make a rule by which payments are reconciled",
    description:
      "Without a rule nothing is reconciled by itself. Account, direction, currency and, as the strategy has it, the amount are always compared; a rule with blocks: [] compares nothing else. What is already there is matched in the background.",
    scope: "write",
    body: newRule,
    checkNames: checkNewRule,
    answers: { 201: { description: "The rule", schema: rule } },
    refusals: [409],
    async handle({ ctx, body }) {
      const { name, priority, status, internal_account_ids: accountUids } = body;
      const created = await createPaymentRule(ctx, { name, priority, status, accountUids, definition: body });
      if (!created.ok) return created;
      const headers = { Location: `${PATH}/${created.value.uid}` };
      return ok({ status: 201, body: presentRule(ctx, created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: PATH,
    operationId: "listPaymentRules",
    tag: TAG,
    summary: "List rules by which payments are reconciled",
    scope: "read",
    query,
    answers: { 200: pageAnswer(rule) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters = { status: query.status, accountUid: query.internal_account_id };
      const found = await listRulesOfPayments(ctx, filters, page.value);
      return ok(await presentPage(ctx, LIST, page.value, found, (row) => presentRule(ctx, row)));
    },
  }),
  endpoint({
    method: "get",
    path: `${PATH}/{id}`,
    operationId: "getPaymentRule",
    tag: TAG,
    summary: "Read a rule by which payments are reconciled",
    scope: "read",
    params,
    answers: { 200: { description: "The rule", schema: rule } },
    async handle({ ctx, params }) {
      const row = await findPaymentRule(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentRule(ctx, row) }) : notFound("rule");
    },
  }),
  endpoint({
    method: "patch",
    path: `${PATH}/{id}`,
    operationId: "updatePaymentRule",
    tag: TAG,
    summary: "Change a rule by which payments are reconciled; undoes no match",
    description:
      "What is absent stays; conditions, group_by and internal_account_ids are replaced whole. The rule that comes of it is checked as a new one is.",
    scope: "write",
    params,
    body: rulePatch,
    checkNames: async (ctx, body, params) => [
      ...(await listPaymentRulePatchErrors(ctx, params.id, body)),
      ...(await listUnknownAccounts(ctx, readUids(body), undefined)),
    ],
    answers: { 200: { description: "The rule", schema: rule } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const { name, priority, status, internal_account_ids: accountUids, ...definition } = body;
      const updated = await updatePaymentRule(ctx, params.id, { name, priority, status, accountUids, definition });
      return updated.ok ? ok({ status: 200, body: presentRule(ctx, updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: `${PATH}/{id}`,
    operationId: "deletePaymentRule",
    tag: TAG,
    summary: "Delete a rule by which payments are reconciled; what it has reconciled stays",
    scope: "write",
    params,
    answers: { 204: { description: "It is gone" } },
    async handle({ ctx, params }) {
      const deleted = await deletePaymentRule(ctx, params.id);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
  endpoint({
    method: "post",
    path: `${PATH}/{id}/preview`,
    operationId: "previewPaymentRule",
    tag: TAG,
    summary: "See what a rule alone would match among what is open now",
    description: "An inactive rule is previewed, too. Nothing is written.",
    scope: "read",
    params,
    body: newPreview,
    isBodyOptional: true,
    answers: { 200: { description: "What the rule would match", schema: preview } },
    async handle({ ctx, params, body }) {
      const previewed = await previewRuleOnAccounts(ctx, params.id, body.internal_account_id);
      return previewed.ok ? ok({ status: 200, body: previewed.value }) : previewed;
    },
  }),
];
