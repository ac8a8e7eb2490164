import { v7 as newId } from "uuid";
import type { DeliveryMessage } from "../config.ts";
import { type AttemptOutcome, FAILING_MAX_MS, judgeAttempt, SCHEDULED_ATTEMPTS } from "../core/delivery.ts";
import { presentWebhookEndpoint } from "../core/webhook-endpoint-view.ts";
import { composeMessage } from "../core/webhook-message.ts";
import { auditChange } from "../db/audit-entries.ts";
import {
  type ClaimedDelivery,
  claimDelivery,
  type DeliveryState,
  endClaim,
  wakeNextWaiting,
} from "../db/claim-delivery.ts";
import { type Db, findConstraint, runBatch } from "../db/client.ts";
import { type AttemptRow, fanOutDeliveries } from "../db/deliveries.ts";
import { disableEndpoint, noteFailure, noteSuccess } from "../db/webhook-endpoints.ts";
import { type PostDependencies, type PostResult, postToEndpoint } from "./post-to-endpoint.ts";
import { sendDeliveries } from "./send-deliveries.ts";

export interface DeliveryDependencies extends PostDependencies {
  db: Db;
  queue: Queue<DeliveryMessage>;
  /** In [0, 1), as Math.random. */
  random: () => number;
}

/** What a wake-up came to, for the log. `skipped`: not due, completed, or in other hands. */
export interface DeliveryReport {
  outcome: "skipped" | "not_attempted" | "superseded" | AttemptOutcome["kind"];
  eventId?: string;
  endpointId?: string;
  environment?: number;
  attempt?: number;
  statusCode?: number | null;
  error?: string | null;
  latencyMs?: number;
  /** A delivery that has waited for this one to end, and is due now; nobody else wakes it. */
  next?: string | undefined;
}

/**
 * Makes one attempt of a delivery if it is due. The row owns the attempts' count and schedule: waking it twice, or
 * twice at once, makes one attempt. An attempt whose process dies is followed by another once its claim runs out.
 */
export async function deliverWebhook(deps: DeliveryDependencies, deliveryUid: string): Promise<DeliveryReport> {
  const claim = await claimDelivery(deps.db, deliveryUid, deps.now());
  if (!claim) return { outcome: "skipped" };
  const names = { eventId: claim.event.uid, endpointId: claim.endpoint.uid, environment: claim.environmentId };
  if (!mayAttempt(claim)) {
    const settled = await settle(deps, claim, null, { status: "failed", completedAt: deps.now() }, []);
    return { outcome: settled ? "not_attempted" : "superseded", ...names, next: settled?.next };
  }
  const startedAt = deps.now();
  const result = await attemptDelivery(deps, claim, startedAt);
  const now = deps.now();
  const outcome = judgeAttempt(result, claim.attemptNo, now, deps.random());
  const attempt = { no: claim.attemptNo, startedAt, ...result };
  const settled = await settle(deps, claim, attempt, stateAfter(outcome, now), noteOutcome(claim, outcome, now));
  const { statusCode, error, latencyMs } = result;
  return {
    outcome: settled ? outcome.kind : "superseded",
    ...names,
    attempt: claim.attemptNo,
    statusCode,
    error,
    latencyMs,
    next: settled?.next,
  };
}

function mayAttempt({ endpoint, followsInterruption, attemptNo }: ClaimedDelivery): boolean {
  if (endpoint.isDeleted || endpoint.status === "disabled") return false;
  // A delivery that kills whoever attempts it must come to an end as well.
  return !(followsInterruption && attemptNo > SCHEDULED_ATTEMPTS);
}

async function attemptDelivery(deps: DeliveryDependencies, claim: ClaimedDelivery, at: number): Promise<PostResult> {
  const { endpoint } = claim;
  const previous = endpoint.previousSecrets.filter(({ until }) => until > at).map(({ secret }) => secret);
  const message = await composeMessage(endpoint.format, {
    event: claim.event,
    deliveryUid: claim.uid,
    attemptUid: newId(),
    secrets: [endpoint.secret, ...previous],
    at,
    isLive: claim.isLive,
  });
  return postToEndpoint(deps, endpoint.url, message);
}

function stateAfter(outcome: AttemptOutcome, now: number): DeliveryState {
  switch (outcome.kind) {
    case "delivered":
      return { status: "delivered", completedAt: now };
    case "retry":
      return { status: "pending", nextAttemptAt: outcome.at };
    case "failed":
    case "gone":
      return { status: "failed", completedAt: now };
  }
}

function noteOutcome(claim: ClaimedDelivery, outcome: AttemptOutcome, now: number) {
  const { endpoint, environmentId } = claim;
  if (outcome.kind === "delivered") return [noteSuccess(endpoint)];
  const eventUid = newId();
  const disabled = { ...endpoint, status: "disabled" as const, updatedAt: now };
  const event = {
    uid: eventUid,
    occurrence: `webhook_endpoint.disabled ${claim.uid} ${claim.attemptNo}`,
    snapshot: presentWebhookEndpoint(disabled),
  };
  const failingBefore = outcome.kind === "gone" ? null : now - FAILING_MAX_MS;
  const author = { environmentId, keyUid: null, requestUid: claim.uid, now: () => now };
  return [
    noteFailure(endpoint, now),
    ...auditChange(
      author,
      { action: "webhook_endpoint.disabled", uid: endpoint.uid },
      disableEndpoint(environmentId, endpoint, event, now, failingBefore),
    ),
    fanOutDeliveries(environmentId, [eventUid], now),
  ];
}

/** Ends the claim and sends the wake-ups that follow from it; undefined if the claim had run out and another followed. */
async function settle(
  deps: DeliveryDependencies,
  claim: ClaimedDelivery,
  attempt: AttemptRow | null,
  state: DeliveryState,
  notes: ReturnType<typeof noteOutcome>,
): Promise<Pick<DeliveryReport, "next"> | undefined> {
  let results: D1Result<unknown>[];
  try {
    const wakeNext = wakeNextWaiting(claim.endpoint.id, deps.now());
    results = await runBatch(deps.db, [...endClaim(claim, attempt, state), ...notes, wakeNext]);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return undefined;
  }
  if (state.status === "pending") {
    const delaySeconds = Math.max(0, Math.ceil((state.nextAttemptAt - deps.now()) / 1000));
    await sendDeliveries(deps.queue, [claim.uid], delaySeconds);
  }
  const uids = results.map((result) => (result.results as { uid?: string }[]).flatMap(({ uid }) => uid ?? []));
  const [next] = uids.pop() ?? [];
  await sendDeliveries(deps.queue, uids.flat());
  return { next };
}
