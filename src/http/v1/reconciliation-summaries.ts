import { z } from "@hono/zod-openapi";
import { RECORD_STATUSES } from "../../core/reconciliation.ts";
import { DIRECTIONS } from "../../core/record.ts";
import { ok } from "../../core/result.ts";
import { presentSummary } from "../../core/summary.ts";
import { summarizeReconciliation } from "../../services/summarize-reconciliation.ts";
import { endpoint } from "../endpoint.ts";
import { amount } from "./matches.ts";
import { ageBucket } from "./reconciliation-exceptions.ts";
import { calendarDay } from "./records.ts";
import { day, id } from "./time.ts";

const rate = z.number().nullable().meta({ description: "null where there are no records" });

const side = z.object({
  type_keys: z.array(z.string()),
  records: z.int(),
  counts: z.object({ unreconciled: z.int(), partially_reconciled: z.int(), reconciled: z.int() }),
  totals: z.array(
    z.object({
      currency: z.string(),
      status: z.enum(RECORD_STATUSES),
      direction: z.enum(DIRECTIONS),
      count: z.int(),
      amount,
      reconciled_amount: amount,
    }),
  ),
  aging: z
    .array(
      z.object({
        ...ageBucket,
        count: z.int(),
        open: z.array(z.object({ currency: z.string(), credit: amount, debit: amount })),
      }),
    )
    .meta({ description: "What is not reconciled in full, by the age of its date, and what is open of it" }),
});

const summary = z
  .object({
    reconciliation_id: id,
    as_of: day,
    side_a: side,
    side_b: side,
    difference: z
      .array(
        z.object({
          currency: z.string(),
          side_a: amount,
          side_b: amount,
          difference: amount,
          open_difference: amount.meta({ description: "The same of what is open" }),
        }),
      )
      .meta({ description: "Signed sums of each side, credit counted as positive, and Side A's less Side B's" }),
    match_rate: z.object({
      records: z.int(),
      reconciled: z.int(),
      rate,
      by_rule: z.array(z.object({ rule_id: id.nullable(), matches: z.int(), records: z.int(), rate })).meta({
        description:
          "Live matches, and the records in them, each once for each match; the rate is the share in these of all rules and of matches by hand, and the rates come to 1 but for rounding. rule_id null: matches by hand",
      }),
    }),
  })
  .meta({
    id: "ReconciliationSummary",
    example: {
      reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      as_of: "2026-01-31",
      side_a: {
        type_keys: ["stripe_payments"],
        records: 2,
        counts: { unreconciled: 1, partially_reconciled: 0, reconciled: 1 },
        totals: [
          {
            currency: "USD",
            status: "unreconciled",
            direction: "credit",
            count: 1,
            amount: 60.5,
            reconciled_amount: 0,
          },
          {
            currency: "USD",
            status: "reconciled",
            direction: "credit",
            count: 1,
            amount: 250,
            reconciled_amount: 250,
          },
        ],
        aging: [
          { from_days: 0, to_days: 7, count: 0, open: [] },
          { from_days: 8, to_days: 30, count: 1, open: [{ currency: "USD", credit: 60.5, debit: 0 }] },
          { from_days: 31, to_days: 60, count: 0, open: [] },
          { from_days: 61, to_days: 90, count: 0, open: [] },
          { from_days: 91, to_days: null, count: 0, open: [] },
        ],
      },
      side_b: {
        type_keys: ["bank_feed"],
        records: 1,
        counts: { unreconciled: 0, partially_reconciled: 0, reconciled: 1 },
        totals: [
          {
            currency: "USD",
            status: "reconciled",
            direction: "credit",
            count: 1,
            amount: 250,
            reconciled_amount: 250,
          },
        ],
        aging: [
          { from_days: 0, to_days: 7, count: 0, open: [] },
          { from_days: 8, to_days: 30, count: 0, open: [] },
          { from_days: 31, to_days: 60, count: 0, open: [] },
          { from_days: 61, to_days: 90, count: 0, open: [] },
          { from_days: 91, to_days: null, count: 0, open: [] },
        ],
      },
      difference: [{ currency: "USD", side_a: 310.5, side_b: 250, difference: 60.5, open_difference: 60.5 }],
      match_rate: {
        records: 3,
        reconciled: 2,
        rate: 0.666667,
        by_rule: [{ rule_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c", matches: 1, records: 2, rate: 1 }],
      },
    },
  });

export const summaryEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/reconciliations/{id}/summary",
    operationId: "getReconciliationSummary",
    tag: "Reconciliations",
    summary: "Sum up both sides as of a day",
    description:
      "The state at the end of a day (UTC): the records that are dated up to it, with the matches that were made by then and not voided by then. A record that has ever been matched is shown as it was then, though it was changed or deleted since; any other one as it is now. A data source stands on the side on which it stands today, with all its history: of one that has moved from Side A to Side B, a day before that shows it on Side B.",
    scope: "read",
    params: z.object({ id }),
    query: z.strictObject({ as_of: calendarDay.meta({ description: "A day, YYYY-MM-DD; by default today" }) }),
    answers: { 200: { description: "The summary", schema: summary } },
    async handle({ ctx, params, query }) {
      const facts = await summarizeReconciliation(ctx, params.id, query.as_of);
      return facts.ok ? ok({ status: 200, body: presentSummary(facts.value) }) : facts;
    },
  }),
];
