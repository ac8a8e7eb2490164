import { INTEGRITY_PAGE_MAX_RECONCILIATIONS } from "../config.ts";
import type { CheckPage, Finding, Place } from "../core/integrity.ts";
import type { Db } from "../db/client.ts";
import { type AnyReconciliation, listAnyReconciliations } from "../db/integrity/reconciliation-places.ts";
import { type AuditPage, auditLinks } from "./audit-chain.ts";

/** Verifies the hash chains of an environment's reconciliations, also of deleted ones; of each up to its first fault. */
export async function checkChains(
  db: Db,
  environmentId: number,
  [from = 0, after = 0]: Place,
  limit: number,
): Promise<CheckPage> {
  const max = INTEGRITY_PAGE_MAX_RECONCILIATIONS;
  const reconciliations = await listAnyReconciliations(db, environmentId, Number(from), max, { isLive: false });
  const findings: Finding[] = [];
  let checked = 0;
  for (const reconciliation of reconciliations) {
    if (checked >= limit) return { checked, findings, unsettled: [], next: [reconciliation.id, 0] };
    const start = reconciliation.id === from ? Number(after) : 0;
    const page = await auditLinks(db, reconciliation.id, start, limit - checked);
    checked += page.checked;
    findings.push(...describeFault(reconciliation, page));
    if (page.next !== null) return { checked, findings, unsettled: [], next: [reconciliation.id, page.next] };
  }
  const last = reconciliations.at(-1);
  return { checked, findings, unsettled: [], next: last && reconciliations.length === max ? [last.id + 1, 0] : null };
}

function describeFault({ resourceType, resourceId }: AnyReconciliation, { firstBroken }: AuditPage): Finding[] {
  if (!firstBroken) return [];
  const about = firstBroken.matchUid === null ? "" : `Match ${firstBroken.matchUid}: `;
  return [{ resourceType, resourceId, expected: null, found: null, message: `${about}${firstBroken.reason}` }];
}
