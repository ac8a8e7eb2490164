import { z } from "@hono/zod-openapi";
import { CANDIDATES_DEFAULT_ROWS, CANDIDATES_MAX_ROWS } from "../../config.ts";
import { presentCandidates, RULE_FINDINGS } from "../../core/candidate-view.ts";
import { OBSTACLES } from "../../core/matching/obstacle.ts";
import { DIRECTIONS } from "../../core/record.ts";
import { ok } from "../../core/result.ts";
import { findCandidates } from "../../services/find-candidates.ts";
import { endpoint } from "../endpoint.ts";
import { limitQuery } from "../pagination.ts";
import { amount, explanation } from "./matches.ts";
import { record } from "./records.ts";
import { id } from "./time.ts";

const group = z.object({
  side: z.enum(["a", "b"]),
  record_ids: z.array(id).meta({ description: "The first 50" }),
  records: z.int(),
  amount: amount.meta({ description: "The sum of what is open, credit against debit" }),
  direction: z.enum(DIRECTIONS).nullable().meta({ description: "Of that sum; null if it is zero" }),
});

const candidates = z
  .object({
    data: z.array(
      z.object({
        record,
        rules: z.array(
          z.object({
            rule_id: id,
            matched: z.boolean().meta({ description: "Whether the rule allows a match with both records in it" }),
            finding: z.enum(RULE_FINDINGS).nullable().meta({
              description:
                "What the rule says of the record that was asked about, while it is open. ambiguous: it skips the record, as more than one match fits. search_cut: there is more to look at than the limits allow, so that nothing is known",
            }),
            obstacle: z.enum(OBSTACLES).nullable().meta({
              description:
                "What keeps the two apart though no condition shows it. lookback: the date lies outside the rule's lookback. direction: a credit against a debit. voided: a person has taken this very set apart",
            }),
            conditions: explanation.meta({
              description:
                "Each condition with both values, after transforms. A group rule compares groups, as far as it finds them; conditions on the sum of a set that it does not find, or that is too large, are left out",
            }),
            groups: z.array(group).meta({
              description:
                "What a group rule compared: the records of each of its many-sides; none when it compared the two records",
            }),
          }),
        ),
      }),
    ),
  })
  .meta({
    id: "CandidateList",
    example: {
      data: [
        {
          record: record.meta()?.example,
          rules: [
            {
              rule_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
              matched: false,
              finding: null,
              obstacle: null,
              conditions: [
                {
                  condition: { key: "metadata.payout_id", operand: "eq", value: "external_id" },
                  a: "po_1",
                  b: "po_1",
                  outcome: "passed",
                },
                { condition: { key: "amount", operand: "eq", value: "amount" }, a: 240, b: 250, outcome: "failed" },
              ],
              groups: [
                {
                  side: "a",
                  record_ids: ["0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d", "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1e"],
                  records: 2,
                  amount: 240,
                  direction: "credit",
                },
              ],
            },
          ],
        },
      ],
    },
  });

export const candidateEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/records/{id}/candidates",
    operationId: "listRecordCandidates",
    tag: "Records",
    summary: "See what a record could be matched with, and why it is not",
    description:
      "The nearest open records on the other side: first those with which a rule allows a match, then by the difference of the open amounts, days and arrival. Half of the places are kept for records to which the rules' look-ups lead, such as those of the same reference. A record that is reconciled is looked at as if it were open in full. 409 while the reconciliation's records are still being taken in.",
    scope: "read",
    params: z.object({ id }),
    query: z.strictObject({
      reconciliation_id: id,
      limit: limitQuery(CANDIDATES_DEFAULT_ROWS, CANDIDATES_MAX_ROWS),
    }),
    answers: { 200: { description: "The candidates, nearest first", schema: candidates } },
    refusals: [409],
    async handle({ ctx, params, query }) {
      const limit = query.limit ?? CANDIDATES_DEFAULT_ROWS;
      const result = await findCandidates(ctx, params.id, query.reconciliation_id, limit);
      if (!result.ok) return result;
      return ok({ status: 200, body: { data: presentCandidates(result.value.found, result.value.records) } });
    },
  }),
];
