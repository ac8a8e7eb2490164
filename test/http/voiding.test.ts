import { describe, expect, it } from "vitest";
import { EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";

const PATH = "/v1/reconciliation_matches";

async function matched(filters: unknown = EQUAL_AMOUNTS) {
  const scene = await newScene({ filters });
  const left = (await must(scene.left(), 201)).body.id as string;
  const right = (await must(scene.right(), 201)).body.id as string;
  const [match] = await scene.matches();
  return { scene, left, right, match };
}

const voidMatch = (scene: Scene, id: string, query = "") => scene.api.delete(`${PATH}/${id}${query}`);
const live = (scene: Scene) => scene.matches("&status=matched");

describe("voiding a match", () => {
  it("answers with it, as it stays: the reason, the records and the hash", async () => {
    const { scene, left, right, match } = await matched();
    const voided = await must(voidMatch(scene, match.id, "?reason=Wrong%20customer"), 200);
    expect(voided.body).toEqual({
      ...match,
      status: "voided",
      voided_at: expect.stringMatching(/Z$/),
      void_reason: "Wrong customer",
    });
    for (const id of [left, right]) {
      expect((await scene.record(id)).body).toMatchObject({
        status: "unreconciled",
        reconciled_amount: 0,
        reconciliations: [{ status: "unreconciled", reconciled_amount: 0, match_ids: [] }],
      });
    }
    expect((await must(scene.api.get(`${PATH}/${match.id}`), 200)).body).toEqual(voided.body);
    expect(await must(voidMatch(scene, match.id, "?reason=Other"), 200)).toMatchObject({ body: voided.body });
    expect((await must(voidMatch(scene, match.id), 200)).body).toEqual(voided.body);
  });

  it("needs no reason, and takes one of a thousand characters", async () => {
    const { scene, match } = await matched();
    expect((await voidMatch(scene, match.id, `?reason=${"x".repeat(1001)}`)).status).toBe(422);
    expect((await voidMatch(scene, match.id, "?why=x")).status).toBe(422);
    expect(await live(scene)).toHaveLength(1);
    expect((await must(voidMatch(scene, match.id), 200)).body.void_reason).toBeNull();
  });

  it("that comes twice at once happens once", async () => {
    const { scene, match } = await matched();
    const replies = await Promise.all(["a", "b", "c"].map((reason) => voidMatch(scene, match.id, `?reason=${reason}`)));
    const bodies = replies.map((reply) => reply.body);
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 200]);
    expect(new Set(bodies.map((body) => `${body.void_reason} ${body.voided_at}`)).size).toBe(1);
    const audit = await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit`), 200);
    expect(audit.body).toMatchObject({ valid: true, checked: 2 });
  });

  it("of one partial match leaves the others", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const ref = { metadata: { ref: "r" } };
    const left = (await must(scene.left({ ...ref, amount: 100 }), 201)).body.id;
    await must(scene.right({ ...ref, amount: 60 }), 201);
    await must(scene.right({ ...ref, amount: 40 }), 201);
    const [second, first] = await scene.matches();
    await must(voidMatch(scene, first.id), 200);
    expect((await scene.record(left)).body).toMatchObject({
      status: "partially_reconciled",
      reconciled_amount: 40,
      reconciliations: [{ match_ids: [second.id] }],
    });
    expect(await live(scene)).toEqual([second]);
  });
});

describe("a voided set", () => {
  it("is not matched again by itself, whatever happens around it", async () => {
    const { scene, match } = await matched();
    await must(voidMatch(scene, match.id), 200);
    await scene.left({ amount: 7 });
    await must(scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { priority: 1 }), 200);
    await must(
      scene.api.post("/v1/reconciliation_rules", { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS }),
      201,
    );
    // A new due day makes the Reconciler build its index anew.
    await must(scene.api.patch(`/v1/reconciliations/${scene.reconciliation}`, { expected_within_days: 9 }), 200);
    await must(scene.left({ amount: 8 }), 201);
    expect(await live(scene)).toEqual([]);
  });

  it.each(["left", "right"] as const)("is matched again once its record on the %s is changed", async (side) => {
    const { scene, left, right, match } = await matched();
    await must(voidMatch(scene, match.id), 200);
    const id = side === "left" ? left : right;
    const changed = await must(scene.api.patch(`/v1/records/${id}`, { description: "checked" }), 200);
    expect(changed.body.status).toBe("reconciled");
    expect((await live(scene))[0].records).toEqual(match.records);
  });

  it("gives its records to other partners", async () => {
    const { scene, left, right, match } = await matched();
    await must(voidMatch(scene, match.id), 200);
    const another = await must(scene.right(), 201);
    expect(another.body.status).toBe("reconciled");
    expect((await live(scene))[0].records).toMatchObject([{ record_id: left }, { record_id: another.body.id }]);
    const again = await must(scene.left(), 201);
    expect((await live(scene))[0].records).toMatchObject([{ record_id: again.body.id }, { record_id: right }]);
  });

  it("goes at once to a partner that waits already", async () => {
    const { scene, left, match } = await matched();
    const waiting = (await must(scene.right(), 201)).body;
    expect(waiting.status).toBe("unreconciled");
    await must(voidMatch(scene, match.id), 200);
    expect((await live(scene))[0].records).toMatchObject([{ record_id: left }, { record_id: waiting.id }]);
  });

  it("may be matched again by hand", async () => {
    const { scene, left, right, match } = await matched();
    await must(voidMatch(scene, match.id), 200);
    const body = { reconciliation_id: scene.reconciliation, record_ids: [left, right] };
    expect((await must(scene.api.post(PATH, body), 201)).body).toMatchObject({ method: "manual", rule_id: null });
  });

  it("that a person made is not made by automation either", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, status: "inactive" }] });
    const ids = [(await must(scene.left(), 201)).body.id, (await must(scene.right(), 201)).body.id];
    const made = await must(scene.api.post(PATH, { reconciliation_id: scene.reconciliation, record_ids: ids }), 201);
    await must(voidMatch(scene, made.body.id), 200);
    await must(scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { status: "active" }), 200);
    await must(scene.left({ amount: 8 }), 201);
    expect(await live(scene)).toEqual([]);
  });
});
