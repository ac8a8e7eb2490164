import { z } from "@hono/zod-openapi";
import { MODES, newEnvironmentSchema } from "../../core/api-key.ts";
import { notFound, ok } from "../../core/result.ts";
import { type EnvironmentRow, findEnvironment, listEnvironments } from "../../db/environments.ts";
import { createEnvironment } from "../../services/create-environment.ts";
import { visibleEnvironments } from "../../services/visible-environments.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id } from "./time.ts";

const TAG = "Environments";
const LIST = "environments";

const environment = z.object({ id, name: z.string(), mode: z.enum(MODES) }).meta({
  id: "Environment",
  example: { id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a", name: "Staging", mode: "test" },
});

const newEnvironment = newEnvironmentSchema.meta({
  id: "NewEnvironment",
  example: { name: "Staging", mode: "test" },
});

const params = z.object({ id });

function presentEnvironment(row: EnvironmentRow): z.infer<typeof environment> {
  return { id: row.uid, name: row.name, mode: row.mode };
}

export const environmentEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/environments",
    operationId: "createEnvironment",
    tag: TAG,
    summary: "Make an environment (bootstrap key only)",
    scope: "admin",
    body: newEnvironment,
    answers: { 201: { description: "The environment", schema: environment } },
    async handle({ ctx, body }) {
      const created = await createEnvironment(ctx, body);
      if (!created.ok) return created;
      const headers = { Location: `/v1/environments/${created.value.uid}` };
      return ok({ status: 201, body: presentEnvironment(created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/environments",
    operationId: "listEnvironments",
    tag: TAG,
    summary: "List environments",
    description: "The bootstrap key sees all of them, another key its own.",
    scope: "admin",
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(environment) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listEnvironments(ctx.db, visibleEnvironments(ctx), page.value);
      return ok(await presentPage(ctx, LIST, found, presentEnvironment));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/environments/{id}",
    operationId: "getEnvironment",
    tag: TAG,
    summary: "Read an environment",
    scope: "admin",
    params,
    answers: { 200: { description: "The environment", schema: environment } },
    async handle({ ctx, params }) {
      const row = await findEnvironment(ctx.db, visibleEnvironments(ctx), params.id);
      return row ? ok({ status: 200, body: presentEnvironment(row) }) : notFound("environment");
    },
  }),
];
