import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { all, runBatch } from "../../src/db/client.ts";
import { handleCron } from "../../src/runtime/cron.ts";
import { deleteRecord } from "../../src/services/delete-record.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { voidMatches } from "../../src/services/void-matches.ts";
import { addSilently } from "../support/bulk.ts";
import { bindings, EQUAL_AMOUNTS, newScene, type Scene, silentContext } from "../support/scene.ts";
import { newEndpoint } from "../support/webhooks.ts";

const stubOf = (scene: Scene) => bindings.RECONCILER.getByName(scene.reconciliation);

const cron = () => handleCron(bindings, Date.now());

async function expectEachMatchedOnce(scene: Scene, count: number) {
  const matches = await scene.matches();
  expect(matches).toHaveLength(count);
  const ids = matches.flatMap((match) => match.records.map((record: { record_id: string }) => record.record_id));
  expect(new Set(ids).size).toBe(2 * count);
  const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit?limit=200`);
  expect(audit.body).toMatchObject({ valid: true });
}

describe("racing calls", () => {
  it("match 25 equal records with 25 equal ones, none twice", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const count = 25;
    const replies = await Promise.all(
      Array.from({ length: 2 * count }, (_, n) => (n % 2 === 0 ? scene.left() : scene.right())),
    );
    expect(replies.map((reply) => reply.status)).toEqual(replies.map(() => 201));
    await expectEachMatchedOnce(scene, count);
  });

  it("leave a record either deleted or matched, never both", async () => {
    const scene = await newScene();
    const lefts = await Promise.all(Array.from({ length: 20 }, (_, n) => scene.left({ metadata: { ref: `${n}` } })));
    const outcomes = await Promise.all(
      lefts.flatMap((left, n) => [
        scene.api.delete(`/v1/records/${left.body.id}`),
        scene.right({ metadata: { ref: `${n}` } }),
      ]),
    );
    for (const [n, left] of lefts.entries()) {
      const [deleted, right] = [outcomes[2 * n], outcomes[2 * n + 1]];
      const after = await scene.record(left.body.id);
      const partner = await scene.record(right?.body.id);
      if (deleted?.status === 204) {
        expect([after.status, partner.body.status]).toEqual([404, "unreconciled"]);
      } else {
        expect([deleted?.status, after.body.status, partner.body.status]).toEqual([409, "reconciled", "reconciled"]);
      }
    }
  });

  it("match an edited record as it is after the edit", async () => {
    const scene = await newScene();
    const lefts = await Promise.all(Array.from({ length: 20 }, (_, n) => scene.left({ metadata: { ref: `${n}` } })));
    const outcomes = await Promise.all(
      lefts.flatMap((left, n) => [
        scene.api.patch(`/v1/records/${left.body.id}`, { amount: 90 }),
        scene.right({ metadata: { ref: `${n}` } }),
      ]),
    );
    for (const [n, left] of lefts.entries()) {
      const patched = outcomes[2 * n];
      const after = await scene.record(left.body.id);
      const expected = patched?.status === 200 ? [90, "unreconciled"] : [100, "reconciled"];
      expect([after.body.amount, after.body.status]).toEqual(expected);
    }
  });

  it("void a match once, however many ask", async () => {
    const scene = await newScene();
    await scene.left({ metadata: { ref: "x" } });
    await scene.right({ metadata: { ref: "x" } });
    const [match] = await scene.matches();
    const path = `/v1/reconciliation_matches/${match.id}`;
    const replies = await Promise.all(Array.from({ length: 20 }, () => scene.api.delete(path)));
    expect(replies.map((reply) => [reply.status, reply.body.status])).toEqual(replies.map(() => [200, "voided"]));
    const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit`);
    expect(audit.body).toMatchObject({ valid: true, checked: 2 });
  });

  it("make one match by hand, however many ask", async () => {
    const scene = await newScene({ runType: "batch" });
    const record_ids = [(await scene.left()).body.id, (await scene.right()).body.id];
    const replies = await Promise.all(
      Array.from({ length: 20 }, () =>
        scene.api.post("/v1/reconciliation_matches", { reconciliation_id: scene.reconciliation, record_ids }),
      ),
    );
    expect(replies.filter((reply) => reply.status === 201)).toHaveLength(1);
    expect(replies.filter((reply) => reply.status === 409)).toHaveLength(19);
    await expectEachMatchedOnce(scene, 1);
  });
});

describe("a poke that is lost", () => {
  it("is made good by the cron for an arrival", async () => {
    const scene = await newScene();
    const left = await scene.left({ metadata: { ref: "x" } });
    const [right] = await addSilently(scene, "right", [{ metadata: { ref: "x" } }]);
    expect((await scene.record(left.body.id)).body.status).toBe("unreconciled");
    await cron();
    expect((await scene.record(left.body.id)).body.status).toBe("reconciled");
    expect((await scene.record(right as string)).body.status).toBe("reconciled");
  });

  it("is made good by the cron for an edit", async () => {
    const scene = await newScene();
    const left = await scene.left({ metadata: { ref: "x" } });
    const right = await scene.right({ metadata: { ref: "y" } });
    await updateRecord(silentContext(scene), right.body.id, { metadata: { ref: "x" } });
    await cron();
    expect((await scene.record(left.body.id)).body.status).toBe("reconciled");
  });

  it("is made good by the cron for a delete that makes another record the only candidate", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }] });
    const rival = await scene.left();
    const left = await scene.left();
    const right = await scene.right();
    expect(right.body.status).toBe("unreconciled");
    await deleteRecord(silentContext(scene), rival.body.id);
    await cron();
    expect((await scene.record(left.body.id)).body.status).toBe("reconciled");
    expect((await scene.record(right.body.id)).body.status).toBe("reconciled");
  });

  it("is made good by the cron for a void", async () => {
    const scene = await newScene();
    const left = await scene.left({ metadata: { ref: "x" } });
    await scene.right({ metadata: { ref: "x" } });
    const other = await scene.right({ metadata: { ref: "x" } });
    const [match] = await scene.matches();
    await voidMatches(scene.dependencies(), [match.id], null);
    await cron();
    const matched = await scene.record(left.body.id);
    expect(matched.body.status).toBe("reconciled");
    expect((await scene.record(other.body.id)).body.status).toBe("reconciled");
  });

  it("is made good by the cron for a change of rules", async () => {
    const scene = await newScene({ rules: [] });
    const left = await scene.left();
    await scene.right();
    const { reconciliation } = scene;
    await scene.api.post("/v1/reconciliation_rules", {
      reconciliation_id: reconciliation,
      filters: EQUAL_AMOUNTS,
      status: "inactive",
    });
    await runBatch(scene.db, [
      {
        sql: "update reconciliation_rules set status = 'active' where reconciliation_id = (select id from reconciliations where uid = ?)",
        params: [reconciliation],
      },
      { sql: "update reconciliations set generation = generation + 1 where uid = ?", params: [reconciliation] },
    ]);
    await cron();
    expect((await scene.record(left.body.id)).body.status).toBe("reconciled");
  });

  it("leaves the next cron nothing to do", async () => {
    const scene = await newScene();
    await scene.left({ metadata: { ref: "x" } });
    await cron();
    const waiting = await all<{ n: number }>(scene.db, {
      sql: `select count(*) as n from data_sources s join reconciliation_sources rs on rs.source_id = s.id
        where s.environment_id = ? and (s.change_no > s.settled_no or rs.seen_no < s.change_no)`,
      params: [scene.tenant.environmentId],
    });
    expect(waiting).toEqual([{ n: 0 }]);
  });
});

describe("a Reconciler that has lost its memory", () => {
  it("gives the same answers after its SQLite was wiped", async () => {
    const scene = await newScene();
    const open = await scene.left({ metadata: { ref: "open" } });
    await scene.left({ metadata: { ref: "x" } });
    await scene.right({ metadata: { ref: "x" } });
    const before = await scene.matches();
    await runInDurableObject(stubOf(scene), (_, state) => state.storage.deleteAll());
    await evictDurableObject(stubOf(scene));
    const partner = await scene.right({ metadata: { ref: "open" } });
    expect(partner.body.status).toBe("reconciled");
    expect((await scene.record(open.body.id)).body.status).toBe("reconciled");
    const after = await scene.matches();
    expect(after.slice(1)).toEqual(before);
    await expectEachMatchedOnce(scene, 2);
  });

  it("does not make a voided set again after its SQLite was wiped", async () => {
    const scene = await newScene();
    const left = await scene.left({ metadata: { ref: "x" } });
    await scene.right({ metadata: { ref: "x" } });
    const [match] = await scene.matches();
    await scene.api.delete(`/v1/reconciliation_matches/${match.id}`);
    await runInDurableObject(stubOf(scene), (_, state) => state.storage.deleteAll());
    await evictDurableObject(stubOf(scene));
    await stubOf(scene).poke();
    expect((await scene.record(left.body.id)).body.status).toBe("unreconciled");
  });

  it("goes through a large backlog though it is evicted after every slice", { timeout: 60_000 }, async () => {
    const scene = await newScene();
    const count = 1_200;
    const rows = Array.from({ length: count }, (_, n) => ({ metadata: { ref: `${n}` } }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows.toReversed());
    await runInDurableObject(stubOf(scene), (_, state) => state.storage.deleteAll());
    await evictDurableObject(stubOf(scene));
    // The first alarm is what a poke sets when there is more than it takes on.
    await runInDurableObject(stubOf(scene), (_, state) => state.storage.setAlarm(Date.now() + 3_600_000));
    let slices = 0;
    while (await runDurableObjectAlarm(stubOf(scene))) {
      slices += 1;
      expect(slices).toBeLessThan(100);
      await evictDurableObject(stubOf(scene));
    }
    expect(slices).toBeGreaterThan(5);
    const counts = (await scene.api.get(`/v1/reconciliations/${scene.reconciliation}`)).body.counts;
    expect(counts.side_a).toEqual({ unreconciled: 0, partially_reconciled: 0, reconciled: count });
    expect(counts.side_b).toEqual({ unreconciled: 0, partially_reconciled: 0, reconciled: count });
  });
});

describe("a D1 that was restored to an earlier time", () => {
  it("is noticed, and the index rebuilt", async () => {
    const scene = await newScene();
    const left = await scene.left({ metadata: { ref: "x" } });
    const right = await scene.right({ metadata: { ref: "x" } });
    expect(right.body.status).toBe("reconciled");
    await restoreToBefore(scene, right.body.id);
    expect((await scene.record(left.body.id)).body.status).toBe("unreconciled");
    // Its change gets the number that the lost record's had.
    const other = await scene.right({ metadata: { ref: "x" } });
    expect(other.body.status).toBe("reconciled");
    expect((await scene.record(left.body.id)).body.status).toBe("reconciled");
    await expectEachMatchedOnce(scene, 1);
  });
});

/** Takes back what the arrival of a record and its match have written, as a restore of the whole database would. */
async function restoreToBefore(scene: Scene, recordUid: string) {
  const reconciliation = "(select id from reconciliations where uid = ?1)";
  const record = "(select id from records where uid = ?2)";
  const statements = [
    `delete from allocations where match_id in (select id from matches where reconciliation_id = ${reconciliation})`,
    `delete from links where reconciliation_id = ${reconciliation}`,
    `delete from matches where reconciliation_id = ${reconciliation}`,
    `delete from entries where reconciliation_id = ${reconciliation}`,
    `update reconciliation_sources set reconciled_count = 0 where reconciliation_id = ${reconciliation}`,
    `update reconciliations set chain_no = 0, chain_hash = '' where id = ${reconciliation}`,
    `update records set touched_count = 0, reconciled_count = 0 where source_id in
      (select source_id from reconciliation_sources where reconciliation_id = ${reconciliation})`,
    `update data_sources set change_no = change_no - 1, record_count = record_count - 1
      where id = (select source_id from records where id = ${record})`,
    `delete from changes where record_id = ${record}`,
    `delete from records where id = ${record}`,
  ];
  await scene.db.d1.batch(statements.map((text) => scene.db.d1.prepare(text).bind(...bindFor(text, scene, recordUid))));
}

function bindFor(text: string, scene: Scene, recordUid: string): string[] {
  return text.includes("?2") ? [scene.reconciliation, recordUid] : [scene.reconciliation];
}

describe("overdue", () => {
  it("is raised once for each pair, however often the cron runs", async () => {
    const scene = await newScene({ expectedWithinDays: 3 });
    await listen(scene);
    const late = await scene.left({ date: "2026-01-02" });
    const early = await scene.left({ date: "2026-01-02", expected_by: "2999-12-31" });
    await cron();
    const [first] = (await scene.record(late.body.id)).body.reconciliations;
    expect(first.overdue_at).toMatch(/^20\d\d-/);
    await Promise.all([cron(), cron()]);
    await cron();
    const [second] = (await scene.record(late.body.id)).body.reconciliations;
    expect(second.overdue_at).toBe(first.overdue_at);
    expect((await scene.record(early.body.id)).body.reconciliations[0].overdue_at).toBeNull();
    const events = await scene.api.get("/v1/events?type=record.reconciliation_overdue");
    expect(events.body.data).toHaveLength(1);
    expect(events.body.data[0].data).toMatchObject({ id: late.body.id, reconciliation_id: scene.reconciliation });
    expect(events.body.data[0].data.reconciliations[0].overdue_at).toBe(first.overdue_at);
  });

  it("is kept when the record is matched after all", async () => {
    const scene = await newScene({ expectedWithinDays: 3 });
    const late = await scene.left({ date: "2026-01-02", metadata: { ref: "x" } });
    await cron();
    await scene.right({ metadata: { ref: "x" } });
    const [pair] = (await scene.record(late.body.id)).body.reconciliations;
    expect([pair.status, typeof pair.overdue_at]).toEqual(["reconciled", "string"]);
  });

  it("is taken back by a change that moves the due day ahead, and raised again after it", async () => {
    const scene = await newScene({ expectedWithinDays: 3 });
    await listen(scene);
    const late = await scene.left({ date: "2026-01-02" });
    await cron();
    const moved = await scene.api.patch(`/v1/records/${late.body.id}`, { expected_by: "2999-12-31" });
    expect(moved.body.reconciliations[0].overdue_at).toBeNull();
    await cron();
    await scene.api.patch(`/v1/records/${late.body.id}`, { expected_by: "2026-01-03" });
    await cron();
    const events = await scene.api.get("/v1/events?type=record.reconciliation_overdue");
    expect(events.body.data).toHaveLength(2);
  });

  it("is taken back when the reconciliation gives its records more time", async () => {
    const scene = await newScene({ expectedWithinDays: 3 });
    const late = await scene.left({ date: "2026-01-02" });
    const own = await scene.left({ date: "2026-01-02", expected_by: "2026-01-03" });
    await cron();
    await scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { expected_within_days: 3650 });
    await cron();
    expect((await scene.record(late.body.id)).body.reconciliations[0].overdue_at).toBeNull();
    expect((await scene.record(own.body.id)).body.reconciliations[0].overdue_at).toMatch(/^20/);
  });

  it("is not raised for what is reconciled, deleted, or not due", async () => {
    const scene = await newScene({ expectedWithinDays: 3 });
    await scene.left({ date: "2026-01-02", metadata: { ref: "x" } });
    await scene.right({ date: "2026-01-02", metadata: { ref: "x" } });
    const gone = await scene.left({ date: "2026-01-02" });
    await scene.api.delete(`/v1/records/${gone.body.id}`);
    const today = new Date().toISOString().slice(0, 10);
    await scene.left({ date: today });
    await cron();
    const overdue = await scene.api.get(`/v1/records?reconciliation_id=${scene.reconciliation}&overdue=true`);
    expect(overdue.body.data).toEqual([]);
  });
});

// Only that somebody listens matters for the events: of what is delivered, this endpoint wants nothing that happens here.
async function listen(scene: Scene) {
  await newEndpoint(scene.tenant.environmentId, { eventTypes: ["import.completed"] });
}

describe("events of matching", () => {
  it("are one for each change of a pair's status, with the record as of the commit", async () => {
    const scene = await newScene({
      rules: [{ filters: { operand: "and", rules: [{ key: "metadata.ref", operand: "eq", value: "metadata.ref" }] } }],
    });
    await listen(scene);
    const left = await scene.left({ amount: 100, metadata: { ref: "x" } });
    await scene.right({ amount: 40, metadata: { ref: "x" } });
    await scene.right({ amount: 30, metadata: { ref: "x" } });
    await scene.right({ amount: 30, metadata: { ref: "x" } });
    const [last] = await scene.matches();
    await scene.api.delete(`/v1/reconciliation_matches/${last.id}`);
    const events = (await scene.api.get("/v1/events?limit=200")).body.data.toReversed();
    const ofLeft = events.filter((event: { data: { id: string } }) => event.data.id === left.body.id);
    expect(
      ofLeft.map((event: { event_type: string; data: { reconciled_amount: number } }) => [
        event.event_type,
        event.data.reconciled_amount,
      ]),
    ).toEqual([
      ["record.partially_reconciled", 40],
      ["record.reconciled", 100],
      ["record.partially_reconciled", 70],
    ]);
    const types = events.map((event: { event_type: string }) => event.event_type);
    expect(types.filter((type: string) => type === "reconciliation_match.created")).toHaveLength(3);
    expect(types.filter((type: string) => type === "reconciliation_match.voided")).toHaveLength(1);
    expect(types.filter((type: string) => type === "record.unreconciled")).toHaveLength(1);
  });

  it("are not written while nobody listens", async () => {
    const scene = await newScene();
    await scene.left({ metadata: { ref: "x" } });
    await scene.right({ metadata: { ref: "x" } });
    expect((await scene.api.get("/v1/events")).body.data).toEqual([]);
  });
});
