import { sql } from "drizzle-orm";
import { beforeEach, expect, it } from "vitest";
import { HISTORY_KEPT_MS, HISTORY_PRUNE_PAGE_ROWS } from "../../src/config.ts";
import { first } from "../../src/db/client.ts";
import { handleCron } from "../../src/runtime/cron.ts";
import { pruneHistory } from "../../src/services/prune-history.ts";
import { countRowsRead } from "../support/bulk.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";
import { bindings, db, muteQueue, newEndpoint, newEvent } from "../support/webhooks.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const PAGES = 2;
const PER_RUN = HISTORY_PRUNE_PAGE_ROWS * PAGES;

beforeEach(async () => {
  const tables = ["attempts", "deliveries", "events"];
  await bindings.DB.batch(tables.map((table) => bindings.DB.prepare(`delete from ${table}`)));
});

/** Events, each with a completed delivery to the endpoint and an attempt, a millisecond apart from an instant on. */
async function addHistory({ environmentId }: Tenant, endpointId: number, count: number, from: number): Promise<void> {
  const no = `(with recursive n (no) as (select 0 union all select no + 1 from n where no + 1 < ${count}) select no from n)`;
  await bindings.DB.batch([
    bindings.DB.prepare(
      `insert into events (uid, environment_id, type, occurrence, subject, snapshot, created_at)
        select 'e' || ?1 || '-' || no, ?1, 'import.completed', 'o' || ?1 || '-' || no, 'import', '{}', ?2 + no from ${no}`,
    ).bind(environmentId, from),
    bindings.DB.prepare(
      `insert into deliveries (uid, environment_id, event_id, endpoint_id, status, created_at, completed_at)
        select 'd' || uid, environment_id, id, ?2, 'delivered', created_at, created_at from events
        where environment_id = ?1`,
    ).bind(environmentId, endpointId),
    bindings.DB.prepare(
      `insert into attempts (delivery_id, no, started_at, latency_ms, status_code)
        select id, 1, created_at, 5, 204 from deliveries where environment_id = ?1`,
    ).bind(environmentId),
  ]);
}

async function completeDeliveries({ environmentId }: Tenant): Promise<void> {
  await bindings.DB.prepare("update deliveries set status = 'failed', next_attempt_at = null where environment_id = ?")
    .bind(environmentId)
    .run();
}

async function countLeft({ environmentId }: Tenant) {
  return first(
    db,
    sql`select (select count(*) from events where environment_id = ${environmentId}) as events,
      (select count(*) from deliveries where environment_id = ${environmentId}) as deliveries,
      (select count(*) from attempts a join deliveries d on d.id = a.delivery_id
        where d.environment_id = ${environmentId}) as attempts`,
  );
}

it("takes 5,000 old ones away in several runs, none of which reads more than a bounded number of rows", async () => {
  const tenant = await newTenant();
  const { id } = await newEndpoint(tenant.environmentId);
  const now = 100 * DAY_MS;
  await addHistory(tenant, id, 5_000, DAY_MS);
  await newEvent(tenant.environmentId, { at: now - HISTORY_KEPT_MS + 1 });
  const runs: { deliveries: number; events: number; rowsRead: number }[] = [];
  do {
    const counted = countRowsRead(db);
    const pruned = await pruneHistory(counted.db, now, PAGES);
    runs.push({ ...pruned, rowsRead: counted.rowsRead() });
  } while (runs.at(-1)?.events !== 0);
  console.log(`pruned: ${JSON.stringify(runs)}`);
  expect(runs.map(({ deliveries, events }) => [deliveries, events])).toEqual([
    [PER_RUN, PER_RUN],
    [PER_RUN, PER_RUN],
    [5_000 - 2 * PER_RUN, 5_000 - 2 * PER_RUN],
    [0, 0],
  ]);
  for (const { rowsRead } of runs) expect(rowsRead).toBeLessThan(20 * PER_RUN);
  expect(runs.at(-1)?.rowsRead).toBeLessThan(20);
  expect(await countLeft(tenant)).toEqual({ events: 1, deliveries: 1, attempts: 0 });
});

it("keeps everything for 30 days to the millisecond", async () => {
  const tenant = await newTenant();
  const { id } = await newEndpoint(tenant.environmentId);
  await addHistory(tenant, id, 2, DAY_MS);
  expect(await pruneHistory(db, DAY_MS + HISTORY_KEPT_MS - 1)).toEqual({ deliveries: 0, events: 0 });
  expect(await pruneHistory(db, DAY_MS + HISTORY_KEPT_MS)).toEqual({ deliveries: 1, events: 1 });
  expect(await countLeft(tenant)).toEqual({ events: 1, deliveries: 1, attempts: 1 });
});

it("leaves what is still to be delivered, and takes what is behind it", async () => {
  const tenant = await newTenant();
  const { id } = await newEndpoint(tenant.environmentId);
  await addHistory(tenant, id, 1, DAY_MS);
  await newEvent(tenant.environmentId, { at: 0 });
  const now = 100 * DAY_MS;
  expect(await pruneHistory(db, now)).toEqual({ deliveries: 1, events: 1 });
  expect(await countLeft(tenant)).toEqual({ events: 1, deliveries: 1, attempts: 0 });
  await completeDeliveries(tenant);
  expect(await pruneHistory(db, now)).toEqual({ deliveries: 1, events: 1 });
  expect(await countLeft(tenant)).toMatchObject({ events: 0, deliveries: 0 });
});

it("comes to what is behind more undelivered events than a page has", async () => {
  const [blocking, tenant] = [await newTenant(), await newTenant()];
  const endpoints = [await newEndpoint(blocking.environmentId), await newEndpoint(tenant.environmentId)];
  await addHistory(blocking, endpoints[0]?.id as number, HISTORY_PRUNE_PAGE_ROWS, DAY_MS);
  await bindings.DB.prepare("update deliveries set status = 'pending', next_attempt_at = 0 where environment_id = ?")
    .bind(blocking.environmentId)
    .run();
  await addHistory(tenant, endpoints[1]?.id as number, 3, DAY_MS);
  expect(await pruneHistory(db, 100 * DAY_MS)).toEqual({ deliveries: 3, events: 3 });
  expect(await countLeft(tenant)).toMatchObject({ events: 0 });
  expect(await countLeft(blocking)).toMatchObject({ events: HISTORY_PRUNE_PAGE_ROWS });
});

it("keeps an event as long as what delivered it anew", async () => {
  muteQueue();
  const tenant = await newTenant();
  const { id, uid } = await newEndpoint(tenant.environmentId);
  const madeAt = Date.now() - HISTORY_KEPT_MS + DAY_MS;
  await addHistory(tenant, id, 3, madeAt);
  const since = new Date(madeAt + 2).toISOString();
  const replay = await tenant.admin.post(`/v1/webhook_endpoints/${uid}/replay`, { since });
  expect(replay.body.deliveries).toBe(1);
  await completeDeliveries(tenant);
  const soon = madeAt + HISTORY_KEPT_MS + DAY_MS;
  expect(await pruneHistory(db, soon)).toEqual({ deliveries: 3, events: 2 });
  expect(await countLeft(tenant)).toEqual({ events: 1, deliveries: 1, attempts: 0 });
  expect(await pruneHistory(db, soon)).toEqual({ deliveries: 0, events: 0 });
  expect(await pruneHistory(db, Date.now() + HISTORY_KEPT_MS + 1)).toEqual({ deliveries: 1, events: 1 });
});

it("does no harm when it runs twice at once, as the cron may", async () => {
  muteQueue();
  const tenant = await newTenant();
  const { id } = await newEndpoint(tenant.environmentId);
  await addHistory(tenant, id, 700, Date.now() - 2 * HISTORY_KEPT_MS);
  await addHistory(await newTenant(), id, 1, Date.now());
  await Promise.all([handleCron(bindings, Date.now()), handleCron(bindings, Date.now())]);
  expect(await countLeft(tenant)).toEqual({ events: 0, deliveries: 0, attempts: 0 });
});
