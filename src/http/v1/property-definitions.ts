import { z } from "@hono/zod-openapi";
import { PROPERTY_TYPES } from "../../core/property.ts";
import { invalid, notFound, ok } from "../../core/result.ts";
import { findDataSource } from "../../db/data-sources.ts";
import {
  findPropertyDefinition,
  listPropertyDefinitions,
  type PropertyDefinitionRow,
} from "../../db/property-definitions.ts";
import { checkSourceName, unknownSource } from "../../services/check-source-name.ts";
import { createPropertyDefinition } from "../../services/create-property-definition.ts";
import { deletePropertyDefinition } from "../../services/delete-property-definition.ts";
import { updatePropertyDefinition } from "../../services/update-property-definition.ts";
import { endpoint } from "../endpoint.ts";
import { pageOf, pageQuery, presentPage, readPage } from "../pagination.ts";
import { id } from "./time.ts";

const TAG = "Property definitions";
const LIST = "property_definitions";

const type = z.enum(PROPERTY_TYPES);

const propertyDefinition = z
  .object({
    id,
    type_key: z.string(),
    key: z.string(),
    name: z.string(),
    type,
    optional: z.boolean(),
  })
  .meta({
    id: "PropertyDefinition",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      type_key: "stripe_payments",
      key: "customer_id",
      name: "Customer",
      type: "string",
      optional: true,
    },
  });

const name = z.string().min(1).max(200);

const newPropertyDefinition = z
  .strictObject({
    type_key: z.string().meta({ description: "Key of a data source" }),
    // `__proto__` could never be a key of metadata: bodies that hold it are refused.
    key: z
      .string()
      .regex(/^(?!__proto__$)[A-Za-z0-9_.-]{1,64}$/, "Must be 1 to 64 of A-Z, a-z, 0-9, _, . and -.")
      .meta({ description: "The key in a record's metadata; unique in the data source" }),
    name,
    type,
    optional: z.boolean().default(true),
  })
  .meta({
    id: "NewPropertyDefinition",
    example: { type_key: "stripe_payments", key: "customer_id", name: "Customer", type: "string" },
  });

const propertyDefinitionPatch = z
  .strictObject({ name, optional: z.boolean() })
  .partial()
  .meta({ id: "PropertyDefinitionPatch", example: { optional: false } });

const params = z.object({ id });

function presentPropertyDefinition(row: PropertyDefinitionRow): z.infer<typeof propertyDefinition> {
  return {
    id: row.uid,
    type_key: row.typeKey,
    key: row.key,
    name: row.name,
    type: row.type,
    optional: row.optional,
  };
}

export const propertyDefinitionEndpoints = [
  endpoint({
    method: "post",
    path: "/v1/property_definitions",
    operationId: "createPropertyDefinition",
    tag: TAG,
    summary: "Declare a key of a data source's metadata",
    description: "Binds records that are written from now on. Keys with no definition are kept as they are.",
    scope: "write",
    body: newPropertyDefinition,
    checkNames: (ctx, body) => checkSourceName(ctx, body.type_key),
    answers: { 201: { description: "The property definition", schema: propertyDefinition } },
    refusals: [409],
    async handle({ ctx, body }) {
      const { type_key: typeKey, ...fields } = body;
      const created = await createPropertyDefinition(ctx, { typeKey, ...fields });
      if (!created.ok) return created;
      const headers = { Location: `/v1/property_definitions/${created.value.uid}` };
      return ok({ status: 201, body: presentPropertyDefinition(created.value), headers });
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/property_definitions",
    operationId: "listPropertyDefinitions",
    tag: TAG,
    summary: "List property definitions",
    scope: "read",
    query: z.strictObject({
      ...pageQuery,
      type_key: z.string().optional().meta({ description: "Key of a data source" }),
    }),
    answers: { 200: { description: "A page, newest first", schema: pageOf(propertyDefinition) } },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      const source =
        query.type_key === undefined ? null : await findDataSource(ctx.db, ctx.environmentId, query.type_key);
      if (source === undefined) {
        const unknown = unknownSource("type_key", query.type_key ?? "");
        return invalid(page.ok || page.failure.kind !== "invalid" ? [unknown] : [...page.failure.errors, unknown]);
      }
      if (!page.ok) return page;
      const found = await listPropertyDefinitions(ctx.db, ctx.environmentId, source?.id ?? null, page.value);
      return ok(await presentPage(ctx, LIST, found, presentPropertyDefinition));
    },
  }),
  endpoint({
    method: "get",
    path: "/v1/property_definitions/{id}",
    operationId: "getPropertyDefinition",
    tag: TAG,
    summary: "Read a property definition",
    scope: "read",
    params,
    answers: { 200: { description: "The property definition", schema: propertyDefinition } },
    async handle({ ctx, params }) {
      const row = await findPropertyDefinition(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentPropertyDefinition(row) }) : notFound("property definition");
    },
  }),
  endpoint({
    method: "patch",
    path: "/v1/property_definitions/{id}",
    operationId: "updatePropertyDefinition",
    tag: TAG,
    summary: "Change a property definition's name, or whether it is optional",
    scope: "write",
    params,
    body: propertyDefinitionPatch,
    answers: { 200: { description: "The property definition", schema: propertyDefinition } },
    async handle({ ctx, params, body }) {
      const updated = await updatePropertyDefinition(ctx, params.id, body);
      return updated.ok ? ok({ status: 200, body: presentPropertyDefinition(updated.value) }) : updated;
    },
  }),
  endpoint({
    method: "delete",
    path: "/v1/property_definitions/{id}",
    operationId: "deletePropertyDefinition",
    tag: TAG,
    summary: "Delete a property definition",
    description: "Values that were written under it stay as they are.",
    scope: "write",
    params,
    answers: { 204: { description: "It is gone" } },
    async handle({ ctx, params }) {
      const deleted = await deletePropertyDefinition(ctx, params.id);
      return deleted.ok ? ok({ status: 204 }) : deleted;
    },
  }),
];
