import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { describe, expect, it } from "vitest";
import { runBatch } from "../../src/db/client.ts";
import { exceptionEndpoints } from "../../src/http/v1/reconciliation-exceptions.ts";
import { cron, exceptionOf, listExceptions, listTurns, PATH, ringAlarms } from "../support/exceptions.ts";
import { listFaults } from "../support/integrity.ts";
import { runToEnd } from "../support/runs.ts";
import { EQUAL_AMOUNTS, must, newScene, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import type { Tenant } from "../support/tenant.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

muteQueue();

const SKIPPING = [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }];

/** A scene with one overdue record of 100 on its left side, and what that has opened. */
async function newOverdue(tenant?: Tenant) {
  const scene = await newScene({ expectedWithinDays: 3, ...(tenant ? { tenant } : {}) });
  await newEndpoint(scene.tenant.environmentId);
  const { body: record } = await must(scene.left({ date: "2026-01-02", metadata: { ref: "x" } }), 201);
  await cron();
  return { scene, record, exception: await exceptionOf(scene, "left") };
}

/** A record that fits two others, and what that has opened. */
async function newAmbiguous(options: Parameters<typeof newScene>[0] = {}) {
  const scene = await newScene({ rules: SKIPPING, ...options });
  await newEndpoint(scene.tenant.environmentId);
  const fits = [(await must(scene.right(), 201)).body, (await must(scene.right(), 201)).body];
  const one = (await must(scene.left(), 201)).body;
  return { scene, one, fits };
}

/** Resolved exceptions, of as many data sources, with as many and as long comments as they are shown with. */
async function addExceptions({ db, tenant, reconciliation }: Scene, count: number) {
  const prefix = newId().slice(0, -2);
  await runBatch(db, [
    sql`insert into data_sources (environment_id, key, name, type, created_at, updated_at)
      with recursive some(n) as (select 1 union all select n + 1 from some where n < ${count})
      select ${tenant.environmentId}, 's' || n, 's', 'api', 1, 1 from some`,
    sql`insert into reconciliation_exceptions (uid, environment_id, reconciliation_id, source_id, status, opened_at,
        closed_at, created_at, updated_at)
      select ${prefix} || printf('%02d', row_number() over ()), ${tenant.environmentId}, c.id, s.id, 'resolved', 1, 1, 1, 1
      from reconciliations c join data_sources s on s.environment_id = c.environment_id and s.type = 'api'
        and s.created_at = 1 where c.uid = ${reconciliation}`,
    sql`insert into exception_comments (uid, exception_id, kind, body, created_at)
      with recursive some(n) as (select 1 union all select n + 1 from some where n < 50)
      select ${prefix.slice(0, -10)} || printf('%010d%02d', x.id, n), x.id, 'comment',
        replace(hex(zeroblob(1000)), '0', 'я'), 1
      from reconciliation_exceptions x cross join some where x.environment_id = ${tenant.environmentId} and x.opened_at = 1`,
  ]);
}

const comment = async (tenant: Tenant) => {
  const { exception } = await newOverdue(tenant);
  const made = await must(tenant.admin.post(`${PATH}/${exception.id}/comments`, { body: "x" }), 201);
  return { id: exception.id, comment_id: made.body.id };
};

itIsGuarded({ endpoints: exceptionEndpoints, prepare: comment });

describe("an exception of overdue records", () => {
  it("opens by the cron, with what its records come to, and once only", async () => {
    const { scene, exception } = await newOverdue();
    await must(scene.left({ date: "2026-02-03", amount: 7.25, direction: "debit" }), 201);
    await must(scene.left({ date: "2026-02-01", amount: 500, currency: "JPY" }), 201);
    await Promise.all([cron(), cron()]);
    expect(exception).toMatchObject({ kind: "overdue", status: "open", title: "1 overdue record of left" });
    const now = await exceptionOf(scene, "left");
    expect(now).toMatchObject({
      id: exception.id,
      reconciliation_id: scene.reconciliation,
      type_key: "left",
      title: "3 overdue records of left",
      assignee: null,
      closed_at: null,
      aggregates: {
        record_count: 3,
        overdue_count: 3,
        ambiguous_count: 0,
        debit_count: 1,
        credit_count: 2,
        by_currency: [
          { currency: "JPY", debit_count: 0, debit_sum: 0, credit_count: 1, credit_sum: 500 },
          { currency: "USD", debit_count: 1, debit_sum: 7.25, credit_count: 1, credit_sum: 100 },
        ],
        oldest: "2026-01-02",
      },
    });
    expect(now.aggregates.age_buckets.at(-1)).toEqual({ from_days: 91, to_days: null, record_count: 3 });
    expect(now.comments).toMatchObject([{ kind: "opened", key_id: null }]);
    expect(await listTurns(scene)).toEqual(["reconciliation_exception.opened"]);
    expect(await listExceptions(scene)).toHaveLength(1);
  });

  it("closes with the match of its last record, and opens again with its void", async () => {
    const { scene, exception } = await newOverdue();
    await must(scene.right({ metadata: { ref: "x" } }), 201);
    const closed = await exceptionOf(scene, "left");
    expect(closed).toMatchObject({ id: exception.id, status: "resolved", kind: null, aggregates: { record_count: 0 } });
    expect(closed.closed_at).not.toBeNull();
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    const opened = await exceptionOf(scene, "left");
    expect(opened).toMatchObject({ id: exception.id, status: "open", closed_at: null, kind: "overdue" });
    expect(opened.comments.map((line: { kind: string }) => line.kind)).toEqual(["opened", "closed", "opened"]);
    expect(await listTurns(scene)).toEqual([
      "reconciliation_exception.opened",
      "reconciliation_exception.closed",
      "reconciliation_exception.opened",
    ]);
  });

  it("closes with the adjustment that a void in another reconciliation takes away", async () => {
    const scene = await newScene();
    const sides = { side_a: ["left"], side_b: ["right"], run_type: "continuous" };
    const other = (await must(scene.api.post("/v1/reconciliations", { name: "Other", ...sides }), 201)).body.id;
    const record_ids = [
      (await must(scene.left({ amount: 9 }), 201)).body.id,
      (await must(scene.right({ amount: 7 }), 201)).body.id,
    ];
    const { reconciliation: reconciliation_id } = scene;
    const byHand = { reconciliation_id, record_ids, create_adjustment: true };
    const { body: match } = await must(scene.api.post("/v1/reconciliation_matches", byHand), 201);
    const ids: string[] = match.records.map(({ record_id }: { record_id: string }) => record_id);
    const adjustment = ids.find((id) => !record_ids.includes(id));
    await must(scene.api.post(`/v1/reconciliations/${other}/records/${adjustment}/mark_overdue`, {}), 200);
    const there = { ...scene, reconciliation: other };
    const [{ status, type_key }] = await listExceptions(there);
    expect(status).toBe("open");
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    expect(await exceptionOf(there, type_key)).toMatchObject({ status: "resolved", aggregates: { record_count: 0 } });
    expect(await listFaults(scene.api)).toEqual([]);
  });

  it("stays open with what a match leaves of its record", async () => {
    const { scene, record } = await newOverdue();
    const { body: part } = await must(scene.right({ amount: 60 }), 201);
    const manual = { reconciliation_id: scene.reconciliation, record_ids: [record.id, part.id], allow_partial: true };
    await must(scene.api.post("/v1/reconciliation_matches", manual), 201);
    const { status, aggregates } = await exceptionOf(scene, "left");
    expect([status, aggregates.by_currency[0].credit_sum]).toEqual(["open", 40]);
  });

  it("is told of as GET shows it", async () => {
    const { scene, exception } = await newOverdue();
    const { body } = await must(scene.api.get("/v1/events?type=reconciliation_exception.opened"), 200);
    expect(body.data[0].data).toEqual(exception);
    await must(scene.api.get(`${PATH}/${exception.id}`), 200);
  });

  it.each<[string, (scene: Scene, id: string) => Promise<unknown>]>([
    ["moved ahead", (scene, id) => must(scene.api.patch(`/v1/records/${id}`, { date: "2199-01-01" }), 200)],
    ["deleted", (scene, id) => must(scene.api.delete(`/v1/records/${id}`), 204)],
    [
      "given more time with all others",
      (scene) =>
        must(scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { expected_within_days: null }), 200),
    ],
    [
      "taken out with its source",
      async (scene) => {
        await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
        await must(scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { side_a: ["third"] }), 200);
      },
    ],
    [
      "let go of with its reconciliation",
      (scene) => must(scene.api.delete(`/v1/reconciliations/${scene.reconciliation}`), 204),
    ],
  ])("closes when its record is %s", async (_, act) => {
    const { scene, record } = await newOverdue();
    await act(scene, record.id);
    expect(await exceptionOf(scene, "left")).toMatchObject({ status: "resolved", aggregates: { record_count: 0 } });
    expect(await listTurns(scene)).toEqual(["reconciliation_exception.opened", "reconciliation_exception.closed"]);
  });

  it("opens again with the source that comes back", async () => {
    const { scene } = await newOverdue();
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    for (const side_a of [["third"], ["third", "left"]]) {
      await must(scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { side_a }), 200);
    }
    expect(await exceptionOf(scene, "left")).toMatchObject({ status: "open", aggregates: { record_count: 1 } });
  });
});

describe("an exception of ambiguous records", () => {
  it("opens for both sides by the cron, and closes once one of them is out of the way", async () => {
    const { scene, fits } = await newAmbiguous();
    await cron();
    const [left, right] = [await exceptionOf(scene, "left"), await exceptionOf(scene, "right")];
    expect(left).toMatchObject({ kind: "ambiguous", title: "1 ambiguous record of left", status: "open" });
    expect(right).toMatchObject({ kind: "ambiguous", aggregates: { record_count: 2, ambiguous_count: 2 } });
    await must(scene.api.delete(`/v1/records/${fits[0].id}`), 204);
    await cron();
    for (const side of ["left", "right"]) expect((await exceptionOf(scene, side)).status).toBe("resolved");
    await Promise.all([cron(), cron()]);
    expect((await listTurns(scene)).map((type) => type.split(".")[1])).toEqual([
      "opened",
      "opened",
      "closed",
      "closed",
    ]);
  });

  it("opens without the cron, too, after a while", async () => {
    const { scene } = await newAmbiguous();
    expect(await listExceptions(scene)).toEqual([]);
    await ringAlarms(scene);
    expect(await listExceptions(scene)).toMatchObject([{ status: "open" }, { status: "open" }]);
  });

  it("closes when a person settles it", async () => {
    const { scene, one, fits } = await newAmbiguous();
    await ringAlarms(scene);
    const manual = { reconciliation_id: scene.reconciliation, record_ids: [one.id, fits[1].id] };
    await must(scene.api.post("/v1/reconciliation_matches", manual), 201);
    expect((await exceptionOf(scene, "left")).status).toBe("resolved");
    await ringAlarms(scene);
    expect((await exceptionOf(scene, "right")).status).toBe("resolved");
  });

  it("closes with the rule that skipped them", async () => {
    const { scene } = await newAmbiguous();
    await cron();
    await must(scene.api.delete(`/v1/reconciliation_rules/${scene.rules[0]}`), 204);
    await cron();
    expect((await listExceptions(scene)).map(({ status }) => status)).toEqual(["resolved", "resolved"]);
  });

  it("says when its records are overdue, too", async () => {
    const { scene } = await newAmbiguous({ expectedWithinDays: 0 });
    await cron();
    expect(await exceptionOf(scene, "right")).toMatchObject({
      kind: "overdue_and_ambiguous",
      title: "2 overdue and 2 ambiguous records of right",
      aggregates: { record_count: 2, overdue_count: 2, ambiguous_count: 2 },
    });
  });

  it.each([
    "continuous",
    "batch",
  ] as const)("keeps its marks when a %s Reconciler has lost its memory", async (runType) => {
    const { scene } = await newAmbiguous({ runType });
    if (runType === "batch") await runToEnd(scene, { mode: "commit" });
    await ringAlarms(scene);
    const before = await listExceptions(scene);
    expect(before).toHaveLength(2);
    await must(scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { expected_within_days: 3650 }), 200);
    await ringAlarms(scene);
    await cron();
    expect(await listExceptions(scene)).toEqual(before);
    expect(await listTurns(scene)).toHaveLength(2);
  });

  it("opens in a batch reconciliation by a run that commits, and by no preview", async () => {
    const { scene } = await newAmbiguous({ runType: "batch" });
    const preview = await runToEnd(scene, { mode: "preview" });
    await ringAlarms(scene);
    expect(await listExceptions(scene)).toEqual([]);
    await runToEnd(scene, { mode: "commit", preview_id: preview.id });
    await ringAlarms(scene);
    expect(await exceptionOf(scene, "left")).toMatchObject({ kind: "ambiguous", aggregates: { record_count: 1 } });
    expect(await exceptionOf(scene, "right")).toMatchObject({ kind: "ambiguous", aggregates: { record_count: 2 } });
    await must(scene.left(), 201);
    await must(scene.left({ amount: 5 }), 201);
    await must(scene.right({ amount: 5 }), 201);
    await runToEnd(scene, { mode: "commit" });
    await ringAlarms(scene);
    expect(await exceptionOf(scene, "left")).toMatchObject({ aggregates: { record_count: 2, ambiguous_count: 2 } });
  });
});

describe("what a person makes of an exception", () => {
  it("is kept, with who did it", async () => {
    const { scene, exception } = await newOverdue();
    const path = `${PATH}/${exception.id}`;
    const taken = await must(scene.tenant.writer.patch(path, { status: "investigating", assignee: "ann" }), 200);
    expect(taken.body).toMatchObject({ status: "investigating", assignee: "ann", closed_at: null, comment_count: 2 });
    const [line] = taken.body.comments;
    expect(line).toMatchObject({ kind: "changed", body: "status: open → investigating; assignee: nobody → ann" });
    expect(line.key_id).not.toBeNull();
    const same = await must(scene.api.patch(path, { assignee: "ann" }), 200);
    expect(same.body).toEqual(taken.body);
    const freed = await must(scene.api.patch(path, { assignee: null }), 200);
    expect(freed.body).toMatchObject({ status: "investigating", assignee: null });
    expect(await listTurns(scene)).toEqual(["reconciliation_exception.opened"]);
  });

  it("closes with its last record even while somebody looks into it, and keeps who that was", async () => {
    const { scene, exception } = await newOverdue();
    await must(scene.api.patch(`${PATH}/${exception.id}`, { status: "investigating", assignee: "ann" }), 200);
    await must(scene.right({ metadata: { ref: "x" } }), 201);
    expect(await exceptionOf(scene, "left")).toMatchObject({ status: "resolved", assignee: "ann" });
  });

  it("may be to dismiss it: it stays so until there are more records", async () => {
    const { scene, exception } = await newOverdue();
    const path = `${PATH}/${exception.id}`;
    const dismissed = await must(scene.api.patch(path, { status: "dismissed" }), 200);
    expect(dismissed.body).toMatchObject({ status: "dismissed", kind: "overdue", aggregates: { record_count: 1 } });
    expect(dismissed.body.closed_at).not.toBeNull();
    await cron();
    expect((await exceptionOf(scene, "left")).status).toBe("dismissed");
    await must(scene.left({ date: "2026-01-05" }), 201);
    await cron();
    expect(await exceptionOf(scene, "left")).toMatchObject({ status: "open", closed_at: null });
    expect((await listTurns(scene)).map((type) => type.split(".")[1])).toEqual(["opened", "closed", "opened"]);
  });

  it("may be to dismiss it: after none was left the next record opens it", async () => {
    const { scene, record, exception } = await newOverdue();
    await must(scene.api.patch(`${PATH}/${exception.id}`, { status: "dismissed" }), 200);
    await must(scene.api.delete(`/v1/records/${record.id}`), 204);
    expect((await exceptionOf(scene, "left")).status).toBe("dismissed");
    await must(scene.left({ date: "2026-01-05" }), 201);
    await cron();
    expect((await exceptionOf(scene, "left")).status).toBe("open");
  });

  it.each<[string, (scene: Scene, ids: string[]) => Promise<unknown>]>([
    ["deleted", (scene, ids) => Promise.all(ids.map((id) => must(scene.api.delete(`/v1/records/${id}`), 204)))],
    ["matched", (scene) => Promise.all(["x", "y"].map((ref) => must(scene.right({ metadata: { ref } }), 201)))],
  ])("may be to dismiss it: others in place of what was %s open it", async (_, act) => {
    const { scene, record, exception } = await newOverdue();
    const second = await must(scene.left({ date: "2026-01-03", metadata: { ref: "y" } }), 201);
    await must(scene.left({ date: "2026-01-04" }), 201);
    await cron();
    await must(scene.api.patch(`${PATH}/${exception.id}`, { status: "dismissed" }), 200);
    await act(scene, [record.id, second.body.id]);
    const left = await exceptionOf(scene, "left");
    expect(left).toMatchObject({ status: "dismissed", aggregates: { record_count: 1 } });
    for (const date of ["2026-01-05", "2026-01-06"]) await must(scene.left({ date }), 201);
    await cron();
    expect(await exceptionOf(scene, "left")).toMatchObject({ status: "open", aggregates: { record_count: 3 } });
  });

  it("may be to open again what was dismissed", async () => {
    const { scene, exception } = await newOverdue();
    const path = `${PATH}/${exception.id}`;
    await must(scene.api.patch(path, { status: "dismissed" }), 200);
    const opened = await must(scene.api.patch(path, { status: "investigating" }), 200);
    expect(opened.body).toMatchObject({ status: "investigating", closed_at: null });
    expect((await listTurns(scene)).map((type) => type.split(".")[1])).toEqual(["opened", "closed", "opened"]);
  });

  it("is refused where the records say otherwise", async () => {
    const { scene, record, exception } = await newOverdue();
    const path = `${PATH}/${exception.id}`;
    await must(scene.api.patch(path, { status: "resolved" }), 409);
    await must(scene.api.delete(`/v1/records/${record.id}`), 204);
    for (const status of ["open", "investigating", "dismissed"]) await must(scene.api.patch(path, { status }), 409);
    await must(scene.api.patch(path, { status: "resolved" }), 200);
    const assigned = await must(scene.api.patch(path, { assignee: "bob" }), 200);
    expect(assigned.body).toMatchObject({ status: "resolved", assignee: "bob" });
  });

  it.each([
    [{ status: "closed" }, "/status"],
    [{ assignee: "" }, "/assignee"],
    [{ assignee: 7 }, "/assignee"],
    [{ kind: "overdue" }, "/kind"],
  ])("is refused if it is %j", async (body, pointer) => {
    const { scene, exception } = await newOverdue();
    const reply = await must(scene.api.patch(`${PATH}/${exception.id}`, body), 422);
    expect(reply.body.errors.map(({ path }: { path: string }) => path)).toEqual([pointer]);
  });

  it("leaves a trail of its own, in which a refused change is not", async () => {
    const { scene, exception } = await newOverdue();
    const path = `${PATH}/${exception.id}`;
    await must(scene.api.patch(path, { status: "resolved" }), 409);
    await must(scene.api.patch(path, { assignee: "ann" }), 200);
    await must(scene.api.post(`${path}/comments`, { body: "Hm." }), 201);
    const { body } = await must(scene.api.get(`/v1/audit_entries?resource_id=${exception.id}`), 200);
    expect(body.data.map((entry: { action: string }) => entry.action)).toEqual([
      "reconciliation_exception.commented",
      "reconciliation_exception.updated",
    ]);
    expect(body.data[1]).toMatchObject({ before: { assignee: null }, after: { assignee: "ann" } });
  });
});

describe("comments", () => {
  it("are kept in order, listed in pages, and made once for one Idempotency-Key", async () => {
    const { scene, exception } = await newOverdue();
    const path = `${PATH}/${exception.id}/comments`;
    const made = await must(scene.api.post(path, { body: "First." }, { "Idempotency-Key": "c" }), 201);
    expect(made.headers.get("location")).toBe(`${path}/${made.body.id}`);
    const again = await must(scene.api.post(path, { body: "First." }, { "Idempotency-Key": "c" }), 201);
    expect(again.body).toEqual(made.body);
    await must(scene.api.post(path, { body: "Second." }), 201);
    expect((await must(scene.api.get(`${path}/${made.body.id}`), 200)).body).toEqual(made.body);
    const page = await must(scene.api.get(`${path}?limit=2`), 200);
    expect(page.body.data.map(({ body }: { body: string }) => body)).toEqual(["Second.", "First."]);
    const rest = await must(scene.api.get(`${path}?limit=2&cursor=${page.body.next_cursor}`), 200);
    expect(rest.body).toMatchObject({ data: [{ kind: "opened" }], has_more: false });
    const { comments, comment_count } = (await must(scene.api.get(`${PATH}/${exception.id}`), 200)).body;
    expect([comments.length, comment_count]).toEqual([3, 3]);
  });

  it("are refused without words, or with too many", async () => {
    const { scene, exception } = await newOverdue();
    for (const body of [{}, { body: "" }, { body: "x".repeat(2_001) }, { body: "x", kind: "closed" }]) {
      await must(scene.api.post(`${PATH}/${exception.id}/comments`, body), 422);
    }
  });

  it("belong to their exception alone", async () => {
    const { scene, exception } = await newOverdue();
    const other = await newOverdue();
    const foreign = other.exception.comments[0].id;
    await must(scene.api.get(`${PATH}/${exception.id}/comments/${foreign}`), 404);
  });
});

describe("the list of exceptions", () => {
  it("is filtered by reconciliation, data source, status and assignee", async () => {
    const { scene } = await newAmbiguous();
    await cron();
    const [right, left] = (await must(scene.api.get(PATH), 200)).body.data as [{ id: string }, { id: string }];
    await must(scene.api.patch(`${PATH}/${left.id}`, { status: "investigating", assignee: "ann" }), 200);
    const idsOf = async (query: string) => {
      const { body } = await must(scene.api.get(`${PATH}?${query}`), 200);
      return body.data.map(({ id }: { id: string }) => id);
    };
    expect(await idsOf("status=investigating")).toEqual([left.id]);
    expect(await idsOf("status=open&type_key=right")).toEqual([right.id]);
    expect(await idsOf("type_key=left&status=open")).toEqual([]);
    expect(await idsOf("assignee=ann")).toEqual([left.id]);
    expect(await idsOf(`reconciliation_id=${scene.reconciliation}`)).toEqual([right.id, left.id]);
    expect(await idsOf("assignee=bob")).toEqual([]);
  });

  it("is paged, newest first", async () => {
    const { scene } = await newAmbiguous();
    await cron();
    const first = await must(scene.api.get(`${PATH}?limit=1`), 200);
    expect(first.body).toMatchObject({ data: [{ type_key: "right" }], has_more: true });
    const second = await must(scene.api.get(`${PATH}?limit=1&cursor=${first.body.next_cursor}`), 200);
    expect(second.body).toMatchObject({ data: [{ type_key: "left" }], has_more: false });
  });

  it("is paged by what its comments come to, too, and loses none", { timeout: 60_000 }, async () => {
    const { scene, exception } = await newOverdue();
    const count = 30;
    await addExceptions(scene, count);
    const pages: string[][] = [];
    for (let cursor = ""; cursor !== "end"; ) {
      const { body } = await must(scene.api.get(`${PATH}?limit=200${cursor}`), 200);
      pages.push(body.data.map(({ id }: { id: string }) => id));
      cursor = body.has_more ? `&cursor=${body.next_cursor}` : "end";
    }
    expect(pages.map((page) => page.length)).toEqual([20, 11]);
    expect(new Set(pages.flat()).size).toBe(count + 1);
    expect(pages.at(-1)?.at(-1)).toBe(exception.id);
  });

  it("refuses names that nothing has", async () => {
    const { scene } = await newOverdue();
    const unknown = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
    for (const query of [`reconciliation_id=${unknown}`, "type_key=nothing", "status=closed", "kind=overdue"]) {
      await must(scene.api.get(`${PATH}?${query}`), 422);
    }
  });
});
