import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { DISSOLVE_PAGE_MATCHES } from "../../src/config.ts";
import { reconciliationEndpoints } from "../../src/http/v1/reconciliations.ts";
import type { Api, Reply } from "../support/api.ts";
import { addSilently } from "../support/bulk.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/reconciliations";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const errorsOf = (reply: Reply) => {
  return reply.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]).sort();
};

async function newOwner(keys = ["stripe_payments", "bank_feed"]) {
  const tenant = await newTenant();
  for (const key of keys) await must(tenant.writer.post("/v1/data_sources", { key, name: key }), 201);
  return tenant;
}

const SIDES = { side_a: ["stripe_payments"], side_b: ["bank_feed"] };

async function make(by: Api, fields: object = {}) {
  return (await must(by.post(PATH, { name: "R", ...SIDES, ...fields }), 201)).body;
}

async function countsOf(scene: Scene) {
  const { body } = await must(scene.api.get(`${PATH}/${scene.reconciliation}`), 200);
  return [body.counts.side_a, body.counts.side_b].map((side) => [
    side.unreconciled,
    side.partially_reconciled,
    side.reconciled,
  ]);
}

/** Lets a Reconciler work in the background until nothing is left of it. */
async function workInBackground(reconciliation: string) {
  for (let slices = 0; slices < 100; slices++) {
    if (!(await runDurableObjectAlarm(bindings.RECONCILER.getByName(reconciliation)))) return;
  }
  throw new Error("the background work does not end");
}

describe("reconciliations", () => {
  it("are made, continuous and without a due day unless they say otherwise", async () => {
    const { writer, reader } = await newOwner();
    const made = await writer.post(PATH, { name: "Cards against the bank", ...SIDES });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    const none = { unreconciled: 0, partially_reconciled: 0, reconciled: 0 };
    expect(made.body).toEqual({
      id: expect.any(String),
      name: "Cards against the bank",
      run_type: "continuous",
      ...SIDES,
      expected_within_days: null,
      counts: { side_a: none, side_b: none },
      created_at: expect.stringMatching(/Z$/),
      updated_at: made.body.created_at,
    });
    expect(await reader.get(`${PATH}/${made.body.id}`)).toMatchObject({ status: 200, body: made.body });
    expect(await make(writer, { run_type: "batch", expected_within_days: 0 })).toMatchObject({
      run_type: "batch",
      expected_within_days: 0,
    });
  });

  it("keep the order of their sources, several to a side", async () => {
    const { writer } = await newOwner(["c", "a", "b", "d"]);
    const made = await make(writer, { side_a: ["c", "a"], side_b: ["d", "b"] });
    expect(made).toMatchObject({ side_a: ["c", "a"], side_b: ["d", "b"] });
    const turned = await must(writer.patch(`${PATH}/${made.id}`, { side_a: ["a", "c"] }), 200);
    expect(turned.body).toMatchObject({ side_a: ["a", "c"], side_b: ["d", "b"] });
  });

  it.each([
    [
      { name: "", run_type: "daily", expected_within_days: -1, side_a: ["unknown"], sides: 1 },
      [
        ["/expected_within_days", "too_small"],
        ["/name", "too_small"],
        ["/run_type", "invalid_value"],
        ["/side_a/0", "unknown_data_source"],
        ["/sides", "unknown_field"],
      ],
    ],
    [
      { side_a: [], side_b: "bank_feed" },
      [
        ["/side_a", "too_small"],
        ["/side_b", "invalid_type"],
      ],
    ],
    [{ side_a: ["bank_feed"] }, [["/side_b/0", "repeated"]]],
    [
      { side_a: ["stripe_payments", "x", "stripe_payments"] },
      [
        ["/side_a/1", "unknown_data_source"],
        ["/side_a/2", "repeated"],
      ],
    ],
    [{ expected_within_days: 1.5 }, [["/expected_within_days", "invalid_type"]]],
    [{ side_a: [7] }, [["/side_a/0", "invalid_type"]]],
  ])("%j are refused", async (fields, errors) => {
    const { writer } = await newOwner();
    const reply = await writer.post(PATH, { name: "R", ...SIDES, ...fields });
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(errors);
    const { id } = await make(writer);
    const { name: _, ...sides } = { name: "", ...SIDES, ...fields };
    const changed = await writer.patch(`${PATH}/${id}`, {
      ...sides,
      ...("name" in fields ? { name: fields.name } : {}),
    });
    expect(errorsOf(changed)).toEqual(errors);
    expect((await writer.get(PATH)).body.data).toHaveLength(1);
  });

  it("need a name and both sides", async () => {
    const { writer } = await newOwner();
    expect(errorsOf(await writer.post(PATH, {}))).toEqual([
      ["/name", "required"],
      ["/side_a", "required"],
      ["/side_b", "required"],
    ]);
  });

  it("do not know the sources of another environment", async () => {
    const [mine, other] = await Promise.all([newOwner(), newTenant()]);
    await make(mine.writer);
    expect(errorsOf(await other.writer.post(PATH, { name: "R", ...SIDES }))).toEqual([
      ["/side_a/0", "unknown_data_source"],
      ["/side_b/0", "unknown_data_source"],
    ]);
    expect((await other.reader.get(PATH)).body.data).toEqual([]);
  });

  it("are listed from the newest on, a page at a time", async () => {
    const { writer, reader } = await newOwner();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await make(writer)).id);
    const idsOf = (reply: Reply) => reply.body.data.map((row: { id: string }) => row.id);
    const first = await reader.get(`${PATH}?limit=2`);
    await make(writer);
    const second = await reader.get(`${PATH}?limit=2&cursor=${first.body.next_cursor}`);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(second.body.has_more).toBe(false);
  });

  itIsGuarded({
    endpoints: reconciliationEndpoints,
    prepare: async ({ writer }) => {
      for (const key of ["stripe_payments", "bank_feed"])
        await must(writer.post("/v1/data_sources", { key, name: key }), 201);
      return { id: (await make(writer)).id };
    },
  });
});

describe("the counts of a reconciliation", () => {
  it("follow matches, partial matches and voids at once", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const ref = (ref: string) => ({ metadata: { ref } });
    expect(await countsOf(scene)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    await scene.left({ ...ref("1"), amount: 100 });
    const other = await must(scene.left(), 201);
    expect(await countsOf(scene)).toEqual([
      [2, 0, 0],
      [0, 0, 0],
    ]);
    await scene.right({ ...ref("1"), amount: 60 });
    expect(await countsOf(scene)).toEqual([
      [1, 1, 0],
      [0, 0, 1],
    ]);
    await scene.right({ ...ref("1"), amount: 40 });
    expect(await countsOf(scene)).toEqual([
      [1, 0, 1],
      [0, 0, 2],
    ]);
    const [second, first] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${first.id}`), 200);
    expect(await countsOf(scene)).toEqual([
      [1, 1, 0],
      [1, 0, 1],
    ]);
    await must(scene.api.delete(`/v1/reconciliation_matches/${second.id}`), 200);
    expect(await countsOf(scene)).toEqual([
      [2, 0, 0],
      [2, 0, 0],
    ]);
    await must(scene.api.delete(`/v1/records/${other.body.id}`), 204);
    expect(await countsOf(scene)).toEqual([
      [1, 0, 0],
      [2, 0, 0],
    ]);
  });
});

describe("what is there already", () => {
  it("is matched in the background when a reconciliation gets its first rule", async () => {
    const scene = await newScene({ rules: [] });
    const count = 450;
    const rows = Array.from({ length: count }, (_, n) => ({ amount: n }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows);
    await must(
      scene.api.post("/v1/reconciliation_rules", { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS }),
      201,
    );
    await workInBackground(scene.reconciliation);
    expect(await countsOf(scene)).toEqual([
      [0, 0, count],
      [0, 0, count],
    ]);
  });

  it("is matched when a source joins a side, in the order in which it came", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const third = { type_key: "third", date: "2026-03-10", amount: 100, direction: "credit" };
    const early = await must(scene.api.post("/v1/records", third), 201);
    await must(scene.api.post("/v1/records", third), 201);
    const right = await must(scene.right(), 201);
    await must(scene.api.patch(`${PATH}/${scene.reconciliation}`, { side_a: ["left", "third"] }), 200);
    await workInBackground(scene.reconciliation);
    const [match, ...more] = await scene.matches();
    expect(more).toEqual([]);
    expect(match.records.map((row: { record_id: string }) => row.record_id)).toEqual([early.body.id, right.body.id]);
    expect(await countsOf(scene)).toEqual([
      [1, 0, 1],
      [0, 0, 1],
    ]);
  });

  it("waits in a batch reconciliation until it becomes a continuous one", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS, runType: "batch" });
    await scene.left();
    await scene.right();
    expect(await scene.matches()).toEqual([]);
    const changed = await must(scene.api.patch(`${PATH}/${scene.reconciliation}`, { run_type: "continuous" }), 200);
    expect(changed.body.run_type).toBe("continuous");
    await workInBackground(scene.reconciliation);
    expect(await scene.matches()).toHaveLength(1);
  });
});

describe("the sides of a reconciliation", () => {
  it("lose no source with live matches, and any other", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    await scene.left();
    await scene.right();
    const path = `${PATH}/${scene.reconciliation}`;
    for (const sides of [{ side_a: ["third"] }, { side_b: ["third"] }, { side_a: ["right"], side_b: ["left"] }]) {
      expect(await scene.api.patch(path, sides)).toMatchObject({ status: 409, body: { code: "conflict" } });
    }
    expect((await must(scene.api.get(path), 200)).body).toMatchObject({ side_a: ["left"], side_b: ["right"] });
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    expect((await must(scene.api.patch(path, { side_a: ["third"] }), 200)).body.side_a).toEqual(["third"]);
    expect((await must(scene.api.delete("/v1/data_sources/left"), 204)).status).toBe(204);
    expect((await scene.api.delete("/v1/data_sources/third")).status).toBe(409);
  });

  it("may be turned, and match on as they are then", async () => {
    const scene = await newScene({
      filters: { operand: "and", rules: [{ key: "metadata.order", operand: "eq", value: "external_id" }] },
    });
    const order = await must(scene.right({ metadata: { order: "o1" } }), 201);
    const path = `${PATH}/${scene.reconciliation}`;
    await must(scene.api.patch(path, { side_a: ["right"], side_b: ["left"] }), 200);
    const paid = await must(scene.left({ external_id: "o1" }), 201);
    expect(paid.body.status).toBe("reconciled");
    expect((await scene.matches())[0].records).toMatchObject([
      { record_id: order.body.id, side: "a" },
      { record_id: paid.body.id, side: "b" },
    ]);
  });

  it("show a removed source's records nothing of the reconciliation", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const left = await must(scene.left(), 201);
    await must(scene.api.patch(`${PATH}/${scene.reconciliation}`, { side_a: ["third"] }), 200);
    expect((await scene.record(left.body.id)).body.reconciliations).toEqual([]);
    expect((await must(scene.right(), 201)).body.status).toBe("unreconciled");
  });
});

describe("deleting a reconciliation", () => {
  it("is refused while it has live matches", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await scene.left();
    await scene.right();
    const path = `${PATH}/${scene.reconciliation}`;
    for (const query of ["", "?unmatch=false"]) {
      expect(await scene.api.delete(`${path}${query}`)).toMatchObject({ status: 409, body: { code: "conflict" } });
    }
    expect((await scene.api.delete(`${path}?unmatch=yes`)).status).toBe(422);
    const [match] = await scene.matches();
    expect(match.status).toBe("matched");
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    await must(scene.api.delete(path), 204);
    for (const reply of [
      await scene.api.get(path),
      await scene.api.patch(path, { name: "x" }),
      await scene.api.delete(path),
      await scene.api.get(`/v1/reconciliation_rules/${scene.rules[0]}`),
    ]) {
      expect(reply.status).toBe(404);
    }
    expect((await scene.api.get(PATH)).body.data).toEqual([]);
    const inList = await scene.api.get(`/v1/records?reconciliation_id=${scene.reconciliation}`);
    expect(inList.status).toBe(422);
  });

  it("with ?unmatch=true gives the records back and keeps the matches, voided, readable and audited", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const left = (await must(scene.left(), 201)).body.id;
    await scene.right();
    const [before] = await scene.matches();
    await must(scene.api.delete(`${PATH}/${scene.reconciliation}?unmatch=true`), 204);
    expect((await scene.record(left)).body).toMatchObject({ status: "unreconciled", reconciliations: [] });
    const after = await must(scene.api.get(`/v1/reconciliation_matches/${before.id}`), 200);
    expect(after.body).toMatchObject({
      status: "voided",
      void_reason: expect.any(String),
      records: before.records,
      explanation: before.explanation,
      rule_id: scene.rules[0],
      reconciliation_id: scene.reconciliation,
    });
    expect(await scene.matches("&status=voided")).toHaveLength(1);
    const audit = await must(scene.api.get(`${PATH}/${scene.reconciliation}/audit`), 200);
    expect(audit.body).toMatchObject({ valid: true, checked: 2 });
    for (const key of ["left", "right"]) await must(scene.api.delete(`/v1/data_sources/${key}`), 204);
    expect((await scene.record(left)).status).toBe(404);
    expect((await must(scene.api.get(`/v1/reconciliation_matches/${before.id}`), 200)).body).toEqual(after.body);
  });

  it("goes on in the background where a batch is not enough, and says so", async () => {
    const scene = await newScene({ rules: [] });
    const rows = Array.from({ length: DISSOLVE_PAGE_MATCHES + 1 }, (_, n) => ({ amount: n }));
    await addSilently(scene, "left", rows);
    await addSilently(scene, "right", rows);
    const rule = { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS };
    await must(scene.api.post("/v1/reconciliation_rules", rule), 201);
    await workInBackground(scene.reconciliation);
    expect(await countsOf(scene)).toEqual([
      [0, 0, rows.length],
      [0, 0, rows.length],
    ]);
    await must(scene.api.delete(`${PATH}/${scene.reconciliation}?unmatch=true`), 202);
    expect((await scene.api.get(`${PATH}/${scene.reconciliation}`)).status).toBe(404);
    await workInBackground(scene.reconciliation);
    expect(await scene.matches("&status=matched")).toEqual([]);
    await must(scene.api.delete("/v1/data_sources/left"), 204);
    const status = `/v1/records?status=unreconciled&limit=200&type_key=right`;
    expect((await must(scene.api.get(status), 200)).body.data).toHaveLength(200);
  });

  it("is not found under an unknown or malformed id", async () => {
    const { writer } = await newOwner();
    for (const id of [UNKNOWN_ID, "1", "%00"]) {
      expect((await writer.delete(`${PATH}/${id}`)).status).toBe(404);
      expect((await writer.get(`${PATH}/${id}`)).status).toBe(404);
      expect((await writer.patch(`${PATH}/${id}`, { name: "x" })).status).toBe(404);
    }
  });
});
