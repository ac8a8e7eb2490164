import { sql } from "drizzle-orm";
import type { Finding } from "../../core/integrity.ts";
import { all, type Db, first } from "../client.ts";
import { reconciliationResource } from "./differences.ts";

/** A reconciliation of either door. */
export interface AnyReconciliation extends Pick<Finding, "resourceType" | "resourceId"> {
  id: number;
  uid: string;
}

const columns = sql`c.id, c.uid, ${reconciliationResource.resourceType} as "resourceType", c.uid as "resourceId"`;

/** Reconciliations of an environment from a row number on, those of internal accounts among them. */
export function listAnyReconciliations(
  db: Db,
  environmentId: number,
  from: number,
  limit: number,
  { isLive }: { isLive: boolean },
): Promise<AnyReconciliation[]> {
  const live = isLive ? sql`and c.deleted_at is null` : sql``;
  return all<AnyReconciliation>(
    db,
    sql`select ${columns} from reconciliations c
      where c.environment_id = ${environmentId} and c.id >= ${from} ${live} order by c.id limit ${limit}`,
  );
}

/** A reconciliation that is not deleted, by its id or that of its internal account. */
export function findAnyReconciliation(
  db: Db,
  environmentId: number,
  uid: string,
): Promise<AnyReconciliation | undefined> {
  return first<AnyReconciliation>(
    db,
    sql`select ${columns} from reconciliations c
      where c.uid = ${uid} and c.environment_id = ${environmentId} and c.deleted_at is null`,
  );
}
