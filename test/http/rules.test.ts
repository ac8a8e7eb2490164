import { describe, expect, it } from "vitest";
import { ruleEndpoints } from "../../src/http/v1/rules.ts";
import type { Reply } from "../support/api.ts";
import {
  EQUAL_AMOUNTS,
  must,
  newScene,
  SAME_REFERENCE,
  SAME_REFERENCE_AND_AMOUNT,
  type Scene,
} from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/reconciliation_rules";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const errorsOf = (reply: Reply) => {
  return reply.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]).sort();
};

const make = (scene: Scene, fields: object = {}) =>
  scene.api.post(PATH, { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS, ...fields });

const SAME_DESCRIPTION = { operand: "and", rules: [{ key: "description", operand: "eq", value: "description" }] };

describe("rules", () => {
  it("are made, active and in the middle of the order unless they say otherwise", async () => {
    const scene = await newScene({ rules: [] });
    const made = await make(scene, { filters: SAME_REFERENCE_AND_AMOUNT });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: expect.any(String),
      reconciliation_id: scene.reconciliation,
      priority: 100,
      filters: SAME_REFERENCE_AND_AMOUNT,
      cardinality: "one_to_one",
      group_by: null,
      rollup: null,
      subset: false,
      on_ambiguous: "earliest",
      status: "active",
      description: null,
      version: 1,
      plan: { kind: "key" },
      created_at: expect.stringMatching(/Z$/),
      updated_at: made.body.created_at,
    });
    expect(await scene.tenant.reader.get(`${PATH}/${made.body.id}`)).toMatchObject({ status: 200, body: made.body });
    const fields = { priority: 5, on_ambiguous: "skip", status: "inactive", description: "By hand" };
    expect((await must(make(scene, { ...fields, cardinality: "one_to_one" }), 201)).body).toMatchObject(fields);
  });

  it.each([
    [EQUAL_AMOUNTS, { kind: "range" }],
    [SAME_REFERENCE, { kind: "key" }],
    [{ operand: "or", rules: [SAME_REFERENCE, EQUAL_AMOUNTS] }, { kind: "union" }],
    [
      { operand: "and", rules: [{ key: "description", operand: "contains", value: "external_id" }] },
      { kind: "scan", why: expect.stringContaining("every open record") },
    ],
  ])("%j say how they find candidates", async (filters, plan) => {
    const scene = await newScene({ rules: [] });
    expect((await must(make(scene, { filters }), 201)).body).toMatchObject({ filters, plan });
  });

  it.each([
    [
      { reconciliation_id: UNKNOWN_ID, filters: { operand: "xor", rules: [] }, priority: -1, status: "on", group: 1 },
      [
        ["/filters/operand", "unknown_operand"],
        ["/filters/rules", "empty_rules"],
        ["/group", "unknown_field"],
        ["/priority", "too_small"],
        ["/reconciliation_id", "unknown"],
        ["/status", "invalid_value"],
      ],
    ],
    [
      { reconciliation_id: UNKNOWN_ID, filters: 7 },
      [
        ["/filters", "invalid_type"],
        ["/reconciliation_id", "unknown"],
      ],
    ],
    [{ reconciliation_id: "nothing" }, [["/reconciliation_id", "unknown"]]],
    [
      { reconciliation_id: 7, filters: null },
      [
        ["/filters", "invalid_type"],
        ["/reconciliation_id", "invalid_type"],
      ],
    ],
    [
      { cardinality: "one_to_few", group_by: ["amount"], rollup: 7, subset: "yes", filters: [] },
      [
        ["/cardinality", "invalid_value"],
        ["/filters", "invalid_type"],
        ["/group_by/0", "changing_field"],
        ["/rollup", "invalid_type"],
        ["/subset", "invalid_type"],
      ],
    ],
    [
      { priority: 1.5, on_ambiguous: "guess", description: "x".repeat(1001) },
      [
        ["/description", "too_big"],
        ["/on_ambiguous", "invalid_value"],
        ["/priority", "invalid_type"],
      ],
    ],
    [
      {
        filters: {
          operand: "and",
          rules: [
            { key: "amount", operand: "equals", value: "amount" },
            { key: "colour", operand: "eq", value: "amount" },
            { operand: "or", rules: [{ key: "date", operand: "eq", value: "date", tolerance_unit: "day", extra: 1 }] },
            {
              key: "description",
              operand: "eq",
              value: "description",
              transforms: { key: { name: "regex_extract", args: { pattern: "(a+)+\\1", group: 1 } } },
            },
          ],
        },
      },
      [
        ["/filters/rules/0/operand", "unknown_operand"],
        ["/filters/rules/1/key", "unknown_record_field"],
        ["/filters/rules/2/rules/0/extra", "unknown_field"],
        ["/filters/rules/2/rules/0/tolerance_amount", expect.any(String)],
        ["/filters/rules/3/transforms/key/args/pattern", expect.any(String)],
      ],
    ],
  ])("%j are refused with every fault", async (fields, errors) => {
    const scene = await newScene({ rules: [] });
    const reply = await make(scene, fields);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(errors);
    expect((await scene.api.get(PATH)).body.data).toEqual([]);
  });

  it("need a reconciliation and filters", async () => {
    const { writer } = await newTenant();
    expect(errorsOf(await writer.post(PATH, {}))).toEqual([
      ["/filters", "required"],
      ["/reconciliation_id", "required"],
    ]);
  });

  it("are not made for another environment's reconciliation", async () => {
    const [scene, stranger] = await Promise.all([newScene({ rules: [] }), newTenant()]);
    const rule = { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS };
    expect(errorsOf(await stranger.writer.post(PATH, rule))).toEqual([["/reconciliation_id", "unknown"]]);
    const list = await stranger.reader.get(`${PATH}?reconciliation_id=${scene.reconciliation}`);
    expect(list).toMatchObject({ status: 422, body: { errors: [{ path: "reconciliation_id" }] } });
  });

  it("are listed from the newest on, also those of one reconciliation", async () => {
    const scene = await newScene({ rules: [1, 2, 3].map((priority) => ({ filters: EQUAL_AMOUNTS, priority })) });
    const other = await newScene();
    const idsOf = (reply: Reply) => reply.body.data.map((row: { id: string }) => row.id);
    const first = await scene.api.get(`${PATH}?limit=2`);
    await must(make(scene), 201);
    const second = await scene.api.get(`${PATH}?limit=2&cursor=${first.body.next_cursor}`);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(scene.rules.toReversed());
    expect(second.body.has_more).toBe(false);
    const own = await other.api.get(`${PATH}?reconciliation_id=${other.reconciliation}`);
    expect(idsOf(own)).toEqual(other.rules);
    for (const [query, path] of [
      [`reconciliation_id=${UNKNOWN_ID}`, "reconciliation_id"],
      ["reconciliation_id=x", "reconciliation_id"],
      ["status=active", "status"],
    ]) {
      expect(await scene.api.get(`${PATH}?${query}`)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
    }
  });

  itIsGuarded({
    endpoints: ruleEndpoints,
    prepare: async (tenant) => ({ id: (await newScene({ tenant })).rules[0] as string }),
  });
});

describe("a change of a rule", () => {
  it("makes a new version and leaves what it does not name", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, description: "d", priority: 7 }] });
    const path = `${PATH}/${scene.rules[0]}`;
    const before = (await scene.api.get(path)).body;
    const after = await must(scene.api.patch(path, { on_ambiguous: "skip" }), 200);
    expect(after.body).toEqual({ ...before, on_ambiguous: "skip", version: 2, updated_at: after.body.updated_at });
    const cleared = await must(scene.api.patch(path, { description: null, priority: 1, status: "inactive" }), 200);
    expect(cleared.body).toMatchObject({ description: null, priority: 1, status: "inactive", version: 3 });
    expect((await scene.api.get(path)).body).toEqual(cleared.body);
  });

  it.each([
    [
      { filters: null, priority: -1 },
      [
        ["/filters", "invalid_type"],
        ["/priority", "too_small"],
      ],
    ],
    [{ filters: null }, [["/filters", "invalid_type"]]],
    [
      { filters: { operand: "and", rules: [{}] } },
      [
        ["/filters/rules/0", "missing_operand"],
        ["/filters/rules/0/operand", "required"],
      ],
    ],
    [
      { reconciliation_id: UNKNOWN_ID, version: 9 },
      [
        ["/reconciliation_id", "unknown_field"],
        ["/version", "unknown_field"],
      ],
    ],
    [{ cardinality: "many" }, [["/cardinality", "invalid_value"]]],
  ])("to %j is refused", async (body, errors) => {
    const scene = await newScene();
    const path = `${PATH}/${scene.rules[0]}`;
    const before = (await scene.api.get(path)).body;
    const reply = await scene.api.patch(path, body);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(errors);
    expect((await scene.api.get(path)).body).toEqual(before);
  });

  it("of none of its fields makes no version", async () => {
    const scene = await newScene();
    const path = `${PATH}/${scene.rules[0]}`;
    const before = (await scene.api.get(path)).body;
    for (const body of [{}, { filters: before.filters, priority: before.priority, cardinality: "one_to_one" }]) {
      expect((await must(scene.api.patch(path, body), 200)).body).toEqual(before);
    }
  });

  it("undoes no match, and what was matched keeps the version and the words that matched it", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await scene.left();
    await scene.right();
    const [before] = await scene.matches();
    expect(before).toMatchObject({
      rule_id: scene.rules[0],
      rule_version: 1,
      explanation: [{ condition: EQUAL_AMOUNTS.rules[0], a: 100, b: 100, outcome: "passed" }],
    });
    await must(scene.api.patch(`${PATH}/${scene.rules[0]}`, { filters: SAME_DESCRIPTION }), 200);
    const open = await must(scene.left({ description: "rent" }), 201);
    expect(open.body.status).toBe("unreconciled");
    await must(scene.right({ description: "rent", amount: 5 }), 201);
    const [latest, first] = await scene.matches();
    expect(first).toEqual(before);
    expect(latest).toMatchObject({
      rule_version: 2,
      explanation: [{ condition: SAME_DESCRIPTION.rules[0], a: "rent", b: "rent", outcome: "passed" }],
    });
  });

  it("matches what is there already", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    await scene.left();
    await scene.right();
    expect(await scene.matches()).toEqual([]);
    await must(scene.api.patch(`${PATH}/${scene.rules[0]}`, { filters: EQUAL_AMOUNTS }), 200);
    await expect.poll(() => scene.matches()).toHaveLength(1);
  });
});

describe("the order of rules", () => {
  const both = (priorities: [number, number]) => ({
    rules: [
      { filters: SAME_REFERENCE, priority: priorities[0] },
      { filters: SAME_DESCRIPTION, priority: priorities[1] },
    ],
  });

  it.each([
    ["lower priority first", [2, 1], 1],
    ["lower priority first", [1, 2], 0],
    ["then the older one", [5, 5], 0],
  ] as const)("is %s: %j", async (_, priorities, winner) => {
    const scene = await newScene(both([...priorities]));
    await scene.left({ metadata: { ref: "r" } });
    await scene.left({ description: "rent" });
    await must(scene.right({ metadata: { ref: "r" }, description: "rent" }), 201);
    const matches = await scene.matches();
    expect(matches).toMatchObject([{ rule_id: scene.rules[winner] }]);
  });

  it("holds for what is there already: a strong rule takes its pairs before a weak one", async () => {
    const scene = await newScene({ rules: [] });
    await scene.left({ metadata: { ref: "r" }, date: "2026-03-09" });
    await scene.left({ description: "rent", date: "2026-03-08" });
    const right = await must(scene.right({ metadata: { ref: "r" }, description: "rent" }), 201);
    const inactive = { status: "inactive" };
    const weak = await must(make(scene, { filters: SAME_DESCRIPTION, priority: 2, ...inactive }), 201);
    const strong = await must(make(scene, { filters: SAME_REFERENCE, priority: 1 }), 201);
    await expect.poll(() => scene.matches()).toMatchObject([{ rule_id: strong.body.id }]);
    expect((await scene.record(right.body.id)).body.status).toBe("reconciled");
    expect(await scene.matches(`&rule_id=${weak.body.id}`)).toEqual([]);
  });
});

describe("a rule that is not active", () => {
  it("matches nothing until it is", async () => {
    const scene = await newScene({ rules: [{ filters: EQUAL_AMOUNTS, status: "inactive" }] });
    await scene.left();
    await scene.right();
    expect(await scene.matches()).toEqual([]);
    await must(scene.api.patch(`${PATH}/${scene.rules[0]}`, { status: "active" }), 200);
    await expect.poll(() => scene.matches()).toHaveLength(1);
  });

  it("because it is deleted matches nothing more and keeps what it matched", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await scene.left();
    await scene.right();
    const [before] = await scene.matches();
    const path = `${PATH}/${scene.rules[0]}`;
    expect(await scene.api.delete(path)).toMatchObject({ status: 204, body: "" });
    for (const reply of [
      await scene.api.get(path),
      await scene.api.patch(path, { priority: 1 }),
      await scene.api.delete(path),
    ]) {
      expect(reply).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
    expect((await scene.api.get(PATH)).body.data).toEqual([]);
    await scene.left({ amount: 7 });
    expect((await must(scene.right({ amount: 7 }), 201)).body.status).toBe("unreconciled");
    expect(await scene.matches()).toEqual([before]);
    expect(await scene.matches(`&rule_id=${scene.rules[0]}`)).toEqual([before]);
  });
});
