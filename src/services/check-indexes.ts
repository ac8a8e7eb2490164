import { INTEGRITY_PAGE_MAX_MS, INTEGRITY_PAGE_MAX_RECONCILIATIONS } from "../config.ts";
import type { CheckPage, Place } from "../core/integrity.ts";
import { type AnyReconciliation, listAnyReconciliations } from "../db/integrity/reconciliation-places.ts";
import type { ServiceContext } from "./context.ts";

const UNSETTLED = "Its Reconciler is taking in what is new, so that its index cannot be compared yet.";

/** Has the Reconcilers of an environment compare their indexes with D1, one after the other. */
export async function checkIndexes(
  ctx: ServiceContext,
  [from = 0, ...within]: Place,
  limit: number,
): Promise<CheckPage> {
  const max = INTEGRITY_PAGE_MAX_RECONCILIATIONS;
  const { db, environmentId } = ctx;
  const reconciliations = await listAnyReconciliations(db, environmentId, Number(from), max, { isLive: true });
  const page: CheckPage = { checked: 0, findings: [], unsettled: [], next: null };
  const until = ctx.now() + INTEGRITY_PAGE_MAX_MS;
  let calls = 0;
  for (const reconciliation of reconciliations) {
    let place: Place | null = reconciliation.id === from ? within : [];
    while (place !== null) {
      const isFull = calls === max || page.checked >= limit || (calls > 0 && ctx.now() >= until);
      if (isFull) return { ...page, next: [reconciliation.id, ...place] };
      place = await compare(ctx, reconciliation, place, page);
      calls += 1;
      if (page.unsettled.length > 0) return { ...page, next: [reconciliation.id + 1] };
    }
  }
  const last = reconciliations.at(-1);
  return { ...page, next: last && reconciliations.length === max ? [last.id + 1] : null };
}

/** Adds what the next part of an index comes to. Answers where it goes on. */
async function compare(
  ctx: ServiceContext,
  { id, uid, resourceType, resourceId }: AnyReconciliation,
  place: Place,
  page: CheckPage,
): Promise<Place | null> {
  const part = await ctx.reconcilers.checkIndex(uid, place);
  if (part === "unsettled") {
    page.unsettled.push({ resourceType, resourceId, message: UNSETTLED, retry: [id, ...place] });
    return null;
  }
  page.checked += part.checked;
  page.findings.push(...part.differences.map((difference) => ({ resourceType, resourceId, ...difference })));
  return part.next;
}
