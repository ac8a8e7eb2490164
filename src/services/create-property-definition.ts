import { METADATA_MAX_KEYS, type PropertyDefinition } from "../core/property.ts";
import { conflict, invalid, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { dataSourceExists, findDataSource } from "../db/data-sources.ts";
import { expectThat } from "../db/guard.ts";
import {
  findPropertyDefinition,
  hasFewerDefinitionsThan,
  isFullOfDefinitions,
  type PropertyDefinitionRow,
} from "../db/property-definitions.ts";
import { propertyDefinitions } from "../db/schema.ts";
import { unknownSource } from "./check-source-name.ts";
import type { ServiceContext } from "./context.ts";

export interface NewPropertyDefinition extends PropertyDefinition {
  typeKey: string;
  name: string;
}

/** Declares one metadata key of a data source's records. Records that are there already are not looked at. */
export async function createPropertyDefinition(
  ctx: ServiceContext,
  { typeKey, ...fields }: NewPropertyDefinition,
): Promise<Result<PropertyDefinitionRow>> {
  const source = await findDataSource(ctx.db, ctx.environmentId, typeKey);
  if (!source) return invalid([unknownSource("/type_key", typeKey)]);
  const uid = ctx.newId();
  const now = ctx.now();
  const insert = ctx.db.orm
    .insert(propertyDefinitions)
    .values({ ...fields, uid, environmentId: ctx.environmentId, sourceId: source.id, createdAt: now, updatedAt: now });
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(dataSourceExists(source.id)),
      // Every write of a record reads all definitions of its source.
      expectThat(hasFewerDefinitionsThan(source.id, METADATA_MAX_KEYS)),
      ...auditChange(ctx, { action: "property_definition.created", uid }, [insert]),
    ]);
  } catch (error) {
    const constraint = findConstraint(error);
    if (constraint?.kind === "unique" && constraint.name.startsWith("property_definitions.")) {
      return keyTaken(fields.key);
    }
    if (constraint?.kind !== "guard") throw error;
    const current = await findDataSource(ctx.db, ctx.environmentId, typeKey);
    if (current?.id !== source.id) return invalid([unknownSource("/type_key", typeKey)]);
    // Else the guard spoke for a statement of the caller's.
    if (!(await isFullOfDefinitions(ctx.db, source.id, METADATA_MAX_KEYS))) throw error;
    return conflict(`A data source has at most ${METADATA_MAX_KEYS} property definitions.`);
  }
  const row = await findPropertyDefinition(ctx.db, ctx.environmentId, uid);
  return row ? ok(row) : conflict("The property definition was deleted at the same moment.");
}

function keyTaken(key: string) {
  return conflict(`The data source has a definition of "${key}" already.`, [
    { path: "/key", code: "taken", message: "Another definition of this data source has this key." },
  ]);
}
