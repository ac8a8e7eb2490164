import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { all, runBatch } from "../../src/db/client.ts";
import { fanOutDeliveries } from "../../src/db/deliveries.ts";
import { listenerExists } from "../../src/db/events.ts";
import { newUuid } from "../../src/db/uuid.ts";
import { newTenant } from "../support/tenant.ts";
import { db, newEndpoint, newEvent, readDelivery } from "../support/webhooks.ts";

describe("fanning out deliveries", () => {
  it("makes one of each event for each enabled endpoint that wants its type", async () => {
    const { environmentId } = await newTenant();
    const everything = await newEndpoint(environmentId);
    const imports = await newEndpoint(environmentId, { eventTypes: ["record.reconciled", "import.completed"] });
    await newEndpoint(environmentId, { eventTypes: ["record.reconciled"] });
    await newEndpoint(environmentId, { status: "disabled" });
    await newEndpoint(environmentId, { deletedAt: 1 });
    await newEndpoint((await newTenant()).environmentId);
    const { eventUid, deliveryUids } = await newEvent(environmentId, { type: "import.completed", at: 5 });
    const deliveries = await Promise.all(deliveryUids.map((uid) => readDelivery(environmentId, uid)));
    expect(deliveries).toMatchObject([
      { endpointUid: everything.uid, eventUid, status: "pending", nextAttemptAt: 5, createdAt: 5, attemptCount: 0 },
      { endpointUid: imports.uid, eventUid, status: "pending", nextAttemptAt: 5, createdAt: 5, attemptCount: 0 },
    ]);
  });

  it("makes none of a ping, of another environment's event, or of an event that was not written", async () => {
    const [{ environmentId }, stranger] = await Promise.all([newTenant(), newTenant()]);
    await newEndpoint(environmentId);
    const { eventUid: ping } = await newEvent(environmentId, { type: "ping" });
    const { eventUid: foreign } = await newEvent(stranger.environmentId);
    const [result] = await runBatch(db, [fanOutDeliveries(environmentId, [ping, foreign, "none"], 5)]);
    expect(result?.results).toEqual([]);
  });

  it("makes a UUIDv7 of the given instant for each row", async () => {
    const now = Date.parse("2026-01-15T09:30:00.123Z");
    const rows = await all<{ uid: string }>(
      db,
      sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < 500)
        select ${newUuid(now)} as uid from n`,
    );
    expect(new Set(rows.map(({ uid }) => uid)).size).toBe(500);
    for (const { uid } of rows) {
      expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(uid.replaceAll("-", "").slice(0, 12), 16)).toBe(now);
    }
  });
});

describe("whether anybody listens", () => {
  it.each([
    ["an enabled endpoint", {}, 1],
    ["a disabled one", { status: "disabled" as const }, 0],
    ["a deleted one", { deletedAt: 1 }, 0],
  ])("with %s: %o", async (_, fields, expected) => {
    const { environmentId } = await newTenant();
    await newEndpoint(environmentId, fields);
    expect(await all(db, sql`select ${listenerExists(environmentId)} as listens`)).toEqual([{ listens: expected }]);
  });

  it("is not so in an environment without endpoints", async () => {
    const { environmentId } = await newTenant();
    expect(await all(db, sql`select ${listenerExists(environmentId)} as listens`)).toEqual([{ listens: 0 }]);
  });
});
