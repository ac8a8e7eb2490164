import { describe, expect, it } from "vitest";
import { candidateEndpoints } from "../../src/http/v1/candidates.ts";
import type { Reply } from "../support/api.ts";
import { addSilently } from "../support/bulk.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const ask = (scene: Scene, id: string, query = "") =>
  scene.api.get(`/v1/records/${id}/candidates?reconciliation_id=${scene.reconciliation}${query}`);

async function candidatesOf(scene: Scene, id: string, query = ""): Promise<Reply["body"][]> {
  return (await must(ask(scene, id, query), 200)).body.data;
}

const idOf = async (pending: Promise<Reply>): Promise<string> => (await must(pending, 201)).body.id;
const idsOf = (candidates: Reply["body"][]) => candidates.map(({ record }) => record.id);

const NORMALISED_REFERENCE = {
  operand: "and",
  rules: [
    {
      key: "metadata.ref",
      operand: "eq",
      value: "description",
      transforms: { key: "lowercase", value: { name: "regex_extract", args: { pattern: "INV-(\\d+)", group: 1 } } },
    },
    { key: "amount", operand: "eq", value: "amount", tolerance_amount: 0.5, tolerance_unit: "dollar" },
  ],
};

const PAYOUTS = {
  cardinality: "many_to_one",
  group_by: ["metadata.payout_id"],
  filters: {
    operand: "and",
    rules: [
      { key: "metadata.payout_id", operand: "eq", value: "external_id" },
      { key: "amount", operand: "eq", value: "amount" },
    ],
  },
};

const DEPOSITS = {
  cardinality: "many_to_one",
  subset: true,
  on_ambiguous: "skip",
  filters: { operand: "and", rules: [{ key: "direction", operand: "eq", value: "direction" }] },
};

describe("a record's candidates", () => {
  it("are records as they are read alone, nearest first, with what each rule says of them", async () => {
    const scene = await newScene();
    const left = await idOf(scene.left({ metadata: { ref: "r" } }));
    const far = await idOf(scene.right({ amount: 40.25 }));
    const near = await idOf(scene.right({ amount: 99, metadata: { ref: "r" } }));
    const candidates = await candidatesOf(scene, left);
    expect(idsOf(candidates)).toEqual([near, far]);
    expect(candidates[0].record).toEqual((await scene.record(near)).body);
    expect(candidates[0].rules).toEqual([
      {
        rule_id: scene.rules[0],
        matched: false,
        finding: null,
        obstacle: null,
        conditions: [
          {
            condition: { key: "metadata.ref", operand: "eq", value: "metadata.ref" },
            a: "r",
            b: "r",
            outcome: "passed",
          },
          { condition: { key: "amount", operand: "eq", value: "amount" }, a: 100, b: 99, outcome: "failed" },
        ],
        groups: [],
      },
    ]);
    expect(candidates[1].rules[0].conditions.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      "failed",
      "failed",
    ]);
    expect(idsOf(await candidatesOf(scene, far))).toEqual([left]);
    expect(
      await scene.tenant.reader.get(`/v1/records/${left}/candidates?reconciliation_id=${scene.reconciliation}`),
    ).toMatchObject({ status: 200, body: { data: candidates } });
  });

  it("are ten unless more or fewer are asked for", async () => {
    const scene = await newScene();
    const [left] = await addSilently(scene, "left", [{ amount: 1_000 }]);
    const rights = await addSilently(
      scene,
      "right",
      Array.from({ length: 60 }, (_, n) => ({ amount: 1_001 + n })),
    );
    expect(idsOf(await candidatesOf(scene, left as string))).toEqual(rights.slice(0, 10));
    expect(idsOf(await candidatesOf(scene, left as string, "&limit=1"))).toEqual(rights.slice(0, 1));
    expect(idsOf(await candidatesOf(scene, left as string, "&limit=50"))).toEqual(rights.slice(0, 50));
  });

  it("show values after transforms, and both sides of a tolerance", async () => {
    const scene = await newScene({ rules: [{ filters: NORMALISED_REFERENCE, on_ambiguous: "skip" }] });
    const left = await idOf(scene.left({ amount: 250, metadata: { ref: "1042" } }));
    const just = await idOf(scene.right({ amount: 250.51, description: "Invoice INV-1042" }));
    const other = await idOf(scene.right({ amount: 249.5, description: "Invoice INV-1043" }));
    const candidates = await candidatesOf(scene, left);
    expect(idsOf(candidates)).toEqual([other, just]);
    const said = candidates.map(({ rules: [{ matched, conditions }] }) => {
      return [matched, ...conditions.map(({ a, b, outcome }: Reply["body"]) => [a, b, outcome])];
    });
    expect(said).toEqual([
      [false, ["1042", "1043", "failed"], [250, 249.5, "passed"]],
      [false, ["1042", "1042", "passed"], [250, 250.51, "failed"]],
    ]);
    expect(candidates[0].rules[0].conditions[0].condition).toEqual(NORMALISED_REFERENCE.rules[0]);
  });

  it("say on both sides that a rule has skipped what is ambiguous", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }] });
    const rights = [await idOf(scene.right()), await idOf(scene.right({ date: "2026-03-12" }))];
    const left = await idOf(scene.left());
    const candidates = await candidatesOf(scene, left);
    expect(idsOf(candidates)).toEqual(rights);
    for (const { rules } of candidates) expect(rules).toMatchObject([{ matched: true, finding: "ambiguous" }]);
    for (const right of rights) {
      const [candidate] = await candidatesOf(scene, right);
      expect(candidate).toMatchObject({ record: { id: left }, rules: [{ matched: true, finding: "ambiguous" }] });
    }
    await must(scene.api.delete(`/v1/records/${rights[1]}`), 204);
    expect((await scene.record(left)).body.status).toBe("reconciled");
  });

  it("show the sum of a group that is short of the single record", async () => {
    const scene = await newScene({ rules: [PAYOUTS] });
    const order = await idOf(scene.left({ amount: 70, metadata: { payout_id: "po_1" } }));
    const refund = await idOf(scene.left({ amount: 9.5, direction: "debit", metadata: { payout_id: "po_1" } }));
    const other = await idOf(scene.left({ amount: 60.5, metadata: { payout_id: "po_2" } }));
    const payout = await idOf(scene.right({ amount: 100, external_id: "po_1" }));
    const [candidate] = await candidatesOf(scene, order);
    expect(candidate.record.id).toBe(payout);
    const ofPayout = await candidatesOf(scene, payout);
    expect(idsOf(ofPayout)).toEqual([order, other, refund]);
    for (const { rules } of [candidate, ofPayout[0], ofPayout[2]]) {
      expect(rules).toMatchObject([
        {
          matched: false,
          finding: null,
          conditions: [
            { a: "po_1", b: "po_1", outcome: "passed" },
            { a: 60.5, b: 100, outcome: "failed" },
          ],
          groups: [{ side: "a", record_ids: [order, refund], records: 2, amount: 60.5, direction: "credit" }],
        },
      ]);
    }
    await must(scene.left({ amount: 39.5, metadata: { payout_id: "po_1" } }), 201);
    expect((await scene.record(payout)).body.status).toBe("reconciled");
  });

  it("show the sets of a subset rule, and that there are several", async () => {
    const scene = await newScene({ rules: [DEPOSITS] });
    const lefts = [];
    for (const amount of [70, 30, 30]) lefts.push(await idOf(scene.left({ amount })));
    const deposit = await idOf(scene.right());
    const candidates = await candidatesOf(scene, deposit);
    expect(idsOf(candidates)).toEqual([lefts[0], lefts[1], lefts[2]]);
    const groups = [{ side: "a", record_ids: [lefts[0], lefts[1]], records: 2, amount: 100, direction: "credit" }];
    expect(candidates[0].rules).toMatchObject([{ matched: true, finding: "ambiguous", groups }]);
    const others = [{ side: "a", record_ids: [lefts[0], lefts[2]], records: 2, amount: 100, direction: "credit" }];
    expect(candidates[2].rules).toMatchObject([{ matched: true, finding: "ambiguous", groups: others }]);
    expect(await candidatesOf(scene, lefts[2] as string)).toMatchObject([
      { record: { id: deposit }, rules: [{ finding: "ambiguous" }] },
    ]);
  });

  it("name what keeps two records apart though every condition passes", async () => {
    const scene = await newScene({
      rules: [{ filters: EQUAL_AMOUNTS }, { ...PAYOUTS, rollup: { lookback_days: 1 }, priority: 200 }],
    });
    const payout = { metadata: { payout_id: "po_1" } };
    const late = await idOf(scene.left({ amount: 7, date: "2026-03-05", ...payout }));
    await scene.right({ amount: 7, direction: "debit", external_id: "po_1", date: "2026-03-10" });
    expect((await candidatesOf(scene, late))[0].rules).toMatchObject([
      { matched: false, obstacle: "direction", conditions: [{ outcome: "passed" }] },
      { matched: false, obstacle: "lookback" },
    ]);
    const left = await idOf(scene.left({ amount: 55 }));
    await must(scene.right({ amount: 55 }), 201);
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match?.id}`), 200);
    expect((await candidatesOf(scene, left))[0].rules[0]).toMatchObject({
      matched: false,
      obstacle: "voided",
      conditions: [{ outcome: "passed" }],
    });
  });

  it("are those that a reconciled record would have, by its own amount", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const left = await idOf(scene.left({ metadata: { ref: "r" } }));
    await must(scene.right({ metadata: { ref: "r" } }), 201);
    const [big, near] = [await idOf(scene.right({ amount: 400 })), await idOf(scene.right({ amount: 101 }))];
    expect((await scene.record(left)).body.status).toBe("reconciled");
    const candidates = await candidatesOf(scene, left);
    expect(idsOf(candidates)).toEqual([near, big]);
    expect(candidates[0].rules).toMatchObject([{ matched: false, finding: null }]);
  });

  it("are by what is open of a record, and of a candidate, that are matched in part", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const left = await idOf(scene.left({ metadata: { ref: "r" } }));
    await must(scene.right({ amount: 60, metadata: { ref: "r" } }), 201);
    const [whole, rest] = [await idOf(scene.right({ amount: 100 })), await idOf(scene.right({ amount: 40 }))];
    expect((await scene.record(left)).body.status).toBe("partially_reconciled");
    expect(idsOf(await candidatesOf(scene, left))).toEqual([rest, whole]);
  });

  it("are as news has just made them, and of active rules only", async () => {
    const scene = await newScene({ rules: [{ filters: SAME_REFERENCE, status: "inactive" }] });
    const [left] = await addSilently(scene, "left", [{ metadata: { ref: "r" } }]);
    const [right] = await addSilently(scene, "right", [{ metadata: { ref: "r" } }]);
    expect(await candidatesOf(scene, left as string)).toMatchObject([{ record: { id: right }, rules: [] }]);
    await must(scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { status: "active" }), 200);
    await expect.poll(async () => (await scene.record(left as string)).body.status).toBe("reconciled");
    expect(await candidatesOf(scene, left as string)).toEqual([]);
  });

  it("are shown of a batch reconciliation as a run would find them", async () => {
    const scene = await newScene({
      runType: "batch",
      rules: [
        { filters: SAME_REFERENCE, priority: 1 },
        { filters: EQUAL_AMOUNTS, priority: 2, on_ambiguous: "skip" },
      ],
    });
    const left = await idOf(scene.left({ metadata: { ref: "r" } }));
    const equal = [await idOf(scene.right()), await idOf(scene.right())];
    const same = await idOf(scene.right({ amount: 7, metadata: { ref: "r" } }));
    const candidates = await candidatesOf(scene, left);
    expect(idsOf(candidates)).toEqual([same, ...equal]);
    const said = candidates.map(({ rules }) => rules.map(({ matched, finding }: Reply["body"]) => [matched, finding]));
    const [no, yes] = [
      [false, "ambiguous"],
      [true, "ambiguous"],
    ];
    expect(said).toEqual([
      [[true, null], no],
      [[false, null], yes],
      [[false, null], yes],
    ]);
  });
});

it("leaves out a rule that cannot be compiled", async () => {
  const scene = await newScene({
    rules: [{ filters: SAME_REFERENCE }, { filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }],
  });
  await scene.db.d1
    .prepare(
      `update rule_versions set definition = json_set(definition, '$.filters', json('{}'))
        where rule_id = (select id from reconciliation_rules where uid = ?)`,
    )
    .bind(scene.rules[0])
    .run();
  const path = `/v1/reconciliation_rules/${scene.rules[1]}`;
  await must(scene.api.patch(path, { on_ambiguous: "earliest" }), 200);
  const left = await idOf(scene.left());
  await must(scene.right({ amount: 7 }), 201);
  const [candidate] = await candidatesOf(scene, left);
  expect(candidate.rules.map((rule: Reply["body"]) => rule.rule_id)).toEqual([scene.rules[1]]);
});

describe("a request for candidates", () => {
  it.each([
    ["no reconciliation", "", [["reconciliation_id", "required"]]],
    ["a malformed one", "?reconciliation_id=x", [["reconciliation_id", "invalid_format"]]],
    ["an unknown one", `?reconciliation_id=${UNKNOWN_ID}`, [["reconciliation_id", "unknown"]]],
    [
      "a wrong limit and an unknown parameter",
      "?limit=51&cursor=x",
      [
        ["cursor", "unknown_parameter"],
        ["limit", "invalid"],
        ["reconciliation_id", "required"],
      ],
    ],
    ["a limit of nothing", `?limit=0&reconciliation_id=${UNKNOWN_ID}`, [["limit", "invalid"]]],
  ])("is refused with %s", async (_, query, errors) => {
    const scene = await newScene();
    const left = await idOf(scene.left());
    const reply = await must(scene.api.get(`/v1/records/${left}/candidates${query}`), 422);
    expect(reply.body.errors.map(({ path, code }: Reply["body"]) => [path, code]).sort()).toEqual(errors);
  });

  it("is refused for a reconciliation of another environment or of other sources", async () => {
    const [scene, stranger] = [await newScene(), await newScene()];
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const fields = { type_key: "third", date: "2026-03-10", amount: 1, direction: "credit" };
    const outside = await idOf(scene.api.post("/v1/records", fields));
    const foreign = await must(ask({ ...scene, reconciliation: stranger.reconciliation }, outside), 422);
    expect(foreign.body.errors).toMatchObject([{ path: "reconciliation_id", code: "unknown" }]);
    const refused = await must(ask(scene, outside), 422);
    expect(refused.body.errors).toMatchObject([{ path: "reconciliation_id", code: "on_neither_side" }]);
  });

  it("does not know a record that is not there, malformed or deleted", async () => {
    const scene = await newScene();
    const left = await idOf(scene.left());
    await must(scene.api.delete(`/v1/records/${left}`), 204);
    for (const id of [left, UNKNOWN_ID, "x"]) await must(ask(scene, id), 404);
  });

  it("is put off while the records are being taken in", async () => {
    const scene = await newScene();
    const rows = Array.from({ length: 12_000 }, () => ({ amount: 1 }));
    const [left] = await addSilently(scene, "left", rows);
    const [right] = await addSilently(scene, "right", [{ amount: 2 }]);
    const early = await must(ask(scene, left as string), 409);
    expect(early.headers.get("retry-after")).toBe("1");
    const stub = bindings.RECONCILER.getByName(scene.reconciliation);
    await expect
      .poll(async () => {
        await stub.poke();
        return (await ask(scene, left as string)).status;
      })
      .toBe(200);
    expect(idsOf(await candidatesOf(scene, left as string))).toEqual([right]);
  });
});

itIsGuarded({
  endpoints: candidateEndpoints,
  async prepare(owner) {
    const scene = await newScene({ tenant: owner });
    const { body } = await must(scene.left(), 201);
    return { id: body.id, reconciliation_id: scene.reconciliation };
  },
  queries: { listRecordCandidates: ["reconciliation_id"] },
});
