import { z } from "@hono/zod-openapi";
import { AUDIT_ACTIONS, AUDITED_TYPES } from "../../core/audit-entry.ts";
import { parseTime } from "../../core/calendar.ts";
import { notFound, ok } from "../../core/result.ts";
import { type AuditEntryRow, findAuditEntry, listAuditEntries } from "../../db/audit-entries.ts";
import { visibleEnvironments } from "../../services/visible-environments.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, presentTime, time } from "./time.ts";

const TAG = "Audit trail";
const LIST = "audit_entries";
const BOOTSTRAP = "bootstrap";

const action = z.enum(AUDIT_ACTIONS);
const resourceType = z.enum(AUDITED_TYPES);
const facts = z.record(z.string(), z.unknown()).nullable();

const auditEntry = z
  .object({
    id,
    environment_id: id,
    key_id: id.nullable().meta({
      description: "The API key that did it; null is the bootstrap key, or of webhook_endpoint.disabled nobody",
    }),
    request_id: id.meta({ description: "X-Request-Id of the answer; of webhook_endpoint.disabled the delivery's id" }),
    action,
    resource_type: resourceType,
    resource_id: z.string().meta({ description: "Of a data source its key" }),
    before: facts.meta({
      description: "As GET shows it, without what comes about by itself; null if it was not there",
    }),
    after: facts.meta({ description: "The same, once it was done; null if it is gone" }),
    created_at: time,
  })
  .meta({
    id: "AuditEntry",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      environment_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
      key_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1c",
      request_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1d",
      action: "data_source.created",
      resource_type: "data_source",
      resource_id: "stripe_payments",
      before: null,
      after: {
        key: "stripe_payments",
        name: "Stripe Payments",
        description: null,
        type: "api",
        created_at: "2026-01-15T09:30:00.000Z",
        updated_at: "2026-01-15T09:30:00.000Z",
      },
      created_at: "2026-01-15T09:30:00.000Z",
    },
  });

const instant = z.string().refine((text) => parseTime(text) !== undefined, {
  message: "Must be an RFC 3339 time.",
  params: { code: "invalid_time" },
});

const query = z.strictObject({
  ...pageQuery,
  resource_type: resourceType.optional().meta({ description: "What was changed" }),
  resource_id: z.string().optional().meta({ description: "Its id; of a data source its key" }),
  key_id: z
    .string()
    .refine((text) => text === BOOTSTRAP || z.uuid().safeParse(text).success, {
      message: `Must be the id of an API key, or ${BOOTSTRAP}.`,
      params: { code: "invalid_id" },
    })
    .optional()
    .meta({ description: `The API key that did it, or ${BOOTSTRAP}` }),
  action: action.optional().meta({ description: "What was done" }),
  created_from: instant.optional().meta({ format: "date-time", description: "From this time on" }),
  created_to: instant.optional().meta({ format: "date-time", description: "Up to this time" }),
});

const params = z.object({ id });

function presentAuditEntry(row: AuditEntryRow): z.infer<typeof auditEntry> {
  return {
    id: row.uid,
    environment_id: row.environmentUid,
    key_id: row.keyUid,
    request_id: row.requestUid,
    action: row.action,
    resource_type: row.resourceType,
    resource_id: row.resourceUid,
    before: row.before,
    after: row.after,
    created_at: presentTime(row.createdAt),
  };
}

export const auditEntryEndpoints = [
  endpoint({
    method: "get",
    path: "/v1/audit_entries",
    operationId: "listAuditEntries",
    tag: TAG,
    summary: "List who changed what of the configuration",
    description:
      "Every change of a data source, property definition, environment, reconciliation, exception, rule of either door, internal account, ledger, ledger account, webhook endpoint or API key leaves an entry, written together with it. The bootstrap key sees the entries of all environments, another key those of its own. A page may be shorter than its limit while has_more is true.",
    scope: "admin",
    query,
    answers: { 200: { description: "A page, newest first", schema: pageOf(auditEntry) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters = {
        resourceType: query.resource_type,
        resourceUid: query.resource_id,
        keyUid: query.key_id === BOOTSTRAP ? null : query.key_id,
        action: query.action,
        from: query.created_from === undefined ? undefined : parseTime(query.created_from),
        to: query.created_to === undefined ? undefined : parseTime(query.created_to),
      };
      const found = await listAuditEntries(ctx.db, visibleEnvironments(ctx), filters, page.value);
      return ok(await presentPage(ctx, LIST, found, presentAuditEntry));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/audit_entries/{id}",
    operationId: "getAuditEntry",
    tag: TAG,
    summary: "Read an entry of the audit trail",
    scope: "admin",
    params,
    answers: { 200: { description: "The entry", schema: auditEntry } },
    async handle({ ctx, params }) {
      const row = await findAuditEntry(ctx.db, visibleEnvironments(ctx), params.id);
      return row ? ok({ status: 200, body: presentAuditEntry(row) }) : notFound("audit entry");
    },
  }),
];
