import { z } from "@hono/zod-openapi";
import { presentRunMatch } from "../../core/match-view.ts";
import { notFound, ok } from "../../core/result.ts";
import { PROBLEM_CODES, presentRun, RUN_MODES, RUN_PHASES, RUN_STATUSES } from "../../core/run.ts";
import { findReconciliationId } from "../../db/reconciliations.ts";
import { listMatchesOfRun } from "../../db/run-matches.ts";
import { findRun, listRuns } from "../../db/runs.ts";
import { createRun, listUnknownPreviews } from "../../services/create-run.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { amount, explanation, matchedRecords } from "./matches.ts";
import { id, time } from "./time.ts";

const TAG = "Runs";

const openSide = z.object({
  records: z.int(),
  sums: z
    .array(z.object({ currency: z.string(), amount }))
    .meta({ description: "Signed sums of what is open: credit counts as positive, debit as negative" }),
});

const run = z
  .object({
    id,
    reconciliation_id: id,
    mode: z.enum(RUN_MODES),
    preview_id: id.nullable(),
    status: z.enum(RUN_STATUSES),
    progress: z.object({ phase: z.enum(RUN_PHASES), done: z.int(), total: z.int() }).meta({
      description:
        "Of total, done: records copied while loading; records times rules looked at while matching; matches handled while committing",
    }),
    matched_records: z.int().meta({ description: "Records in at least one of its matches" }),
    by_rule: z.array(
      z.object({
        rule_id: id,
        rule_version: z.int(),
        matches: z.int(),
        matched_records: z.int().meta({ description: "Records that this rule was the first to match in the run" }),
        ambiguous: z.int().meta({ description: "Records that the rule skipped, as more than one match fits" }),
        cut: z.int().meta({ description: "Records for which the search ended at its limit" }),
      }),
    ),
    open: z
      .object({ side_a: openSide, side_b: openSide })
      .nullable()
      .meta({ description: "What stays open; null until the run is completed" }),
    problems: z
      .array(
        z.object({
          code: z.enum(PROBLEM_CODES),
          message: z.string(),
          rule_id: id.optional(),
          record_id: id.optional(),
          match_id: id.optional(),
        }),
      )
      .meta({ description: "The first 100" }),
    problem_count: z.int(),
    created_at: time,
    started_at: time.nullable(),
    completed_at: time.nullable(),
  })
  .meta({
    id: "ReconciliationRun",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      mode: "preview",
      preview_id: null,
      status: "completed",
      progress: { phase: "done", done: 84, total: 84 },
      matched_records: 80,
      by_rule: [
        {
          rule_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
          rule_version: 1,
          matches: 40,
          matched_records: 80,
          ambiguous: 1,
          cut: 0,
        },
      ],
      open: {
        side_a: { records: 3, sums: [{ currency: "USD", amount: 120.5 }] },
        side_b: { records: 1, sums: [{ currency: "USD", amount: -15 }] },
      },
      problems: [
        {
          code: "ambiguous",
          message: "More than one match fits this record, and the rule skips such.",
          rule_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
          record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d",
        },
      ],
      problem_count: 1,
      created_at: "2026-01-15T09:30:00.000Z",
      started_at: "2026-01-15T09:30:00.120Z",
      completed_at: "2026-01-15T09:30:01.450Z",
    },
  });

const newRun = z
  .strictObject({
    mode: z.enum(RUN_MODES),
    preview_id: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: "With mode commit: the preview whose matches are to be made, and no others" }),
  })
  .refine((body) => !(body?.mode === "preview" && typeof body.preview_id === "string"), {
    path: ["preview_id"],
    when: () => true,
    message: "A preview_id goes with mode commit.",
    params: { code: "not_allowed" },
  })
  .meta({ id: "NewReconciliationRun", example: { mode: "preview" } });

const runMatch = z
  .object({
    id: id.meta({ description: "Id of the match, or the one that it gets when the preview is committed" }),
    rule_id: id,
    rule_version: z.int(),
    variance: amount,
    currency: z.string(),
    records: matchedRecords,
    explanation,
  })
  .meta({
    id: "RunMatch",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      rule_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      rule_version: 1,
      variance: 0,
      currency: "USD",
      records: [
        { record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d", side: "a", amount: 250 },
        { record_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1e", side: "b", amount: 250 },
      ],
      explanation: [
        { condition: { key: "amount", operand: "eq", value: "amount" }, a: 250, b: 250, outcome: "passed" },
      ],
    },
  });

const params = z.object({ id });
const runParams = z.object({ id, run_id: id });

export const runEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/reconciliations/{id}/runs",
    operationId: "createReconciliationRun",
    tag: TAG,
    summary: "Preview what the rules would match, or commit it",
    description:
      "The run goes on in the background; a reconciliation has one at a time. With a preview_id exactly the preview's matches are made, or 409 is answered and nothing is written if one of their records has changed. Proposals of the 5 newest previews are kept.",
    scope: "write",
    params,
    body: newRun,
    checkNames: (ctx, body) => listUnknownPreviews(ctx, body.preview_id),
    answers: { 202: { description: "The run, to be polled", schema: run } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const created = await createRun(ctx, params.id, { mode: body.mode, previewUid: body.preview_id });
      if (!created.ok) return created;
      const headers = { Location: `/v1/reconciliations/${params.id}/runs/${created.value.uid}` };
      return ok({ status: 202, body: presentRun(created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliations/{id}/runs",
    operationId: "listReconciliationRuns",
    tag: TAG,
    summary: "List the runs of a reconciliation",
    scope: "read",
    params,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(run) } },
    async handle({ ctx, params, query }) {
      const reconciliationId = await findReconciliationId(ctx.db, ctx.environmentId, params.id);
      if (reconciliationId === undefined) return notFound("reconciliation");
      const list = `runs of ${params.id}`;
      const page = await readPage(ctx, list, query);
      if (!page.ok) return page;
      return ok(await presentPage(ctx, list, await listRuns(ctx.db, reconciliationId, page.value), presentRun));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliations/{id}/runs/{run_id}",
    operationId: "getReconciliationRun",
    tag: TAG,
    summary: "Read a run: how far it is, and what it came to",
    scope: "read",
    params: runParams,
    answers: { 200: { description: "The run", schema: run } },
    async handle({ ctx, params }) {
      const found = await findRun(ctx.db, ctx.environmentId, params.id, params.run_id);
      return found ? ok({ status: 200, body: presentRun(found) }) : notFound("run");
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/reconciliations/{id}/runs/{run_id}/matches",
    operationId: "listRunMatches",
    tag: TAG,
    summary: "List what a preview proposes or a commit has made",
    description:
      "In the order in which the matches were decided, the first one first; while the run is under way more come at the end. Of a preview whose proposals are no longer kept there are none. A match that was voided since is listed all the same.",
    scope: "read",
    params: runParams,
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, first decided first", schema: pageOf(runMatch) } },
    async handle({ ctx, params, query }) {
      const found = await findRun(ctx.db, ctx.environmentId, params.id, params.run_id);
      if (!found) return notFound("run");
      const list = `matches of run ${found.uid}`;
      const page = await readPage(ctx, list, query);
      if (!page.ok) return page;
      const matches = await listMatchesOfRun(ctx.db, found, page.value.before, page.value.limit);
      return ok(await presentPage(ctx, list, matches, presentRunMatch));
    },
  }),
];
