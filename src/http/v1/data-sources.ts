import { z } from "@hono/zod-openapi";
import { notFound, ok } from "../../core/result.ts";
import { type DataSourceRow, findDataSource, listDataSources } from "../../db/data-sources.ts";
import { createDataSource } from "../../services/create-data-source.ts";
import { deleteDataSource } from "../../services/delete-data-source.ts";
import { updateDataSource } from "../../services/update-data-source.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { presentTime, time } from "./time.ts";

const TAG = "Data sources";
const LIST = "data_sources";

const dataSource = z
  .object({
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    type: z.string(),
    record_count: z.int(),
    last_record_at: time.nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({
    id: "DataSource",
    example: {
      key: "stripe_payments",
      name: "Stripe Payments",
      description: null,
      type: "api",
      record_count: 0,
      last_record_at: null,
      created_at: "2026-01-15T09:30:00.000Z",
      updated_at: "2026-01-15T09:30:00.000Z",
    },
  });

const name = z.string().min(1).max(200);
const description = z.string().max(1000).nullish();

export const dataSourceKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "Must be 1 to 64 of a-z, 0-9, _ and -, and not begin with _ or -.");

const newDataSource = z
  .strictObject({
    key: dataSourceKey.meta({ description: "Unique in the environment; cannot be changed" }),
    name,
    description,
  })
  .meta({ id: "NewDataSource", example: { key: "stripe_payments", name: "Stripe Payments" } });

const dataSourcePatch = z
  .strictObject({ name: name.optional(), description })
  .meta({ id: "DataSourcePatch", example: { name: "Stripe, EU" } });

const params = z.object({ key: z.string().meta({ description: "The data source's key" }) });

function presentDataSource(row: DataSourceRow): z.infer<typeof dataSource> {
  return {
    key: row.key,
    name: row.name,
    description: row.description,
    type: row.type,
    record_count: row.recordCount,
    last_record_at: row.lastRecordAt === null ? null : presentTime(row.lastRecordAt),
    created_at: presentTime(row.createdAt),
    updated_at: presentTime(row.updatedAt),
  };
}

export const dataSourceEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/data_sources",
    operationId: "createDataSource",
    tag: TAG,
    summary: "Make a data source",
    scope: "write",
    body: newDataSource,
    answers: { 201: { description: "The data source", schema: dataSource } },
    refusals: [409],
    locate: ({ body }) => `/v1/data_sources/${(body as z.infer<typeof newDataSource>).key}`,
    async handle({ ctx, body }) {
      const created = await createDataSource(ctx, { ...body, description: body.description ?? null });
      if (!created.ok) return created;
      const location = `/v1/data_sources/${created.value.key}`;
      return ok({ status: 201, body: presentDataSource(created.value), headers: { Location: location } });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/data_sources",
    operationId: "listDataSources",
    tag: TAG,
    summary: "List data sources",
    scope: "read",
    query: z.strictObject(pageQuery),
    answers: { 200: { description: "A page, newest first", schema: pageOf(dataSource) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listDataSources(ctx.db, ctx.environmentId, page.value);
      return ok(await presentPage(ctx, LIST, found, presentDataSource));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/data_sources/{key}",
    operationId: "getDataSource",
    tag: TAG,
    summary: "Read a data source",
    scope: "read",
    params,
    answers: { 200: { description: "The data source", schema: dataSource } },
    async handle({ ctx, params }) {
      const row = await findDataSource(ctx.db, ctx.environmentId, params.key);
      return row ? ok({ status: 200, body: presentDataSource(row) }) : notFound("data source");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/data_sources/{key}",
    operationId: "updateDataSource",
    tag: TAG,
    summary: "Change a data source's name or description",
    scope: "write",
    params,
    body: dataSourcePatch,
    answers: { 200: { description: "The data source", schema: dataSource } },
    async handle({ ctx, params, body }) {
      const updated = await updateDataSource(ctx, params.key, body);
      return updated.ok ? ok({ status: 200, body: presentDataSource(updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/data_sources/{key}",
    operationId: "deleteDataSource",
    tag: TAG,
    summary: "Delete a data source with its records",
    scope: "write",
    params,
    answers: { 204: { description: "It is gone" } },
    refusals: [409],
    async handle({ ctx, params }) {
      const deleted = await deleteDataSource(ctx, params.key);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
];
