import { z } from "@hono/zod-openapi";
import { newApiKeyRotationSchema, newApiKeySchema, SCOPES, type Scope } from "../../core/api-key.ts";
import { notFound, ok } from "../../core/result.ts";
import { type ApiKeyRow, findApiKey, listApiKeys } from "../../db/api-keys.ts";
import { checkEnvironmentName, createApiKey } from "../../services/create-api-key.ts";
import { revokeApiKey } from "../../services/revoke-api-key.ts";
import { rotateApiKey } from "../../services/rotate-api-key.ts";
import { visibleEnvironments } from "../../services/visible-environments.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id, presentTime, time } from "./time.ts";

const TAG = "API keys";
const LIST = "api_keys";
const HOUR_MS = 60 * 60 * 1_000;

const apiKeyFields = z.object({
  id,
  name: z.string(),
  environment_id: id,
  scopes: z.array(z.enum(SCOPES)),
  prefix: z.string().meta({ description: "How the key begins" }),
  last_used_at: time.nullable().meta({ description: "To the minute" }),
  created_at: time,
  revoked_at: time.nullable().meta({ description: "Until then it is valid: of a rotated key, a time to come" }),
});

const example = {
  id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
  name: "Nightly import",
  environment_id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b",
  scopes: ["write" as const],
  prefix: "tk_live_c2Vjcm",
  last_used_at: null,
  created_at: "2026-01-15T09:30:00.000Z",
  revoked_at: null,
};

const apiKey = apiKeyFields.meta({ id: "ApiKey", example });

const apiKeyWithSecret = apiKeyFields
  .extend({ key: z.string().meta({ description: "The key itself; it is shown in this answer only" }) })
  .meta({
    id: "ApiKeyWithSecret",
    example: { ...example, key: "tk_live_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I" },
  });

const newApiKey = newApiKeySchema.meta({
  id: "NewApiKey",
  example: { name: "Nightly import", scopes: ["write"] },
});

const newApiKeyRotation = newApiKeyRotationSchema.meta({ id: "NewApiKeyRotation", example: { overlap_hours: 48 } });

const params = z.object({ id });

function presentApiKey(row: ApiKeyRow): z.infer<typeof apiKey> {
  return {
    id: row.uid,
    name: row.name,
    environment_id: row.environmentUid,
    scopes: row.scopes as Scope[],
    prefix: row.prefix,
    last_used_at: row.lastUsedAt === null ? null : presentTime(row.lastUsedAt),
    created_at: presentTime(row.createdAt),
    revoked_at: row.revokedAt === null ? null : presentTime(row.revokedAt),
  };
}

export const apiKeyEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/api_keys",
    operationId: "createApiKey",
    tag: TAG,
    summary: "Make an API key",
    description: "The bootstrap key may name any environment, another key only its own.",
    scope: "admin",
    body: newApiKey,
    checkNames: (ctx, body) => checkEnvironmentName(ctx, body.environment_id),
    answers: { 201: { description: "The API key, with the key itself", schema: apiKeyWithSecret } },
    locate: () => null,
    async handle({ ctx, body }) {
      const { name, scopes, environment_id: environmentUid } = body;
      const created = await createApiKey(ctx, { name, scopes, environmentUid });
      if (!created.ok) return created;
      const { row, key } = created.value;
      const headers = { Location: `/v1/api_keys/${row.uid}` };
      return ok({ status: 201, body: { ...presentApiKey(row), key }, headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/api_keys",
    operationId: "listApiKeys",
    tag: TAG,
    summary: "List API keys, revoked ones included",
    description: "The bootstrap key sees those of all environments, another key those of its own.",
    scope: "admin",
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(apiKey) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listApiKeys(ctx.db, visibleEnvironments(ctx), page.value);
      return ok(await presentPage(ctx, LIST, found, presentApiKey));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/api_keys/{id}",
    operationId: "getApiKey",
    tag: TAG,
    summary: "Read an API key",
    scope: "admin",
    params,
    answers: { 200: { description: "The API key", schema: apiKey } },
    async handle({ ctx, params }) {
      const row = await findApiKey(ctx.db, visibleEnvironments(ctx), params.id);
      return row ? ok({ status: 200, body: presentApiKey(row) }) : notFound("API key");
    },
  }),
  endpoint({
    method: "post",
    path: "/v1/api_keys/{id}/rotate",
    operationId: "rotateApiKey",
    tag: TAG,
    summary: "Replace an API key by a new one",
    description: "The new key has the same name, scopes and environment; the other one stays valid for the overlap.",
    scope: "admin",
    params,
    body: newApiKeyRotation,
    isBodyOptional: true,
    answers: { 201: { description: "The new API key, with the key itself", schema: apiKeyWithSecret } },
    refusals: [409],
    locate: () => null,
    async handle({ ctx, params, body }) {
      const rotated = await rotateApiKey(ctx, params.id, body.overlap_hours * HOUR_MS);
      if (!rotated.ok) return rotated;
      const { row, key } = rotated.value;
      const headers = { Location: `/v1/api_keys/${row.uid}` };
      return ok({ status: 201, body: { ...presentApiKey(row), key }, headers });
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/api_keys/{id}",
    operationId: "revokeApiKey",
    tag: TAG,
    summary: "Revoke an API key",
    description: "It is refused within 10 seconds everywhere, and stays listed.",
    scope: "admin",
    params,
    answers: { 204: { description: "It is revoked" } },
    async handle({ ctx, params }) {
      const revoked = await revokeApiKey(ctx, params.id);
      return revoked.ok ? ok({ status: 204 }) : revoked;
    },
  }),
];
