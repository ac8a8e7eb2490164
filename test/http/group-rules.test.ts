import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { runBatch } from "../../src/db/client.ts";
import { Api, type Reply } from "../support/api.ts";
import {
  EQUAL_AMOUNTS,
  must,
  newScene,
  SAME_REFERENCE,
  SAME_REFERENCE_AND_AMOUNT,
  type Scene,
} from "../support/scene.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/reconciliation_rules";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const AMOUNT = EQUAL_AMOUNTS.rules[0];
const REFERENCE = SAME_REFERENCE.rules[0];
const NEAR_AMOUNT = { ...AMOUNT, tolerance_amount: 1, tolerance_unit: "percent" };
const CHEAP = { key: "amount", operand: "lt", constant: 5 };
const CONTAINS = { key: "description", operand: "contains", value: "external_id" };
const and = (...rules: unknown[]) => ({ operand: "and", rules });
const or = (...rules: unknown[]) => ({ operand: "or", rules });

const MANY = { cardinality: "many_to_one", group_by: ["metadata.ref"], filters: EQUAL_AMOUNTS };
const BY_DATE = { group_by_kind: "date", lookback_days: 7, date_field: "metadata.paid_on" };

const newBatchScene = (rules: Record<string, unknown>[] = []) => newScene({ runType: "batch", rules });

const make = (scene: Scene, fields: object) =>
  scene.api.post(PATH, { reconciliation_id: scene.reconciliation, filters: EQUAL_AMOUNTS, ...fields });

const errorsOf = (reply: Reply) => {
  return reply.body.errors.map(({ path, code }: { path: string; code: string }) => [path, code]).sort();
};

describe("group rules", () => {
  it.each([
    [{ cardinality: "many_to_one", group_by: ["metadata.ref"] }, {}],
    [{ cardinality: "one_to_many", group_by: ["date", "direction", "currency", "type_key", "external_id"] }, {}],
    [{ cardinality: "many_to_many", group_by: ["description"] }, {}],
    [{ cardinality: "many_to_one", subset: true, filters: and(REFERENCE) }, {}],
    [{ cardinality: "many_to_many", subset: true, group_by: ["metadata.a.b"], rollup: null }, {}],
    [{ ...MANY, rollup: {} }, { rollup: { group_by_kind: "identifier", lookback_days: null, date_field: "date" } }],
    [
      { ...MANY, rollup: { lookback_days: 0, date_field: "metadata.paid_on" } },
      { rollup: { group_by_kind: "identifier", lookback_days: 0, date_field: "metadata.paid_on" } },
    ],
    [
      { ...MANY, rollup: { group_by_kind: "date", lookback_days: 3650 } },
      { rollup: { group_by_kind: "date", lookback_days: 3650, date_field: "date" } },
    ],
    [
      { ...MANY, rollup: { group_by_kind: "identifier", lookback_days: null } },
      { rollup: { group_by_kind: "identifier", lookback_days: null, date_field: "date" } },
    ],
    [{ cardinality: "one_to_one", group_by: null, rollup: null, subset: false }, {}],
    [{ ...MANY, on_ambiguous: "skip", filters: or(and(REFERENCE, AMOUNT), NEAR_AMOUNT) }, {}],
    [{ ...MANY, filters: and(or(REFERENCE, CONTAINS), or(AMOUNT, and(CHEAP, NEAR_AMOUNT))) }, {}],
  ])("%j are kept as they were given, with what they leave out", async (fields, filled) => {
    const scene = await newBatchScene();
    const made = await must(make(scene, fields), 201);
    const defaults = { group_by: null, rollup: null, subset: false, on_ambiguous: "earliest", version: 1 };
    expect(made.body).toMatchObject({ filters: EQUAL_AMOUNTS, ...defaults, ...fields, ...filled });
    expect((await scene.api.get(`${PATH}/${made.body.id}`)).body).toEqual(made.body);
    expect((await scene.api.get(PATH)).body.data).toEqual([made.body]);
  });

  it.each([
    [{ group_by: ["date"] }, [["/group_by", "needs_group_rule"]]],
    [{ rollup: {} }, [["/rollup", "needs_group_rule"]]],
    [{ subset: true }, [["/subset", "needs_group_rule"]]],
    [
      { cardinality: "one_to_one", group_by: ["date"], rollup: {}, subset: true, filters: and() },
      [
        ["/filters/rules", "empty_rules"],
        ["/group_by", "needs_group_rule"],
        ["/rollup", "needs_group_rule"],
        ["/subset", "needs_group_rule"],
      ],
    ],
    [{ cardinality: null }, [["/cardinality", "invalid_value"]]],
    [{ cardinality: "many_to_one" }, [["/group_by", "required"]]],
    [{ cardinality: "one_to_many", group_by: null, subset: false }, [["/group_by", "required"]]],
    [
      { cardinality: "many_to_many", filters: SAME_REFERENCE },
      [
        ["/filters", "amount_condition_required"],
        ["/group_by", "required"],
      ],
    ],
    [{ ...MANY, filters: and(CHEAP, REFERENCE) }, [["/filters", "amount_condition_required"]]],
    [{ ...MANY, filters: or(AMOUNT, REFERENCE) }, [["/filters", "amount_condition_required"]]],
    [{ ...MANY, filters: and(REFERENCE, or(NEAR_AMOUNT, CONTAINS)) }, [["/filters", "amount_condition_required"]]],
    [{ ...MANY, filters: and({ ...AMOUNT, operand: "lte" }) }, [["/filters", "amount_condition_required"]]],
    [
      { ...MANY, filters: and({ key: "amount", operand: "eq", value: "metadata.x" }) },
      [["/filters", "amount_condition_required"]],
    ],
    [
      { cardinality: "many_to_one", subset: true, filters: or(...Array.from({ length: 33 }, () => REFERENCE)) },
      [["/filters", "too_many_alternatives"]],
    ],
    [
      {
        cardinality: "many_to_many",
        subset: true,
        filters: and(...Array.from({ length: 6 }, () => or(AMOUNT, REFERENCE))),
      },
      [["/filters", "too_many_alternatives"]],
    ],
    [{ ...MANY, group_by: "date" }, [["/group_by", "invalid_type"]]],
    [{ ...MANY, group_by: [] }, [["/group_by", "too_small"]]],
    [{ ...MANY, group_by: ["a", "b", "c", "d", "e", "f"].map((key) => `metadata.${key}`) }, [["/group_by", "too_big"]]],
    [
      { ...MANY, group_by: ["date", "metadata.", "amount", 7, "date"] },
      [
        ["/group_by/1", "unknown_record_field"],
        ["/group_by/2", "changing_field"],
        ["/group_by/3", "invalid_type"],
        ["/group_by/4", "repeated"],
      ],
    ],
    [{ ...MANY, group_by: [`metadata.${"x".repeat(1000)}`] }, [["/group_by/0", "too_big"]]],
    [{ ...MANY, rollup: [] }, [["/rollup", "invalid_type"]]],
    [{ ...MANY, rollup: { group_by_kind: "date" } }, [["/rollup/lookback_days", "required"]]],
    [{ ...MANY, rollup: { group_by_kind: "date", lookback_days: null } }, [["/rollup/lookback_days", "required"]]],
    [{ ...MANY, rollup: { lookback_days: -1 } }, [["/rollup/lookback_days", "too_small"]]],
    [{ ...MANY, rollup: { group_by_kind: "date", lookback_days: 3651 } }, [["/rollup/lookback_days", "too_big"]]],
    [{ ...MANY, rollup: { group_by_kind: "date", lookback_days: 1.5 } }, [["/rollup/lookback_days", "invalid_type"]]],
    [
      { ...MANY, rollup: { group_by_kind: "month", lookback_days: "7", date_field: "description", days: 7 } },
      [
        ["/rollup/date_field", "unknown_record_field"],
        ["/rollup/days", "unknown_field"],
        ["/rollup/group_by_kind", "invalid_value"],
        ["/rollup/lookback_days", "invalid_type"],
      ],
    ],
    [
      { ...MANY, rollup: { group_by_kind: "date", date_field: "metadata.", days: 7 } },
      [
        ["/rollup/date_field", "unknown_record_field"],
        ["/rollup/days", "unknown_field"],
        ["/rollup/lookback_days", "required"],
      ],
    ],
    [{ ...MANY, subset: null }, [["/subset", "invalid_type"]]],
    [
      { cardinality: "many_to_one", subset: true, filters: and({}) },
      expect.arrayContaining([["/filters/rules/0", "missing_operand"]]),
    ],
    [
      { cardinality: "many_to_one", reconciliation_id: UNKNOWN_ID, filters: and(CHEAP) },
      [
        ["/filters", "amount_condition_required"],
        ["/group_by", "required"],
        ["/reconciliation_id", "unknown"],
      ],
    ],
    [
      { cardinality: "many_to_one", reconciliation_id: UNKNOWN_ID, filters: and(CHEAP), priority: -1, group: 1 },
      [
        ["/filters", "amount_condition_required"],
        ["/group", "unknown_field"],
        ["/group_by", "required"],
        ["/priority", "too_small"],
        ["/reconciliation_id", "unknown"],
      ],
    ],
  ])("%j are refused with every fault", async (fields, errors) => {
    const scene = await newBatchScene();
    const reply = await make(scene, fields);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(errors);
    expect((await scene.api.get(PATH)).body.data).toEqual([]);
  });

  it("are what the document shows", async () => {
    const scene = await newBatchScene();
    const { schemas } = (await new Api(null).get("/openapi.json")).body.components;
    const { examples } = schemas.NewReconciliationRule;
    expect(examples.map(({ cardinality }: Record<string, unknown>) => cardinality)).toEqual([undefined, "many_to_one"]);
    for (const [index, example] of examples.entries()) {
      const made = await must(make(scene, { ...example, reconciliation_id: scene.reconciliation }), 201);
      const shown = { ...schemas.ReconciliationRule.examples[index], reconciliation_id: scene.reconciliation };
      const { id, created_at, updated_at } = made.body;
      expect(made.body).toEqual({ ...shown, id, created_at, updated_at });
    }
  });
});

describe("a change of a group rule", () => {
  it("leaves what it does not name, and makes a version of what it does", async () => {
    const scene = await newBatchScene([MANY]);
    const path = `${PATH}/${scene.rules[0]}`;
    const steps: [object, object][] = [
      [{ rollup: BY_DATE }, { rollup: BY_DATE, version: 2 }],
      [{ cardinality: "many_to_many" }, { rollup: BY_DATE, cardinality: "many_to_many", version: 3 }],
      [{ group_by: ["external_id", "date"] }, { rollup: BY_DATE, group_by: ["external_id", "date"], version: 4 }],
      [
        { rollup: { lookback_days: 3 } },
        { rollup: { group_by_kind: "identifier", lookback_days: 3, date_field: "date" }, version: 5 },
      ],
      [
        { subset: true, filters: and(REFERENCE) },
        { subset: true, filters: and(REFERENCE), version: 6 },
      ],
      [
        { group_by: null, rollup: null },
        { group_by: null, rollup: null, subset: true, version: 7 },
      ],
      [
        { cardinality: "one_to_one", subset: false },
        { cardinality: "one_to_one", subset: false, filters: and(REFERENCE), version: 8 },
      ],
    ];
    let before = (await scene.api.get(path)).body;
    expect(before).toMatchObject({ ...MANY, version: 1 });
    for (const [change, expected] of steps) {
      const after = (await must(scene.api.patch(path, change), 200)).body;
      const { plan, updated_at } = after;
      expect(after).toEqual({ ...before, ...expected, plan, updated_at });
      before = after;
    }
    expect((await scene.api.get(path)).body).toEqual(before);
  });

  it("of none of its fields makes no version", async () => {
    const scene = await newBatchScene([{ ...MANY, rollup: {} }]);
    const path = `${PATH}/${scene.rules[0]}`;
    const before = (await scene.api.get(path)).body;
    for (const body of [{}, { rollup: { date_field: "date" } }, { ...MANY, subset: false }]) {
      expect((await must(scene.api.patch(path, body), 200)).body).toEqual(before);
    }
  });

  const PAIR = { filters: SAME_REFERENCE };
  const SUBSET = { cardinality: "many_to_many", subset: true, filters: SAME_REFERENCE };
  it.each([
    [
      PAIR,
      { cardinality: "many_to_one" },
      [
        ["/filters", "amount_condition_required"],
        ["/group_by", "required"],
      ],
    ],
    [PAIR, { cardinality: "many_to_one", group_by: ["date"] }, [["/filters", "amount_condition_required"]]],
    [PAIR, { group_by: ["date"] }, [["/group_by", "needs_group_rule"]]],
    [
      { ...MANY, rollup: BY_DATE, subset: true },
      { cardinality: "one_to_one" },
      [
        ["/group_by", "needs_group_rule"],
        ["/rollup", "needs_group_rule"],
        ["/subset", "needs_group_rule"],
      ],
    ],
    [MANY, { group_by: null }, [["/group_by", "required"]]],
    [MANY, { filters: SAME_REFERENCE }, [["/filters", "amount_condition_required"]]],
    [MANY, { rollup: { group_by_kind: "date" } }, [["/rollup/lookback_days", "required"]]],
    [
      SUBSET,
      { subset: false },
      [
        ["/filters", "amount_condition_required"],
        ["/group_by", "required"],
      ],
    ],
    [
      SUBSET,
      { subset: false, priority: -1, version: 2 },
      [
        ["/filters", "amount_condition_required"],
        ["/group_by", "required"],
        ["/priority", "too_small"],
        ["/version", "unknown_field"],
      ],
    ],
    [
      MANY,
      { cardinality: "many", group_by: ["amount"], filters: and() },
      [
        ["/cardinality", "invalid_value"],
        ["/filters/rules", "empty_rules"],
        ["/group_by/0", "changing_field"],
      ],
    ],
  ])("%j to %j is refused for what would come of it", async (rule, change, errors) => {
    const scene = await newBatchScene([rule]);
    const path = `${PATH}/${scene.rules[0]}`;
    const before = (await scene.api.get(path)).body;
    const reply = await scene.api.patch(path, change);
    expect(reply.status).toBe(422);
    expect(errorsOf(reply)).toEqual(errors);
    expect((await scene.api.get(path)).body).toEqual(before);
  });

  it("tells another environment nothing of the rule, however wrong the change", async () => {
    const [scene, stranger] = await Promise.all([newBatchScene([MANY]), newTenant()]);
    const path = `${PATH}/${scene.rules[0]}`;
    expect((await stranger.writer.patch(path, { group_by: null })).status).toBe(404);
    expect(errorsOf(await stranger.writer.patch(path, { group_by: null, priority: -1 }))).toEqual([
      ["/priority", "too_small"],
    ]);
  });
});

describe("a rule from before there were groups", () => {
  async function newOldRule(): Promise<{ scene: Scene; path: string }> {
    const scene = await newBatchScene([{ filters: SAME_REFERENCE_AND_AMOUNT, on_ambiguous: "skip" }]);
    const stored = { filters: SAME_REFERENCE_AND_AMOUNT, cardinality: "one_to_one", on_ambiguous: "skip" };
    await runBatch(scene.db, [
      sql`update rule_versions set definition = ${JSON.stringify(stored)}
        where rule_id = (select id from reconciliation_rules where uid = ${scene.rules[0]})`,
    ]);
    return { scene, path: `${PATH}/${scene.rules[0]}` };
  }

  it("is shown as one without them", async () => {
    const { scene, path } = await newOldRule();
    expect((await scene.api.get(path)).body).toMatchObject({
      filters: SAME_REFERENCE_AND_AMOUNT,
      cardinality: "one_to_one",
      group_by: null,
      rollup: null,
      subset: false,
      on_ambiguous: "skip",
      version: 1,
    });
  });

  it("becomes a group rule by a change, and stays as it is by none", async () => {
    const { scene, path } = await newOldRule();
    const same = await must(scene.api.patch(path, { group_by: null, subset: false }), 200);
    expect(same.body.version).toBe(1);
    const change = { cardinality: "one_to_many", group_by: ["metadata.ref"] };
    const changed = await must(scene.api.patch(path, change), 200);
    expect(changed.body).toMatchObject({ ...change, on_ambiguous: "skip", rollup: null, subset: false, version: 2 });
  });
});

describe("a group rule's plan", () => {
  it.each([
    [{ ...MANY, filters: SAME_REFERENCE_AND_AMOUNT }, { kind: "key" }],
    [{ ...MANY, filters: and(AMOUNT, or(REFERENCE, { ...REFERENCE, value: "external_id" })) }, { kind: "union" }],
    [{ ...MANY, cardinality: "many_to_many" }, { kind: "key" }],
    [{ ...MANY, group_by: ["date", "currency"] }, { kind: "key" }],
    [
      MANY,
      {
        kind: "scan",
        why:
          "Records of Side B that lack metadata.ref are compared with every open group of Side A. " +
          "Add an eq between metadata.ref and a field of Side B.",
      },
    ],
    [
      { cardinality: "many_to_one", subset: true, filters: and(CONTAINS) },
      { kind: "scan", why: expect.stringContaining("nothing to look up by") },
    ],
  ])("of %j says how members are found", async (fields, plan) => {
    const scene = await newBatchScene();
    expect((await must(make(scene, fields), 201)).body.plan).toEqual(plan);
  });
});
