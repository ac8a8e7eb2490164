import { describe, expect, it } from "vitest";
import type { Reply } from "../support/api.ts";
import { EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/reconciliation_matches";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const errorsOf = (reply: Reply) => {
  return reply.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]).sort();
};

/** A scene without rules: only people match in it. */
const quiet = () => newScene({ rules: [] });

type Fields = Record<string, unknown>;

/** Adds records and answers their ids, those of the left side first. */
async function add(scene: Scene, left: Fields[], right: Fields[]): Promise<string[]> {
  const ids: string[] = [];
  for (const fields of left) ids.push((await must(scene.left(fields), 201)).body.id);
  for (const fields of right) ids.push((await must(scene.right(fields), 201)).body.id);
  return ids;
}

const match = (scene: Scene, record_ids: string[], fields: Fields = {}) =>
  scene.api.post(PATH, { reconciliation_id: scene.reconciliation, record_ids, ...fields });

const amounts = (...values: number[]): Fields[] => values.map((amount) => ({ amount }));

const allocationsOf = (reply: Reply) =>
  reply.body.records.map((row: { side: string; amount: number }) => `${row.side} ${row.amount}`);

describe("a match by hand", () => {
  it("joins records whose sides come to the same, however many they are", async () => {
    const scene = await quiet();
    const ids = await add(scene, amounts(60, 40), [...amounts(110), { amount: 10, direction: "debit" }]);
    const made = await match(scene, ids);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toMatchObject({
      reconciliation_id: scene.reconciliation,
      rule_id: null,
      rule_version: null,
      method: "manual",
      status: "matched",
      variance: 0,
      currency: "USD",
      explanation: [],
      records: [
        { record_id: ids[0], side: "a", amount: 60 },
        { record_id: ids[1], side: "a", amount: 40 },
        { record_id: ids[2], side: "b", amount: 110 },
        { record_id: ids[3], side: "b", amount: 10 },
      ],
    });
    expect((await must(scene.api.get(`${PATH}/${made.body.id}`), 200)).body).toEqual(made.body);
    for (const id of ids) expect((await scene.record(id)).body.status).toBe("reconciled");
  });

  it.each([
    ["records of amount 0", amounts(0), amounts(0)],
    ["opposite directions", amounts(5), [{ amount: 5, direction: "debit" }]],
    ["sides that cancel out", [{ amount: 5 }, { amount: 5, direction: "debit" }], amounts(0)],
  ])("takes %s", async (_, left, right) => {
    const scene = await quiet();
    const ids = await add(scene, left, right);
    expect((await match(scene, ids)).status).toBe(201);
    for (const id of ids) expect((await scene.record(id)).body.status).toBe("reconciled");
  });

  it("takes what is open of a record that is matched in part", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const ref = { metadata: { ref: "r" } };
    const [left, , other] = await add(scene, [{ ...ref, amount: 100 }], [{ ...ref, amount: 60 }, { amount: 40 }]);
    const made = await must(match(scene, [left as string, other as string]), 201);
    expect(allocationsOf(made)).toEqual(["a 40", "b 40"]);
    expect((await scene.record(left as string)).body).toMatchObject({ status: "reconciled", reconciled_amount: 100 });
  });

  it("is never taken apart or joined by automation", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const ids = await add(scene, amounts(60, 40), amounts(100));
    const made = await must(match(scene, ids), 201);
    await add(scene, amounts(100), amounts(60));
    await must(scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { priority: 1 }), 200);
    expect(await scene.matches()).toEqual([made.body]);
  });

  it("leaves what it does not name open for automation", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }] });
    const [first, second, right] = await add(scene, amounts(100, 100), amounts(100));
    expect(await scene.matches()).toEqual([]);
    const [extra] = await add(scene, [], amounts(7));
    await must(match(scene, [first as string, extra as string], { allow_partial: true }), 201);
    expect((await scene.record(second as string)).body.status).toBe("reconciled");
    expect((await scene.record(right as string)).body.status).toBe("reconciled");
  });
});

describe("sides that do not balance", () => {
  it("are refused with the difference", async () => {
    const scene = await quiet();
    const ids = await add(scene, amounts(60, 40), amounts(99.5));
    const reply = await match(scene, ids);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual([
      { path: "/record_ids", code: "unbalanced", message: expect.stringContaining("differ by 0.5 USD") },
    ]);
    for (const id of ids) expect((await scene.record(id)).body.status).toBe("unreconciled");
  });

  it.each([
    ["a", amounts(90), amounts(100), 10, "credit"],
    ["b", amounts(60, 40), amounts(70), 30, "credit"],
    ["b", [{ amount: 100, direction: "debit" }], [{ amount: 70, direction: "debit" }], 30, "debit"],
    ["a", [{ amount: 5 }, { amount: 5, direction: "debit" }], [{ amount: 3, direction: "debit" }], 3, "debit"],
    ["b", [{ amount: 100, direction: "debit" }], amounts(70), 30, "credit"],
  ])("are evened out on Side %s by an adjustment", async (side, left, right, difference, direction) => {
    const scene = await quiet();
    const ids = await add(
      scene,
      left,
      right.map((fields, n) => ({ ...fields, date: `2026-04-0${n + 1}` })),
    );
    const made = await must(match(scene, ids, { create_adjustment: true, adjustment_reason: "Bank fee" }), 201);
    const [adjustment] = made.body.records.filter((row: { record_id: string }) => !ids.includes(row.record_id));
    expect(adjustment).toMatchObject({ side, amount: difference });
    expect((await must(scene.record(adjustment.record_id), 200)).body).toMatchObject({
      type_key: side === "a" ? "left" : "right",
      amount: difference,
      direction,
      date: "2026-04-01",
      description: "Bank fee",
      metadata: { adjustment: true },
      status: "reconciled",
    });
    expect(made.body.variance).toBe(0);
    for (const id of ids) expect((await scene.record(id)).body.status).toBe("reconciled");
  });

  it("need no adjustment when they balance", async () => {
    const scene = await quiet();
    const made = await must(match(scene, await add(scene, amounts(5), amounts(5)), { create_adjustment: true }), 201);
    expect(made.body.records).toHaveLength(2);
    expect((await scene.api.get("/v1/records")).body.data).toHaveLength(2);
  });

  it("are filled in the order date, amount, external_id, id where that is allowed", async () => {
    const scene = await quiet();
    const day = (date: string, amount: number, external_id: string | null = null) => ({ date, amount, external_id });
    const left = [
      day("2026-03-02", 10, "a"),
      day("2026-03-01", 30, "z"),
      day("2026-03-01", 20, "c"),
      day("2026-03-01", 20, "b"),
      day("2026-03-01", 20),
    ];
    const ids = await add(scene, left, amounts(45));
    const made = await must(match(scene, ids, { allow_partial: true }), 201);
    const given = ids.map((id) => {
      return made.body.records.find((row: { record_id: string }) => row.record_id === id)?.amount ?? 0;
    });
    expect(given).toEqual([0, 0, 5, 20, 20, 45]);
    expect((await scene.record(ids[2] as string)).body).toMatchObject({
      status: "partially_reconciled",
      reconciled_amount: 5,
    });
    expect((await scene.record(ids[1] as string)).body.status).toBe("unreconciled");
  });

  it.each([
    ["has both directions", [{ amount: 9 }, { amount: 2, direction: "debit" }], amounts(5), "mixed_directions"],
    ["faces nothing", amounts(9), amounts(0), "nothing_to_fill"],
  ])("are not filled in part where the larger one %s", async (_, left, right, code) => {
    const scene = await quiet();
    const reply = await match(scene, await add(scene, left, right), { allow_partial: true });
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual([["/record_ids", code]]);
  });

  it("are filled in part where only the smaller one has both directions", async () => {
    const scene = await quiet();
    const ids = await add(scene, [{ amount: 9 }, { amount: 2, direction: "debit" }], amounts(10));
    expect(allocationsOf(await must(match(scene, ids, { allow_partial: true }), 201))).toEqual(["a 9", "a 2", "b 7"]);
  });
});

describe("an adjustment", () => {
  async function adjusted(options: { scene?: Scene } = {}) {
    const scene = options.scene ?? (await newScene({ rules: [{ filters: EQUAL_AMOUNTS, status: "inactive" }] }));
    const ids = await add(scene, amounts(90), amounts(100));
    const made = await must(match(scene, ids, { create_adjustment: true }), 201);
    const row = made.body.records.find((row: { record_id: string }) => !ids.includes(row.record_id));
    return { scene, ids, made, adjustment: row.record_id as string };
  }

  it("is exempt from what its source requires of others", async () => {
    const scene = await quiet();
    await must(
      scene.api.post("/v1/property_definitions", {
        type_key: "left",
        key: "k",
        name: "K",
        type: "string",
        optional: false,
      }),
      201,
    );
    const [right] = await add(scene, [], amounts(100));
    const left = await must(scene.left({ amount: 90, metadata: { k: "v" } }), 201);
    await must(match(scene, [left.body.id, right as string], { create_adjustment: true }), 201);
  });

  it("goes with its match, which keeps showing it", async () => {
    const { scene, ids, made, adjustment } = await adjusted();
    expect((await scene.api.get("/v1/data_sources/left")).body.record_count).toBe(2);
    expect((await scene.api.delete(`/v1/records/${adjustment}`)).status).toBe(409);
    const voided = await must(scene.api.delete(`${PATH}/${made.body.id}`), 200);
    expect(voided.body.records).toEqual(made.body.records);
    expect((await scene.record(adjustment)).status).toBe(404);
    for (const id of ids) expect((await scene.record(id)).body.status).toBe("unreconciled");
    expect((await scene.api.get("/v1/data_sources/left")).body.record_count).toBe(1);
    expect((await scene.api.get("/v1/records?type_key=left")).body.data).toHaveLength(1);
    expect(await scene.matches(`&record_id=${adjustment}`)).toMatchObject([{ status: "voided" }]);
  });

  it("is never matched by automation, in another reconciliation of its source neither", async () => {
    const { scene, adjustment } = await adjusted();
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const other = await must(
      scene.api.post("/v1/reconciliations", { name: "Other", side_a: ["left"], side_b: ["third"] }),
      201,
    );
    const rule = { reconciliation_id: other.body.id, filters: EQUAL_AMOUNTS };
    await must(scene.api.post("/v1/reconciliation_rules", rule), 201);
    const third = { type_key: "third", amount: 10, date: "2026-03-10", direction: "credit" };
    expect((await must(scene.api.post("/v1/records", third), 201)).body.status).toBe("unreconciled");
    expect((await scene.record(adjustment)).body.reconciliations).toMatchObject([
      { status: "reconciled" },
      { status: "unreconciled" },
    ]);
  });

  it("stays while a match of another reconciliation holds it", async () => {
    const { scene, made, adjustment } = await adjusted();
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const other = await must(
      scene.api.post("/v1/reconciliations", { name: "Other", side_a: ["left"], side_b: ["third"] }),
      201,
    );
    const third = await must(
      scene.api.post("/v1/records", { type_key: "third", amount: 10, date: "2026-03-10", direction: "credit" }),
      201,
    );
    const elsewhere = { reconciliation_id: other.body.id, record_ids: [adjustment, third.body.id] };
    const second = await must(scene.api.post(PATH, elsewhere), 201);
    await must(scene.api.delete(`${PATH}/${second.body.id}`), 200);
    expect((await must(scene.record(adjustment), 200)).body.reconciliations[0].status).toBe("reconciled");
    const third2 = await must(scene.api.post(PATH, elsewhere), 201);
    await must(scene.api.delete(`${PATH}/${made.body.id}`), 200);
    expect((await must(scene.record(adjustment), 200)).body.reconciliations).toMatchObject([
      { status: "unreconciled" },
      { status: "reconciled" },
    ]);
    await must(scene.api.delete(`${PATH}/${third2.body.id}`), 200);
    expect((await scene.record(adjustment)).status).toBe(404);
  });
});

describe("what cannot be matched by hand", () => {
  it("is named, every record of it", async () => {
    const [scene, stranger] = await Promise.all([quiet(), quiet()]);
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const third = await must(
      scene.api.post("/v1/records", { type_key: "third", amount: 1, date: "2026-03-10", direction: "credit" }),
      201,
    );
    const [left, gone] = (await add(scene, amounts(100, 5), [])) as [string, string];
    await must(scene.api.delete(`/v1/records/${gone}`), 204);
    const [foreign] = (await add(stranger, amounts(100), [])) as [string];
    const reply = await match(scene, [left, UNKNOWN_ID, "nothing", foreign, gone, third.body.id]);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual([
      ["/record_ids/1", "unknown"],
      ["/record_ids/2", "unknown"],
      ["/record_ids/3", "unknown"],
      ["/record_ids/4", "unknown"],
      ["/record_ids/5", "on_neither_side"],
    ]);
  });

  it("is a record that is reconciled already", async () => {
    const scene = await quiet();
    const [a, b, c, d] = (await add(scene, amounts(5, 5), amounts(5, 5))) as [string, string, string, string];
    await must(match(scene, [a, c]), 201);
    const reply = await match(scene, [a, b, c, d]);
    expect(reply.status).toBe(409);
    expect(errorsOf(reply)).toEqual([
      ["/record_ids/0", "reconciled"],
      ["/record_ids/2", "reconciled"],
    ]);
    expect(reply.headers.get("retry-after")).toBeNull();
  });

  it.each([
    ["one side alone", amounts(5, 5), [], [["/record_ids", "one_sided"]]],
    ["several currencies", amounts(5), [{ amount: 5, currency: "EUR" }], [["/record_ids", "mixed_currencies"]]],
    [
      "several currencies on one side",
      [],
      [{ amount: 5 }, { amount: 5, currency: "EUR" }],
      [
        ["/record_ids", "mixed_currencies"],
        ["/record_ids", "one_sided"],
      ],
    ],
  ] as [string, Fields[], Fields[], string[][]][])("is %s", async (_, left, right, errors) => {
    const scene = await quiet();
    for (const fields of [{}, { create_adjustment: true }, { allow_partial: true }]) {
      const reply = await match(scene, await add(scene, left, right), fields);
      expect(reply.status).toBe(422);
      expect(errorsOf(reply)).toEqual(errors);
    }
  });

  it.each([
    [
      {},
      [
        ["/reconciliation_id", "required"],
        ["/record_ids", "required"],
      ],
    ],
    [
      { record_ids: ["x"] },
      [
        ["/reconciliation_id", "required"],
        ["/record_ids", "too_small"],
        ["/record_ids/0", "unknown"],
      ],
    ],
    [
      { reconciliation_id: UNKNOWN_ID, record_ids: ["x", "x"], create_adjustment: "yes", force: 1 },
      [
        ["/create_adjustment", "invalid_type"],
        ["/force", "unknown_field"],
        ["/reconciliation_id", "unknown"],
        ["/record_ids", "repeated"],
        ["/record_ids/0", "unknown"],
        ["/record_ids/1", "unknown"],
      ],
    ],
    [
      { reconciliation_id: UNKNOWN_ID, record_ids: ["x", UNKNOWN_ID] },
      [
        ["/reconciliation_id", "unknown"],
        ["/record_ids/0", "unknown"],
        ["/record_ids/1", "unknown"],
      ],
    ],
    [
      { reconciliation_id: UNKNOWN_ID, record_ids: [7, "y"], create_adjustment: true, allow_partial: true },
      [
        ["/allow_partial", "exclusive"],
        ["/reconciliation_id", "unknown"],
        ["/record_ids/0", "invalid_type"],
        ["/record_ids/1", "unknown"],
      ],
    ],
    [
      { reconciliation_id: UNKNOWN_ID, record_ids: ["x", "y"], create_adjustment: true, allow_partial: true },
      [
        ["/allow_partial", "exclusive"],
        ["/reconciliation_id", "unknown"],
        ["/record_ids/0", "unknown"],
        ["/record_ids/1", "unknown"],
      ],
    ],
  ])("is %j", async (body, errors) => {
    const { writer } = await newTenant();
    const reply = await writer.post(PATH, body);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(errors);
  });

  it("is a record twice: of two that want it at once, one gets it", async () => {
    const scene = await quiet();
    const [a, b, c] = (await add(scene, amounts(5), amounts(5, 5))) as [string, string, string];
    const replies = await Promise.all([match(scene, [a, b]), match(scene, [a, c])]);
    expect(replies.map((reply) => reply.status).sort()).toEqual([201, 409]);
    expect(await scene.matches()).toHaveLength(1);
  });

  it("belongs to another environment, whose reconciliation is unknown here", async () => {
    const [scene, stranger] = await Promise.all([quiet(), newTenant()]);
    const ids = await add(scene, amounts(5), amounts(5));
    const body = { reconciliation_id: scene.reconciliation, record_ids: ids };
    expect(errorsOf(await stranger.writer.post(PATH, body))).toEqual([
      ["/reconciliation_id", "unknown"],
      ["/record_ids/0", "unknown"],
      ["/record_ids/1", "unknown"],
    ]);
    expect(await scene.matches()).toEqual([]);
  });
});
