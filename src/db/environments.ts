import { and, desc, eq, lt } from "drizzle-orm";
import type { Db } from "./client.ts";
import { cutPage, type Page, type PageRequest } from "./page.ts";
import { environments } from "./schema.ts";

export type EnvironmentRow = typeof environments.$inferSelect;

/** What a caller sees of the environments: its own by row number, or all of them. */
export type Sight = number | "all";

export async function findEnvironment(db: Db, sight: Sight, uid: string): Promise<EnvironmentRow | undefined> {
  const [row] = await db.orm
    .select()
    .from(environments)
    .where(and(eq(environments.uid, uid), isVisible(sight)));
  return row;
}

export async function listEnvironments(db: Db, sight: Sight, page: PageRequest): Promise<Page<EnvironmentRow>> {
  const rows = await db.orm
    .select()
    .from(environments)
    .where(and(isVisible(sight), page.before === null ? undefined : lt(environments.id, page.before)))
    .orderBy(desc(environments.id))
    .limit(page.limit + 1);
  return cutPage(rows, page.limit);
}

function isVisible(sight: Sight) {
  return sight === "all" ? undefined : eq(environments.id, sight);
}
