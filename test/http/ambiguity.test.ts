import { describe, expect, it } from "vitest";
import { EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";

const REF = { metadata: { ref: "r" } };
const CLOSE = {
  operand: "and",
  rules: [{ key: "amount", operand: "eq", value: "amount", tolerance_amount: 5, tolerance_unit: "dollar" }],
};

type Fields = Record<string, unknown>;

const skipping = (filters: unknown = EQUAL_AMOUNTS) => newScene({ rules: [{ filters, on_ambiguous: "skip" }] });

async function addLeft(scene: Scene, fields: Fields = {}): Promise<string> {
  return (await must(scene.left(fields), 201)).body.id;
}

async function addRight(scene: Scene, fields: Fields = {}): Promise<string> {
  return (await must(scene.right(fields), 201)).body.id;
}

/** The pairs that are matched now, as `left right`. */
async function pairsOf(scene: Scene): Promise<string[]> {
  const matches = await scene.matches("&status=matched");
  return matches.map((match) => match.records.map((row: { record_id: string }) => row.record_id).join(" ")).sort();
}

describe("earliest, of several candidates,", () => {
  it.each([
    ["the nearest amount", CLOSE, [{ amount: 103, date: "2026-01-01" }, { amount: 98 }, { amount: 97 }], 1],
    ["the nearest amount, from above as from below", CLOSE, [{ amount: 104 }, { amount: 101 }, { amount: 98 }], 1],
    [
      "the earliest date at equal distance",
      CLOSE,
      [
        { amount: 98, date: "2026-03-09" },
        { amount: 102, date: "2026-03-08" },
      ],
      1,
    ],
    ["the earliest date", EQUAL_AMOUNTS, [{ date: "2026-03-12" }, { date: "2026-03-08" }, { date: "2026-03-09" }], 1],
    ["the first to arrive", EQUAL_AMOUNTS, [{}, {}, {}], 0],
    [
      "the nearest open amount without an amount condition",
      SAME_REFERENCE,
      [
        { ...REF, amount: 5 },
        { ...REF, amount: 90 },
      ],
      1,
    ],
  ] as [string, unknown, Fields[], number][])("takes %s", async (_, filters, candidates, chosen) => {
    for (const turned of [false, true]) {
      const scene = await newScene({ filters });
      const [many, one] = turned ? [addRight, addLeft] : [addLeft, addRight];
      const ids: string[] = [];
      for (const fields of candidates) ids.push(await many(scene, fields));
      const id = await one(scene, REF);
      const matches = await scene.matches(`&record_id=${id}`);
      const first = matches.at(-1).records.map((row: { record_id: string }) => row.record_id);
      expect(first).toContain(ids[chosen]);
    }
  });

  it("counts an edit as no new arrival", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const first = await addLeft(scene, { amount: 50 });
    await addLeft(scene);
    await must(scene.api.patch(`/v1/records/${first}`, { amount: 100 }), 200);
    const right = await addRight(scene);
    expect(await pairsOf(scene)).toEqual([`${first} ${right}`]);
  });
});

describe("skip", () => {
  it("matches a unique pair, on whichever side the last record comes", async () => {
    for (const turned of [false, true]) {
      const scene = await skipping();
      if (turned) await addRight(scene);
      await addLeft(scene);
      if (!turned) await addRight(scene);
      expect(await pairsOf(scene)).toHaveLength(1);
    }
  });

  it.each([
    ["candidates", addLeft, addRight],
    ["rivals", addRight, addLeft],
  ] as const)("leaves a record alone that has two %s", async (_, many, one) => {
    const scene = await skipping();
    await many(scene);
    await many(scene);
    expect((await scene.record(await one(scene))).body.status).toBe("unreconciled");
    expect(await pairsOf(scene)).toEqual([]);
  });

  it("leaves a pair alone of which one has another that would do", async () => {
    const scene = await skipping(CLOSE);
    await addLeft(scene, { amount: 100 });
    const far = await addLeft(scene, { amount: 109 });
    // Both of Side A fit 104.50; only the first fits 95.50, which has no other, and yet is one of two for it.
    await addRight(scene, { amount: 104.5 });
    await addRight(scene, { amount: 95.5 });
    expect(await pairsOf(scene)).toEqual([]);
    await must(scene.api.delete(`/v1/records/${far}`), 204);
    expect(await pairsOf(scene)).toEqual([]);
  });

  const endings: [string, (scene: Scene, rival: string) => Promise<unknown>][] = [
    ["is deleted", (scene, rival) => must(scene.api.delete(`/v1/records/${rival}`), 204)],
    ["is edited away", (scene, rival) => must(scene.api.patch(`/v1/records/${rival}`, { amount: 7 }), 200)],
    [
      "is matched by hand",
      async (scene, rival) => {
        const { body } = await must(scene.record(rival), 200);
        const add = body.type_key === "left" ? addRight : addLeft;
        const other = await add(scene, { amount: 7 });
        const match = { reconciliation_id: scene.reconciliation, record_ids: [rival, other], allow_partial: true };
        await must(scene.api.post("/v1/reconciliation_matches", match), 201);
        // It is open with the rest still; only now it fits nobody.
      },
    ],
    [
      "is matched in full by hand",
      async (scene, rival) => {
        const { body } = await must(scene.record(rival), 200);
        const add = body.type_key === "left" ? addRight : addLeft;
        const other = await add(scene, { amount: 99 });
        const match = { reconciliation_id: scene.reconciliation, record_ids: [rival, other], create_adjustment: true };
        await must(scene.api.post("/v1/reconciliation_matches", match), 201);
      },
    ],
  ];

  it.each(endings)("matches what was ambiguous once the rival candidate %s", async (_, end) => {
    const scene = await skipping();
    const left = await addLeft(scene);
    const rival = await addLeft(scene);
    const right = await addRight(scene);
    await end(scene, rival);
    expect(await pairsOf(scene)).toContain(`${left} ${right}`);
  });

  it.each(endings)("matches what was ambiguous once the rival for the candidate %s", async (_, end) => {
    const scene = await skipping();
    // Both lefts are looked at only after the right one: each finds one candidate, which has the other.
    const right = await addRight(scene, { amount: 7 });
    const left = await addLeft(scene);
    const rival = await addLeft(scene);
    await must(scene.api.patch(`/v1/records/${right}`, { amount: 100 }), 200);
    expect(await pairsOf(scene)).toEqual([]);
    await end(scene, rival);
    expect(await pairsOf(scene)).toContain(`${left} ${right}`);
  });

  it("matches what was ambiguous once a stronger rule has taken the rival", async () => {
    const scene = await newScene({
      rules: [
        { filters: SAME_REFERENCE, priority: 1 },
        { filters: EQUAL_AMOUNTS, on_ambiguous: "skip", priority: 2 },
      ],
    });
    const left = await addLeft(scene);
    const rival = await addLeft(scene, REF);
    const right = await addRight(scene);
    expect(await pairsOf(scene)).toEqual([]);
    const other = await addRight(scene, REF);
    expect(await pairsOf(scene)).toEqual([`${left} ${right}`, `${rival} ${other}`].sort());
  });

  it("counts a voided set as no candidate", async () => {
    const scene = await skipping();
    const left = await addLeft(scene);
    const right = await addRight(scene);
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    const other = await addRight(scene);
    expect(await pairsOf(scene)).toEqual([`${left} ${other}`]);
    expect((await scene.record(right)).body.status).toBe("unreconciled");
  });

  it("leaves alone what was ambiguous before the rule was there", async () => {
    const scene = await newScene({ rules: [] });
    for (const amount of [1, 2, 2, 3]) await addLeft(scene, { amount });
    for (const amount of [1, 2, 3, 3]) await addRight(scene, { amount });
    const rule = { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS, on_ambiguous: "skip" };
    await must(scene.api.post("/v1/reconciliation_rules", rule), 201);
    await expect.poll(() => pairsOf(scene)).toHaveLength(1);
    await must(
      scene.api.patch(`/v1/reconciliation_rules/${(await scene.matches())[0].rule_id}`, { on_ambiguous: "earliest" }),
      200,
    );
    await expect.poll(() => pairsOf(scene)).toHaveLength(3);
  });
});
