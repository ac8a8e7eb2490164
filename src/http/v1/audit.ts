import { z } from "@hono/zod-openapi";
import { ok } from "../../core/result.ts";
import { auditChain } from "../../services/audit-chain.ts";
import { endpoint } from "../endpoint.ts";
import { pageQuery, readPage, writeCursor } from "../pagination.ts";
import { id } from "./time.ts";

const LIST = "audit";

const audit = z
  .object({
    valid: z.boolean(),
    checked: z.int().meta({ description: "Links of this page that hold" }),
    first_broken: z.object({ match_id: id.nullable(), reason: z.string() }).nullable(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "ChainAudit", example: { valid: true, checked: 42, first_broken: null, next_cursor: null } });

export const auditEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/reconciliations/{id}/audit",
    operationId: "auditReconciliation",
    tag: "Reconciliations",
    summary: "Verify the hash chain of a reconciliation's matches and voidings",
    description:
      "A page covers limit links, oldest first. Every page must be valid for the chain to be; a deleted reconciliation can be audited too.",
    scope: "read",
    params: z.object({ id }),
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "What was found on this page", schema: audit } },
    async handle({ ctx, params, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const audited = await auditChain(ctx, params.id, page.value.before ?? 0, page.value.limit);
      if (!audited.ok) return audited;
      const { valid, checked, firstBroken, next } = audited.value;
      const body: z.infer<typeof audit> = {
        valid,
        checked,
        first_broken: firstBroken && { match_id: firstBroken.matchUid, reason: firstBroken.reason },
        next_cursor: next === null ? null : await writeCursor(ctx, LIST, next),
      };
      return ok({ status: 200, body });
    },
  }),
];
