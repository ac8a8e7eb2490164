import { sql } from "drizzle-orm";
import { IDEMPOTENCY_HOLD_MS, IDEMPOTENCY_KEPT_MS } from "../config.ts";
import { type Db, first, runBatch, type Statement, statement } from "./client.ts";
import { expectThat } from "./guard.ts";

/** What a request wants to put down under its key, and what of it is unlike any other. */
export interface IdempotencyClaim {
  apiKey: string;
  key: string;
  fingerprint: string;
  owner: string;
  resourceUid: string;
}

/** What stands under a key; instants in ms. */
export interface IdempotencyMark {
  id: number;
  fingerprint: string;
  owner: string;
  state: "running" | "written" | "answered";
  resourceUid: string;
  status: number | null;
  headers: string | null;
  body: string | null;
  lockedAt: number;
}

/** An answer as it is kept; `body` is null where it is too large to be. */
export interface AnswerRow {
  status: number;
  headers: Record<string, string>;
  body: string | null;
}

/**
 * Puts a request's mark under its key, unless a request's is there that still counts, and reads what is there then: the
 * caller's own if it has the caller's owner token. A mark counts for its time, but one of the same request that is
 * still running after `IDEMPOTENCY_HOLD_MS` is taken over.
 */
export async function claimMark(
  db: Db,
  environmentId: number,
  claim: IdempotencyClaim,
  now: number,
): Promise<IdempotencyMark> {
  const { apiKey, key, fingerprint, owner, resourceUid } = claim;
  const results = await runBatch(db, [
    sql`insert into idempotency_keys (environment_id, api_key, key, fingerprint, owner, state, resource_uid, created_at,
        locked_at)
      values (${environmentId}, ${apiKey}, ${key}, ${fingerprint}, ${owner}, 'running', ${resourceUid}, ${now}, ${now})
      on conflict (api_key, key) do update set environment_id = excluded.environment_id,
        fingerprint = excluded.fingerprint, owner = excluded.owner, state = 'running',
        resource_uid = excluded.resource_uid, status = null, headers = null, body = null,
        created_at = excluded.created_at, locked_at = excluded.locked_at
      where idempotency_keys.created_at <= ${now - IDEMPOTENCY_KEPT_MS}
        or (idempotency_keys.state = 'running' and idempotency_keys.locked_at <= ${now - IDEMPOTENCY_HOLD_MS}
          and idempotency_keys.fingerprint = excluded.fingerprint)`,
    sql`select id, fingerprint, owner, state, resource_uid as "resourceUid", status, headers, body,
        locked_at as "lockedAt"
      from idempotency_keys where api_key = ${apiKey} and key = ${key}`,
  ]);
  const [mark] = (results.at(-1) as D1Result<IdempotencyMark>).results;
  if (!mark) throw new Error("the mark is not there after its batch");
  return mark;
}

/** What joins the batch of the write that the request asks for: refuses it once the mark is in other hands. */
export function completeMark({ id, owner }: IdempotencyMark): Statement[] {
  return [
    expectThat(sql`exists (select 1 from idempotency_keys
      where id = ${id} and owner = ${owner} and state = 'running')`),
    sql`update idempotency_keys set state = 'written' where id = ${id}`,
  ].map(statement);
}

/** Keeps the answer for those who ask again; false if the mark is in other hands, or has an answer. */
export async function writeAnswer(db: Db, { id, owner }: IdempotencyMark, answer: AnswerRow): Promise<boolean> {
  const row = await first(
    db,
    sql`update idempotency_keys set state = 'answered', status = ${answer.status},
        headers = ${JSON.stringify(answer.headers)}, body = ${answer.body}
      where id = ${id} and owner = ${owner} and state <> 'answered' returning id`,
  );
  return row !== undefined;
}

/** Takes the mark away if nothing was written under it; else it stays, and may be in other hands. */
export async function releaseMark(
  db: Db,
  { id, owner }: IdempotencyMark,
): Promise<"released" | "written" | "in_other_hands"> {
  const [deleted, left] = await runBatch(db, [
    sql`delete from idempotency_keys where id = ${id} and owner = ${owner} and state = 'running' returning id`,
    sql`select id from idempotency_keys where id = ${id} and owner = ${owner}`,
  ]);
  if (deleted?.results.length === 1) return "released";
  return left?.results.length === 1 ? "written" : "in_other_hands";
}

/** Deletes the oldest marks that no longer count; answers how many. */
export async function deleteOldMarks(db: Db, now: number, limit: number): Promise<number> {
  const [deleted] = await runBatch(db, [
    sql`delete from idempotency_keys where id in (select id from idempotency_keys
      where created_at <= ${now - IDEMPOTENCY_KEPT_MS} order by created_at limit ${limit})`,
  ]);
  return deleted?.meta.changes ?? 0;
}
