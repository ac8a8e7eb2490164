import { z } from "@hono/zod-openapi";
import { INTEGRITY_PAGE_DEFAULT_ROWS, INTEGRITY_PAGE_MAX_ROWS } from "../../config.ts";
import { type Finding, INTEGRITY_CHECKS } from "../../core/integrity.ts";
import { type FieldError, invalid, ok, type Result } from "../../core/result.ts";
import { checkIntegrity, type IntegrityPage } from "../../services/check-integrity.ts";
import type { ServiceContext } from "../../services/context.ts";
import { type Repair, repairIndex, repairIndexes } from "../../services/repair-indexes.ts";
import { endpoint } from "../endpoint.ts";
import { limitQuery, readCursor, writeCursor } from "../pagination.ts";
import { readPlace, writePlace } from "./integrity-cursor.ts";
import { id } from "./time.ts";

const TAG = "Administration";
const REPAIR_LIST = "integrity_repair";

const checkName = z.enum(INTEGRITY_CHECKS);
const cursor = z.string().optional().meta({ description: "next_cursor of the page before" });

const resource = {
  check: checkName,
  resource_type: z.string().meta({ description: "record, bulk_request, reconciliation, ledger_account …" }),
  resource_id: z.string().meta({ description: "Its id; of a data source its key" }),
};

const integrityPage = z
  .object({
    check: checkName,
    checked: z.int().meta({ description: "Rows of this page that were looked at" }),
    findings: z
      .array(
        z.object({
          ...resource,
          expected: z.string().nullable().meta({ description: "What would be right; amounts in minor units" }),
          found: z.string().nullable(),
          message: z.string(),
        }),
      )
      .meta({ description: "What is not as it has to be" }),
    unsettled: z
      .array(
        z.object({
          ...resource,
          message: z.string(),
          retry_cursor: z.string().meta({
            description: "In place of next_cursor: looks at it anew, and goes on with what follows it",
          }),
        }),
      )
      .meta({
        description:
          "What kept changing while it was looked at, so that nothing is known of it. A page ends with it; next_cursor goes on without it",
      }),
    next_cursor: z.string().nullable(),
    has_more: z.boolean(),
    checks: z.array(checkName).meta({ description: "Every check, in the order in which they follow each other" }),
  })
  .meta({
    id: "IntegrityPage",
    example: {
      check: "entries",
      checked: 1000,
      findings: [
        {
          check: "entries",
          resource_type: "record",
          resource_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
          expected: "10000",
          found: "9000",
          message:
            "In reconciliation 0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b: The matched amount is not the sum of what its live matches take.",
        },
      ],
      unsettled: [],
      next_cursor: null,
      has_more: false,
      checks: [...INTEGRITY_CHECKS],
    },
  });

const repairRequest = z
  .strictObject({
    reconciliation_id: id.optional().meta({
      description: "A reconciliation, or an internal account, whose Reconciler is meant; by default all of them",
    }),
    cursor,
  })
  .refine((body) => body.reconciliation_id === undefined || body.cursor === undefined, {
    path: ["cursor"],
    message: "Goes on with all of them; one that is named is one page.",
    params: { code: "not_with_reconciliation_id" },
  })
  .meta({ id: "IntegrityRepairRequest", example: { reconciliation_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a" } });

const repair = z
  .object({
    rebuilt: z.int().meta({ description: "Indexes that are being built again" }),
    reconciliation_ids: z.array(id).meta({ description: "Whose they are; that of an internal account has its id" }),
    next_cursor: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({
    id: "IntegrityRepair",
    example: {
      rebuilt: 1,
      reconciliation_ids: ["0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a"],
      next_cursor: null,
      has_more: false,
    },
  });

export const integrityEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/admin/integrity",
    operationId: "checkIntegrity",
    tag: TAG,
    summary: "Check a page of the environment's rows against each other",
    description:
      "Pages go through all rows of one check, then of the next one. What a finding says is true of one moment, whatever is written meanwhile.",
    scope: "admin",
    query: z.strictObject({
      check: checkName.optional().meta({ description: "This check alone" }),
      limit: limitQuery(INTEGRITY_PAGE_DEFAULT_ROWS, INTEGRITY_PAGE_MAX_ROWS),
      cursor,
    }),
    answers: { 200: { description: "What was found on this page", schema: integrityPage } },
    async handle({ ctx, query }) {
      const from = query.cursor === undefined ? null : await readPlace(ctx, query.cursor);
      if (from === undefined || (from && query.check && from.check !== query.check)) return invalid([NOT_OUR_CURSOR]);
      const limit = query.limit ?? INTEGRITY_PAGE_DEFAULT_ROWS;
      const page = await checkIntegrity(ctx, from, query.check ?? null, limit);
      return ok({ status: 200, body: await presentPage(ctx, page) });
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/admin/integrity/repair",
    operationId: "repairIntegrity",
    tag: TAG,
    summary: "Build the index of a Reconciler, or of all, again from the database",
    description:
      "An index holds no truth: nothing is lost, and matching waits until it is built. Rows that contradict each other are not repaired.",
    scope: "admin",
    body: repairRequest,
    answers: { 200: { description: "Which ones are being built again", schema: repair } },
    locate: () => null,
    async handle({ ctx, body }) {
      const repaired = await repairPage(ctx, body);
      if (!repaired.ok) return repaired;
      const { reconciliationUids, next } = repaired.value;
      const nextCursor = next === null ? null : await writeCursor(ctx, REPAIR_LIST, next);
      const answer: z.infer<typeof repair> = {
        rebuilt: reconciliationUids.length,
        reconciliation_ids: reconciliationUids,
        next_cursor: nextCursor,
        has_more: nextCursor !== null,
      };
      return ok({ status: 200, body: answer });
    },
  }),
];

const NOT_OUR_CURSOR: FieldError = {
  path: "cursor",
  code: "invalid_cursor",
  message: "Must be the next_cursor of a page of this check.",
};

async function presentPage(ctx: ServiceContext, page: IntegrityPage): Promise<z.infer<typeof integrityPage>> {
  const { check, checked, findings, unsettled, next } = page;
  const about = ({ resourceType, resourceId }: Pick<Finding, "resourceType" | "resourceId">) => {
    return { check, resource_type: resourceType, resource_id: resourceId };
  };
  return {
    check,
    checked,
    findings: findings.map((finding) => {
      const { expected, found, message } = finding;
      return { ...about(finding), expected, found, message };
    }),
    unsettled: await Promise.all(
      unsettled.map(async (one) => {
        const retryCursor = await writePlace(ctx, { check, place: one.retry });
        return { ...about(one), message: one.message, retry_cursor: retryCursor };
      }),
    ),
    next_cursor: next && (await writePlace(ctx, next)),
    has_more: next !== null,
    checks: [...INTEGRITY_CHECKS],
  };
}

async function repairPage(ctx: ServiceContext, body: z.infer<typeof repairRequest>): Promise<Result<Repair>> {
  if (body.reconciliation_id !== undefined) return repairIndex(ctx, body.reconciliation_id);
  const after = body.cursor === undefined ? 0 : await readCursor(ctx, REPAIR_LIST, body.cursor);
  if (after !== undefined) return ok(await repairIndexes(ctx, after));
  return invalid([{ path: "/cursor", code: "invalid_cursor", message: "Must be the next_cursor of a page before." }]);
}
