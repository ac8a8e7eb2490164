import { type SQL, sql } from "drizzle-orm";
import { WEBHOOK_DUE_TOLERANCE_MS, WEBHOOK_IN_FLIGHT_MAX, WEBHOOK_LEASE_MS } from "../config.ts";
import type { StoredEvent } from "../core/event.ts";
import type { WebhookFormat } from "../core/webhook-message.ts";
import { type Db, runBatch } from "./client.ts";
import type { AttemptRow } from "./deliveries.ts";
import { expectThat } from "./guard.ts";

/** A delivery in the hands of one attempt, with all that the attempt needs. */
export interface ClaimedDelivery {
  id: number;
  uid: string;
  environmentId: number;
  isLive: boolean;
  /** The number of this attempt, counting from 1. */
  attemptNo: number;
  /** When the claim ends. Each claim ends later than the one before, so this names the claim. */
  leasedUntil: number;
  /** The attempt before this one never said how it ended. */
  followsInterruption: boolean;
  event: StoredEvent;
  endpoint: ClaimedEndpoint;
}

export interface ClaimedEndpoint {
  id: number;
  uid: string;
  url: string;
  eventTypes: string[];
  description: string | null;
  status: "enabled" | "disabled";
  format: WebhookFormat;
  secret: string;
  previousSecrets: { secret: string; until: number }[];
  createdAt: number;
  updatedAt: number;
  isDeleted: boolean;
}

interface ClaimColumns {
  id: number;
  uid: string;
  environmentId: number;
  isLive: 0 | 1;
  attemptNo: number;
  leasedUntil: number;
  followsInterruption: 0 | 1;
  event: string;
  endpoint: string;
}

/**
 * Takes a pending delivery that is due for one attempt; undefined if it is not due, completed, or in other hands. A
 * claim that ran out counts as an attempt that was interrupted. If as many attempts as may be are under way at its
 * endpoint, it waits instead, and the end of one of them wakes it: `wakeNextWaiting`.
 */
export async function claimDelivery(db: Db, uid: string, now: number): Promise<ClaimedDelivery | undefined> {
  const free = sql`uid = ${uid} and status = 'pending' and next_attempt_at <= ${now + WEBHOOK_DUE_TOLERANCE_MS}`;
  const unclaimed = sql`(leased_until is null or leased_until <= ${now})`;
  const [, claimed, read] = (await runBatch(db, [
    sql`insert into attempts (delivery_id, no, started_at, latency_ms, error)
      select id, attempt_count, leased_until - ${WEBHOOK_LEASE_MS}, ${WEBHOOK_LEASE_MS}, 'interrupted'
      from deliveries where ${free} and leased_until <= ${now}`,
    sql`update deliveries set leased_until = ${now + WEBHOOK_LEASE_MS}, attempt_count = attempt_count + 1,
        waiting_since = null
      where ${free} and ${unclaimed} and ${hasRoom("deliveries.endpoint_id", now)} returning id`,
    sql`select d.id, d.uid, d.environment_id as "environmentId", n.mode = 'live' as "isLive", d.attempt_count as "attemptNo",
        d.leased_until as "leasedUntil", exists (select 1 from attempts
          where delivery_id = d.id and no = d.attempt_count - 1 and error = 'interrupted') as "followsInterruption",
        json_object('uid', v.uid, 'type', v.type, 'subject', v.subject, 'snapshot', json(v.snapshot),
          'createdAt', v.created_at) as event,
        json_object('id', w.id, 'uid', w.uid, 'url', w.url, 'eventTypes', json(w.event_types),
          'description', w.description, 'status', w.status, 'format', w.format, 'secret', w.secret,
          'previousSecrets', json(coalesce(w.previous_secrets, '[]')), 'createdAt', w.created_at,
          'updatedAt', w.updated_at, 'isDeleted', json(iif(w.deleted_at is null, 'false', 'true'))) as endpoint
      from deliveries d join events v on v.id = d.event_id join webhook_endpoints w on w.id = d.endpoint_id
      join environments n on n.id = d.environment_id
      where d.uid = ${uid}`,
    sql`update deliveries set waiting_since = ${now}, leased_until = null
      where ${free} and ${unclaimed} and waiting_since is null`,
  ])) as [D1Result, D1Result, D1Result<ClaimColumns>];
  const [row] = read.results;
  if (claimed.results.length === 0 || !row) return undefined;
  return {
    ...row,
    isLive: row.isLive === 1,
    followsInterruption: row.followsInterruption === 1,
    event: JSON.parse(row.event),
    endpoint: JSON.parse(row.endpoint),
  };
}

/** Whether fewer attempts than may be are under way at an endpoint. */
function hasRoom(endpointId: string, now: number): SQL {
  return sql`(select count(*) from (
    select 1 from deliveries u where u.endpoint_id = ${sql.raw(endpointId)} and u.leased_until > ${now}
    limit ${WEBHOOK_IN_FLIGHT_MAX})) < ${WEBHOOK_IN_FLIGHT_MAX}`;
}

/**
 * Wakes the oldest delivery that waits for an attempt at this endpoint to end; answers its id (`uid`). It stands
 * after `endClaim` in one batch, so nothing waits without an attempt that will end, or whose claim will run out.
 */
export function wakeNextWaiting(endpointId: number, now: number): SQL {
  return sql`update deliveries set waiting_since = null, next_attempt_at = ${now}
    where id = (select min(id) from deliveries
      where endpoint_id = ${endpointId} and waiting_since is not null and status = 'pending')
    returning uid`;
}

/** What becomes of a delivery. */
export type DeliveryState =
  | { status: "delivered" | "failed"; completedAt: number }
  | { status: "pending"; nextAttemptAt: number };

/**
 * The statements that end a claim with an attempt, or without one, and write what becomes of the delivery. They refuse
 * their batch if the claim has run out and another has followed.
 */
export function endClaim(claim: ClaimedDelivery, attempt: AttemptRow | null, state: DeliveryState): SQL[] {
  const nextAttemptAt = state.status === "pending" ? state.nextAttemptAt : null;
  const completedAt = state.status === "pending" ? null : state.completedAt;
  return [
    expectThat(sql`exists (select 1 from deliveries
      where id = ${claim.id} and status = 'pending' and leased_until = ${claim.leasedUntil})`),
    ...(attempt
      ? [
          sql`insert into attempts (delivery_id, no, started_at, latency_ms, status_code, error, response_body)
            values (${claim.id}, ${attempt.no}, ${attempt.startedAt}, ${attempt.latencyMs}, ${attempt.statusCode},
              ${attempt.error}, ${attempt.responseBody})`,
        ]
      : []),
    sql`update deliveries set status = ${state.status}, next_attempt_at = ${nextAttemptAt},
        completed_at = ${completedAt}, leased_until = null, waiting_since = null, attempt_count = ${attempt ? attempt.no : claim.attemptNo - 1}
      where id = ${claim.id}`,
  ];
}
