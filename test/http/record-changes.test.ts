import { describe, expect, it } from "vitest";
import type { Reply } from "../support/api.ts";
import { EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";

const PATH = "/v1/records";

const FULL = {
  amount: 250.5,
  currency: "USD",
  description: "Invoice #1042",
  external_id: "pi_1",
  metadata: { ref: "r", note: "n" },
  expected_by: "2026-03-20",
};

const pathsOf = (reply: Reply) => reply.body.errors.map((error: { path: string }) => error.path).sort();

const patch = (scene: Scene, id: string, body: unknown) => scene.api.patch(`${PATH}/${id}`, body);

async function addLeft(scene: Scene, fields: Record<string, unknown> = {}): Promise<string> {
  return (await must(scene.left(fields), 201)).body.id;
}

async function addRight(scene: Scene, fields: Record<string, unknown> = {}): Promise<string> {
  return (await must(scene.right(fields), 201)).body.id;
}

async function statusOf(scene: Scene, id: string): Promise<string> {
  return (await must(scene.record(id), 200)).body.status;
}

describe("a change of a record", () => {
  it("leaves what it does not name", async () => {
    const scene = await newScene();
    const before = (await must(scene.left(FULL), 201)).body;
    const after = await must(patch(scene, before.id, { amount: "245.50" }), 200);
    expect(after.body).toEqual({ ...before, amount: 245.5, updated_at: after.body.updated_at });
    expect(after.body.updated_at >= before.updated_at).toBe(true);
    expect((await scene.record(before.id)).body).toEqual(after.body);
  });

  it("takes null for nothing, and metadata whole", async () => {
    const scene = await newScene();
    const id = await addLeft(scene, FULL);
    const cleared = await must(
      patch(scene, id, { description: null, external_id: null, expected_by: null, metadata: { note: "m" } }),
      200,
    );
    expect(cleared.body).toMatchObject({ description: null, external_id: null, expected_by: null, amount: 250.5 });
    expect(cleared.body.metadata).toEqual({ note: "m" });
  });

  it.each([
    [{ currency: "eur" }, { amount: 250, currency: "EUR" }],
    [{ currency: "JPY" }, { amount: 250, currency: "JPY" }],
    [{ currency: "BHD" }, { amount: 250, currency: "BHD" }],
    [
      { currency: "BHD", amount: 1.001 },
      { amount: 1.001, currency: "BHD" },
    ],
    [{ direction: "debit" }, { direction: "debit", amount: 250 }],
    [{ date: "2026-04-01T23:00:00-02:00" }, { date: "2026-04-02" }],
  ])("to %j makes it %j", async (body, expected) => {
    const scene = await newScene();
    const id = await addLeft(scene, { amount: 250 });
    expect((await must(patch(scene, id, body), 200)).body).toMatchObject(expected);
    expect((await scene.record(id)).body).toMatchObject(expected);
  });

  it.each([
    [{ currency: "JPY" }, ["/currency"]],
    [{ currency: "JPY", amount: 250.5 }, ["/amount"]],
    [{ amount: null }, ["/amount"]],
    [{ currency: null }, ["/currency"]],
    [{ date: null }, ["/date"]],
    [{ direction: null }, ["/direction"]],
    [{ metadata: null }, ["/metadata"]],
    [{ type_key: "right" }, ["/type_key"]],
    [{ amount: -1, date: "2025-02-29", direction: "up", id: "x" }, ["/amount", "/date", "/direction", "/id"]],
  ])("to %j is refused", async (body, paths) => {
    const scene = await newScene();
    const before = (await must(scene.left(FULL), 201)).body;
    const reply = await patch(scene, before.id, body);
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(paths);
    expect((await scene.record(before.id)).body).toEqual(before);
  });

  it("is refused while it is matched, and possible again once the match is voided", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const left = await addLeft(scene);
    const right = await addRight(scene);
    const [match] = await scene.matches();
    for (const id of [left, right]) {
      expect(await patch(scene, id, { description: "x" })).toMatchObject({ status: 409, body: { code: "conflict" } });
      expect(await scene.api.delete(`${PATH}/${id}`)).toMatchObject({ status: 409, body: { code: "conflict" } });
      expect((await patch(scene, id, { amount: -1 })).status).toBe(422);
    }
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    await must(patch(scene, left, { amount: 70 }), 200);
    await must(scene.api.delete(`${PATH}/${right}`), 204);
  });

  it("is refused while it is matched in part", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const left = await addLeft(scene, { metadata: { ref: "r" }, amount: 100 });
    await addRight(scene, { metadata: { ref: "r" }, amount: 60 });
    expect(await statusOf(scene, left)).toBe("partially_reconciled");
    expect((await patch(scene, left, { amount: 60 })).status).toBe(409);
    expect((await scene.api.delete(`${PATH}/${left}`)).status).toBe(409);
  });

  it("matches it again, and says so in the answer", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const left = await addLeft(scene, { amount: 70 });
    const right = await addRight(scene, { amount: 80 });
    expect((await must(patch(scene, left, { amount: 80 }), 200)).body).toMatchObject({
      status: "reconciled",
      reconciled_amount: 80,
      reconciliations: [
        { reconciliation_id: scene.reconciliation, status: "reconciled", match_ids: [expect.any(String)] },
      ],
    });
    expect(await statusOf(scene, right)).toBe("reconciled");
  });

  it("lets one of two that come at once through, or both one after the other", async () => {
    const scene = await newScene();
    const id = await addLeft(scene);
    const replies = await Promise.all([1, 2, 3].map((amount) => patch(scene, id, { amount })));
    for (const reply of replies) {
      expect([200, 409]).toContain(reply.status);
      if (reply.status === 409) expect(reply.headers.get("retry-after")).toBe("1");
    }
    const written = replies.flatMap((reply) => (reply.status === 200 ? [reply.body.amount] : []));
    expect(written).toContain((await scene.record(id)).body.amount);
  });

  it("that changes nothing does not bring back what a person has voided", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const left = await addLeft(scene);
    await addRight(scene);
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    const before = (await scene.record(left)).body;
    for (const body of [{}, { amount: "100.00", currency: "usd", metadata: {} }]) {
      expect((await must(patch(scene, left, body), 200)).body).toEqual(before);
    }
    expect(await scene.matches("&status=matched")).toEqual([]);
    await must(patch(scene, left, { description: "looked at" }), 200);
    expect(await scene.matches("&status=matched")).toHaveLength(1);
  });
});

describe("a deleted record", () => {
  it("is gone for good, with its place in lists and counts", async () => {
    const scene = await newScene();
    const id = await addLeft(scene, { external_id: "pi_1" });
    expect(await scene.api.delete(`${PATH}/${id}`)).toMatchObject({ status: 204, body: "" });
    for (const reply of [
      await scene.record(id),
      await patch(scene, id, { amount: 1 }),
      await scene.api.delete(`${PATH}/${id}`),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
    for (const query of ["", "?external_id=pi_1", "?type_key=left", `?reconciliation_id=${scene.reconciliation}`]) {
      expect((await scene.api.get(`${PATH}${query}`)).body.data).toEqual([]);
    }
    expect((await scene.api.get("/v1/data_sources/left")).body.record_count).toBe(0);
    const { body } = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}`);
    expect(body.counts.side_a.unreconciled).toBe(0);
  });

  it("is matched with nothing that comes later", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await must(scene.api.delete(`${PATH}/${await addLeft(scene)}`), 204);
    const right = await addRight(scene);
    expect(await statusOf(scene, right)).toBe("unreconciled");
    expect(await scene.matches()).toEqual([]);
  });

  it("stays with id and amount in the voided match that held it", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const [left, right] = [await addLeft(scene), await addRight(scene)];
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    await must(scene.api.delete(`${PATH}/${left}`), 204);
    const { body } = await scene.api.get(`/v1/reconciliation_matches/${match.id}`);
    expect(body.records).toEqual([
      { record_id: left, side: "a", amount: 100 },
      { record_id: right, side: "b", amount: 100 },
    ]);
    expect(await scene.matches(`&record_id=${left}`)).toMatchObject([{ id: match.id, status: "voided" }]);
  });
});

describe("the status of a record", () => {
  async function reconcile(scene: Scene, left: string[], right: string[], filters: unknown) {
    const made = await must(
      scene.api.post("/v1/reconciliations", { name: "Another", side_a: left, side_b: right }),
      201,
    );
    await must(scene.api.post("/v1/reconciliation_rules", { reconciliation_id: made.body.id, filters }), 201);
    return made.body.id as string;
  }

  it("joins those of all its reconciliations, and its amount is the smallest of theirs", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const other = await reconcile(scene, ["left"], ["third"], SAME_REFERENCE);
    const left = await addLeft(scene, { metadata: { ref: "r" } });
    const unreconciled = { status: "unreconciled", reconciled_amount: 0, overdue_at: null, match_ids: [] };
    expect((await scene.record(left)).body).toMatchObject({
      status: "unreconciled",
      reconciliations: [
        { reconciliation_id: scene.reconciliation, ...unreconciled },
        { reconciliation_id: other, ...unreconciled },
      ],
    });

    await addRight(scene);
    expect((await scene.record(left)).body).toMatchObject({
      status: "partially_reconciled",
      reconciled_amount: 0,
      reconciliations: [{ status: "reconciled", reconciled_amount: 100 }, { status: "unreconciled" }],
    });

    const third = { type_key: "third", date: "2026-03-10", direction: "credit", metadata: { ref: "r" } };
    await must(scene.api.post(PATH, { ...third, amount: 60 }), 201);
    expect((await scene.record(left)).body).toMatchObject({
      status: "partially_reconciled",
      reconciled_amount: 60,
      reconciliations: [{ status: "reconciled" }, { status: "partially_reconciled", reconciled_amount: 60 }],
    });

    await must(scene.api.post(PATH, { ...third, amount: 40 }), 201);
    const { body } = await scene.record(left);
    expect(body).toMatchObject({ status: "reconciled", reconciled_amount: 100 });
    expect(body.reconciliations[1].match_ids).toHaveLength(2);
    for (const [status, ids] of [
      ["reconciled", [left]],
      ["partially_reconciled", []],
    ]) {
      const found = await scene.api.get(`${PATH}?type_key=left&status=${status}`);
      expect(found.body.data.map((row: { id: string }) => row.id)).toEqual(ids);
    }
  });
});
