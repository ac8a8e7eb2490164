import { v7 as newId } from "uuid";
import type { TentativeMatch } from "../core/matching/tentative.ts";
import { runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { insertTentativeEvents } from "../db/payment-events.ts";
import type { Configuration } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

/**
 * Raises `expected_payment.tentatively_reconciled`, once for each pair. What has changed since it was seen raises
 * nothing: it is looked at again for its change.
 */
export async function raiseTentative(
  deps: WorkDependencies,
  { environmentId }: Configuration,
  matches: readonly TentativeMatch[],
): Promise<void> {
  const sightings = matches.flatMap(({ transaction, payments }) =>
    payments.map((payment) => ({
      transactionUid: transaction.uid,
      transactionVersion: transaction.version,
      paymentRecordUid: payment.uid,
      paymentVersion: payment.version,
      eventUid: newId(),
    })),
  );
  if (sightings.length === 0) return;
  const now = deps.now();
  const eventUids = sightings.map(({ eventUid }) => eventUid);
  const results = await runBatch(deps.db, [
    insertTentativeEvents({ environmentId, now }, sightings),
    fanOutDeliveries(environmentId, eventUids, now),
  ]);
  const deliveries = results.at(-1) as D1Result<{ uid: string }>;
  deps.sendDeliveries(deliveries.results.map(({ uid }) => uid));
}
