import { z } from "@hono/zod-openapi";
import { MANUAL_MATCH_MAX_RECORDS } from "../../config.ts";
import { presentMatch } from "../../core/match-view.ts";
import { notFound, ok } from "../../core/result.ts";
import { findMatchSnapshot } from "../../db/matches.ts";
import { createMatch, listUnknownNames } from "../../services/create-match.ts";
import { listMatchesBy } from "../../services/list-matches-by.ts";
import { voidMatch } from "../../services/void-match.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, time } from "./time.ts";

const TAG = "Matches";
const LIST = "reconciliation_matches";
const REASON_MAX_CHARS = 1_000;

export const amount = z.union([z.number(), z.string()]);
const method = z.enum(["automatic", "manual"]);
const status = z.enum(["matched", "voided"]);

export const matchedRecords = z.array(z.object({ record_id: id, side: z.enum(["a", "b"]), amount }));
export const explanation = z.array(
  z.object({ condition: z.unknown(), a: z.unknown(), b: z.unknown(), outcome: z.enum(["passed", "failed"]) }),
);

const match = z
  .object({
    id,
    reconciliation_id: id,
    rule_id: id.nullable(),
    rule_version: z.int().nullable(),
    method,
    status,
    variance: amount,
    currency: z.string(),
    records: matchedRecords,
    explanation,
    created_at: time,
    voided_at: time.nullable(),
    void_reason: z.string().nullable(),
    previous_hash: z.string(),
    hash: z.string(),
  })
  .meta({
    id: "ReconciliationMatch",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      rule_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      rule_version: 1,
      method: "automatic",
      status: "matched",
      variance: 0,
      currency: "USD",
      records: [
        { record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d", side: "a", amount: 250 },
        { record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1e", side: "b", amount: 250 },
      ],
      explanation: [
        { condition: { key: "amount", operand: "eq", value: "amount" }, a: 250, b: 250, outcome: "passed" },
      ],
      created_at: "2026-01-15T09:30:00.000Z",
      voided_at: null,
      void_reason: null,
      previous_hash: "",
      hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
  });

const newMatch = z
  .strictObject({
    reconciliation_id: z.string(),
    record_ids: z
      .array(z.string().max(36))
      .min(2)
      .max(MANUAL_MATCH_MAX_RECORDS)
      .refine((ids) => new Set(ids).size === ids.length, {
        message: "Name each record once.",
        params: { code: "repeated" },
      }),
    create_adjustment: z
      .boolean()
      .default(false)
      .meta({ description: "A difference is taken by a new record on the smaller side" }),
    adjustment_reason: z.string().max(REASON_MAX_CHARS).nullable().default(null),
    allow_partial: z.boolean().default(false).meta({ description: "A difference stays open on the larger side" }),
  })
  .refine((body) => !(body?.create_adjustment === true && body.allow_partial === true), {
    path: ["allow_partial"],
    when: () => true,
    message: "Take either create_adjustment or allow_partial.",
    params: { code: "exclusive" },
  })
  .meta({
    id: "NewReconciliationMatch",
    example: {
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      record_ids: ["0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d", "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1e"],
    },
  });

const params = z.object({ id });

export const matchEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/reconciliation_matches",
    operationId: "createReconciliationMatch",
    tag: TAG,
    summary: "Match records by hand",
    description: "Automation never takes a manual match apart.",
    scope: "write",
    body: newMatch,
    checkNames: (ctx, body) => listUnknownNames(ctx, body.reconciliation_id, body.record_ids),
    answers: { 201: { description: "The match", schema: match } },
    refusals: [409],
    async handle({ ctx, body }) {
      const made = await createMatch(ctx, body.reconciliation_id, {
        recordUids: body.record_ids,
        createAdjustment: body.create_adjustment,
        adjustmentReason: body.adjustment_reason,
        allowPartial: body.allow_partial,
      });
      if (!made.ok) return made;
      const headers = { Location: `/v1/reconciliation_matches/${made.value.id}` };
      return ok({ status: 201, body: presentMatch(made.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_matches",
    operationId: "listReconciliationMatches",
    tag: TAG,
    summary: "List matches, voided ones included unless filtered",
    description:
      "A page may be shorter than its limit while has_more is true: no page reads more than a bounded number of matches.",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      reconciliation_id: id.optional(),
      rule_id: id.optional(),
      record_id: id.optional(),
      method: method.optional().meta({ description: "automatic or manual" }),
      status: status.optional().meta({ description: "matched or voided" }),
    }),
    answers: { 200: { description: "A page, newest first", schema: pageOf(match) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listMatchesBy(
        ctx,
        {
          reconciliationUid: query.reconciliation_id,
          ruleUid: query.rule_id,
          recordUid: query.record_id,
          filters: { method: query.method, status: query.status },
        },
        page.value,
      );
      return found.ok ? ok(await presentPage(ctx, LIST, found.value, presentMatch)) : found;
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliation_matches/{id}",
    operationId: "getReconciliationMatch",
    tag: TAG,
    summary: "Read a match with its explanation",
    scope: "read",
    params,
    answers: { 200: { description: "The match", schema: match } },
    async handle({ ctx, params }) {
      const snapshot = await findMatchSnapshot(ctx.db, ctx.environmentId, params.id);
      return snapshot ? ok({ status: 200, body: presentMatch(snapshot) }) : notFound("match");
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/reconciliation_matches/{id}",
    operationId: "voidReconciliationMatch",
    tag: TAG,
    summary: "Void a match: its records go back, history stays",
    scope: "write",
    params,
    query: z.strictObject({
      reason: z.string().max(REASON_MAX_CHARS).optional().meta({ description: "Kept with the match" }),
    }),
    answers: { 200: { description: "The voided match", schema: match } },
    refusals: [409],
    async handle({ ctx, params, query }) {
      const voided = await voidMatch(ctx, params.id, query.reason ?? null);
      return voided.ok ? ok({ status: 200, body: presentMatch(voided.value) }) : voided;
    },
  }),
];
