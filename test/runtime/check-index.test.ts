import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { addSilently } from "../support/bulk.ts";
import { listFaults, listIntegrityPages, tamperWith } from "../support/integrity.ts";
import { newPaymentScene } from "../support/payments.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE_AND_AMOUNT, type Scene } from "../support/scene.ts";

const REPAIR = "/v1/admin/integrity/repair";

const stubOf = (id: string) => bindings.RECONCILER.getByName(id);

/** Changes what a Reconciler remembers, behind its back. */
function damage(id: string, ...statements: string[]): Promise<void> {
  return runInDurableObject(stubOf(id), (_, state) => {
    for (const statement of statements) state.storage.sql.exec(statement);
  });
}

const RULES = [
  { filters: SAME_REFERENCE_AND_AMOUNT },
  { cardinality: "many_to_one", group_by: ["metadata.payout"], filters: EQUAL_AMOUNTS },
];

/** One matched pair, two records of a group that waits, one open record on the other side, and one voided pair. */
async function newIndexScene(): Promise<Scene> {
  const scene = await newScene({ rules: RULES, expectedWithinDays: 3 });
  for (const ref of ["x", "y"]) {
    await must(scene.left({ metadata: { ref } }), 201);
    await must(scene.right({ metadata: { ref } }), 201);
  }
  const [last] = await scene.matches();
  await must(scene.api.delete(`/v1/reconciliation_matches/${last.id}`), 200);
  for (const amount of [3, 4]) await must(scene.left({ amount, metadata: { payout: "p" } }), 201);
  await must(scene.right({ amount: 1_000, metadata: { payout: "p" } }), 201);
  expect(await listFaults(scene.api, "indexes")).toEqual([]);
  return scene;
}

async function expectRepair(scene: Pick<Scene, "api">, id: string): Promise<void> {
  await must(scene.api.post(REPAIR, { reconciliation_id: id }), 200);
  expect(await listFaults(scene.api)).toEqual([]);
}

const FIRST = "(select min(id) from live_items)";

describe("a damaged index", () => {
  it.each<[string, string[], string]>([
    ["a record that is missing", [`delete from live_items where id = ${FIRST}`], "lacks an open record"],
    [
      "a record that is not open",
      [`update live_items set id = 999999 where id = ${FIRST}`],
      "has a record that is not open",
    ],
    ["an older version", [`update live_items set version = 7 where id = ${FIRST}`], "has another version"],
    ["another open amount", [`update live_items set open = open - 1 where id = ${FIRST}`], "has another open of"],
    ["another number of matches", [`update live_items set matches = 1 where id = ${FIRST}`], "has another matches"],
    ["other metadata", [`update live_items set metadata = '{"ref":"z"}' where id = ${FIRST}`], "has another metadata"],
    ["another due day", [`update live_items set due = '2026-03-14' where id = ${FIRST}`], "has another due of"],
    ["a text that is gone", [`update live_items set external_id = 'e' where id = ${FIRST}`], "has another externalId"],
    [
      "a key that is missing",
      ["delete from live_keys where item_id = (select min(item_id) from live_keys where tallied is null)"],
      "lacks a key",
    ],
    [
      "a key too many",
      [
        `insert into live_keys (plan, side, key, rank, date, tie, item_id, tallied)
          select plan, side, 'other', rank, date, tie, item_id, null from live_keys limit 1`,
      ],
      "has another key",
    ],
    ["a group's sum", ["update live_tallies set low = low + 1"], "a wrong sum of a group"],
    ["a group's number of records", ["update live_tallies set count = count + 1"], "a wrong sum of a group"],
    ["a group's sum that is missing", ["delete from live_tallies"], "lacks a group's sum"],
    [
      "a sum of a group that is none",
      ["insert into live_tallies (plan, side, key, rank, count, high, low) values ('p', 'a', 'k', 1, 1, 0, 1)"],
      "a wrong sum of a group: p, Side A, k, 1",
    ],
    [
      "a record of another source",
      [`update live_items set source_id = 999999 where id = ${FIRST}`],
      "that is not its own",
    ],
    [
      "keys of nothing",
      [
        `insert into live_keys (plan, side, key, rank, date, tie, item_id, tallied)
          values ('p', 'a', 'k', 1, '2026-03-10', '', 999999, null)`,
      ],
      "that is not its own",
    ],
    ["a voided set that is forgotten", ["delete from voided_sets"], "lacks a set that a person has voided"],
    ["a voided set of nobody's", ["insert into voided_sets (set_key) values ('1.1,2.1')"], "that nobody has voided"],
  ])("is found by %s, and mended by a repair", async (_, statements, message) => {
    const scene = await newIndexScene();
    const id = scene.reconciliation;
    await damage(id, ...statements);
    const faults = await listFaults(scene.api);
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) {
      expect(fault).toMatchObject({ check: "indexes", resource_type: "reconciliation", resource_id: id });
    }
    expect(faults.map((fault) => fault.message).join("\n")).toContain(message);
    await expectRepair(scene, id);
  });

  it("is found with what it should hold and what it holds", async () => {
    const scene = await newIndexScene();
    await damage(scene.reconciliation, `update live_items set open = 5 where id = ${FIRST}`);
    expect(await listFaults(scene.api, "indexes")).toEqual([
      expect.objectContaining({ expected: "10000", found: "5" }),
    ]);
  });

  it("is found on whichever page it differs", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE_AND_AMOUNT });
    const rows = Array.from({ length: 1_200 }, (_, n) => ({ metadata: { ref: `${n}` } }));
    const uids = await addSilently(scene, "left", rows);
    expect((await listIntegrityPages(scene.api, "indexes", 1)).reduce((sum, page) => sum + page.checked, 0)).toBe(
      1_200,
    );
    for (const place of [0, 499, 500, 1_199]) {
      const uid = uids[place] as string;
      await damage(scene.reconciliation, `update live_items set version = 9 where uid = '${uid}'`);
      const [fault, ...others] = await listFaults(scene.api, "indexes", 1);
      expect(fault?.message).toContain(uid);
      expect(others).toEqual([]);
      await damage(scene.reconciliation, `update live_items set version = 1 where uid = '${uid}'`);
    }
    await damage(scene.reconciliation, "delete from live_items");
    const faults = await listFaults(scene.api, "indexes");
    expect(faults.length).toBe(200 + 1 + 200 + 1 + 200);
    expect(faults[200]?.message).toBe("There are 300 more differences like these.");
    await expectRepair(scene, scene.reconciliation);
  });

  it("is found among very many voided sets, some of them very large", async () => {
    const scene = await newIndexScene();
    const name = (no: number) => `${"1.1,".repeat(100)}${String(no).padStart(6, "0")}`;
    const reconciliation = "(select id from reconciliations where uid = ?1)";
    await tamperWith(
      [
        `insert into voided_sets (reconciliation_id, set_key, match_id)
          select ${reconciliation}, j.value, 1 from json_each(?2) j`,
      ],
      [scene.reconciliation, JSON.stringify(Array.from({ length: 3_000 }, (_, no) => name(no)))],
    );
    await must(scene.api.post(REPAIR, { reconciliation_id: scene.reconciliation }), 200);
    expect(await listFaults(scene.api, "indexes")).toEqual([]);
    await damage(
      scene.reconciliation,
      `delete from voided_sets where set_key in ('${name(0)}', '${name(1_500)}', '${name(2_999)}')`,
      `insert into voided_sets (set_key) values ('${name(1_600)}a'), ('9')`,
    );
    const faults = await listFaults(scene.api, "indexes");
    expect(faults.filter(({ expected }) => expected !== null)).toHaveLength(3);
    expect(faults.filter(({ found }) => found !== null)).toHaveLength(2);
    await expectRepair(scene, scene.reconciliation);
  });

  it("is found among very many sums of groups", async () => {
    const group = { cardinality: "many_to_one", group_by: ["metadata.payout"], filters: EQUAL_AMOUNTS };
    const scene = await newScene({ rules: [group] });
    const long = "x".repeat(300);
    const rows = Array.from({ length: 1_100 }, (_, n) => ({ metadata: { payout: n < 700 ? `${long}${n}` : `${n}` } }));
    await addSilently(scene, "left", rows);
    expect(await listFaults(scene.api, "indexes")).toEqual([]);
    await damage(
      scene.reconciliation,
      `update live_tallies set low = low + 1 where key like '%69"]' or key like '%1050"]'`,
    );
    const faults = await listFaults(scene.api, "indexes");
    expect(faults.map(({ message }) => /x?(\d+)"\]/.exec(message)?.[1]).sort()).toEqual([
      "1050",
      "1069",
      "169",
      "269",
      "369",
      "469",
      "569",
      "669",
      "69",
      "769",
      "869",
      "969",
    ]);
  });

  it("of an internal account is named by the account, and mended by it", async () => {
    const { tenant, account, expectPayment, receive } = await newPaymentScene();
    const rule = { name: "By amount", strategy: "one_to_one", conditions: { operator: "and", blocks: [] } };
    await must(tenant.admin.post("/api/reconciliation_rules", rule), 201);
    await expectPayment(500, {
      amount_lower_bound: 400,
      date_upper_bound: "2026-04-01",
      date_lower_bound: "2026-02-01",
    });
    await receive(70);
    expect(await listFaults(tenant.admin)).toEqual([]);
    await damage(account, `update live_items set payment = json_set(payment, '$.slack', 3) where side = 'b'`);
    expect(await listFaults(tenant.admin)).toEqual([
      expect.objectContaining({ check: "indexes", resource_type: "internal_account", resource_id: account }),
    ]);
    await expectRepair({ api: tenant.admin }, account);
  });
});

describe("an index that is not settled", () => {
  it("is said to be so, and nothing is said of it", async () => {
    const scene = await newIndexScene();
    const other = { name: "Other", side_a: ["left"], side_b: ["right"] };
    await must(scene.api.post("/v1/data_sources", { key: "bank", name: "Bank" }), 201);
    const settled = await must(scene.api.post("/v1/reconciliations", { ...other, side_a: ["bank"] }), 201);
    await damage(settled.body.id, "insert into voided_sets (set_key) values ('1.1')");
    await tamperWith(
      ["update data_sources set change_no = change_no + 1 where environment_id = ?1 and key = 'left'"],
      [scene.tenant.environmentId],
    );
    const pages = await listIntegrityPages(scene.api, "indexes");
    expect(pages.flatMap(({ unsettled }) => unsettled)).toEqual([
      expect.objectContaining({ check: "indexes", resource_id: scene.reconciliation }),
    ]);
    expect(pages.flatMap(({ findings }) => findings)).toEqual([
      expect.objectContaining({ check: "indexes", resource_id: settled.body.id }),
    ]);
  });

  it("is settled once the Reconciler has taken in what no poke has told it of", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    await addSilently(scene, "left", [{}]);
    await addSilently(scene, "right", [{}]);
    const pages = await listIntegrityPages(scene.api, "indexes");
    expect(pages.flatMap(({ findings, unsettled }) => [...findings, ...unsettled])).toEqual([]);
    expect(await scene.matches()).toHaveLength(1);
  });
});
