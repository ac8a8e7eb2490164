import { and, desc, eq, getTableColumns, lt } from "drizzle-orm";
import type { Db } from "./client.ts";
import type { Sight } from "./environments.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";
import { apiKeys, environments } from "./schema.ts";

export type ApiKeyRow = typeof apiKeys.$inferSelect & { environmentUid: string };

export async function findApiKey(db: Db, sight: Sight, uid: string): Promise<ApiKeyRow | undefined> {
  const [row] = await selectApiKeys(db).where(and(eq(apiKeys.uid, uid), isVisible(sight)));
  return row;
}

export async function listApiKeys(db: Db, sight: Sight, page: PageRequest): Promise<Page<ApiKeyRow>> {
  const rows = await selectApiKeys(db)
    .where(and(isVisible(sight), page.before === null ? undefined : lt(apiKeys.id, page.before)))
    .orderBy(desc(apiKeys.id))
    .limit(page.limit + 1);
  return cutPage(rows, page.limit);
}

function selectApiKeys(db: Db) {
  return db.orm
    .select({ ...getTableColumns(apiKeys), environmentUid: environments.uid })
    .from(apiKeys)
    .innerJoin(environments, eq(environments.id, apiKeys.environmentId));
}

function isVisible(sight: Sight) {
  return sight === "all" ? undefined : eq(apiKeys.environmentId, sight);
}
