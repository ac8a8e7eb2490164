import { describe, expect, it } from "vitest";
import { PAGE_SCAN_MAX_ROWS } from "../../src/config.ts";
import { first } from "../../src/db/client.ts";
import { listMatches, type MatchFilters } from "../../src/db/matches.ts";
import { matchEndpoints } from "../../src/http/v1/matches.ts";
import type { Reply } from "../support/api.ts";
import { countRowsRead } from "../support/bulk.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";

const PATH = "/v1/reconciliation_matches";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const REF = { metadata: { ref: "r" } };

const pathsOf = (reply: Reply) => reply.body.errors.map((error: { path: string }) => error.path).sort();

const within = (amount: number, unit: string) => ({
  operand: "and",
  rules: [{ key: "amount", operand: "eq", value: "amount", tolerance_amount: amount, tolerance_unit: unit }],
});

const anding = (...rules: object[]) => ({ operand: "and", rules });

async function pair(scene: Scene, left: object, right: object) {
  const a = (await must(scene.left({ ...left }), 201)).body.id as string;
  const b = (await must(scene.right({ ...right }), 201)).body;
  return { a, b: b.id as string, status: b.status as string };
}

describe("an automatic match", () => {
  it("shows both records, the values that were compared, and its link", async () => {
    const scene = await newScene({ filters: within(0.5, "dollar") });
    const { a, b } = await pair(scene, { amount: 99.6 }, { amount: 100 });
    const [match] = await scene.matches();
    expect(match).toEqual({
      id: expect.any(String),
      reconciliation_id: scene.reconciliation,
      rule_id: scene.rules[0],
      rule_version: 1,
      method: "automatic",
      status: "matched",
      variance: -0.4,
      currency: "USD",
      records: [
        { record_id: a, side: "a", amount: 99.6 },
        { record_id: b, side: "b", amount: 100 },
      ],
      explanation: [{ condition: within(0.5, "dollar").rules[0], a: 99.6, b: 100, outcome: "passed" }],
      created_at: expect.stringMatching(/Z$/),
      voided_at: null,
      void_reason: null,
      previous_hash: "",
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await scene.tenant.reader.get(`${PATH}/${match.id}`)).toMatchObject({ status: 200, body: match });
    for (const id of [a, b]) expect((await scene.record(id)).body).toMatchObject({ status: "reconciled" });
    const next = await pair(scene, { amount: 7 }, { amount: 7 });
    expect((await scene.matches(`&record_id=${next.a}`))[0].previous_hash).toBe(match.hash);
  });

  it.each([
    [within(0.5, "dollar"), { amount: 100 }, { amount: 99.5 }, 0.5],
    [within(0.5, "dollar"), { amount: 100 }, { amount: 99.49 }, null],
    [within(1, "percent"), { amount: 200 }, { amount: 202 }, -2],
    [within(1, "percent"), { amount: 200 }, { amount: 202.01 }, null],
    [within(1, "dollar"), { amount: 100, currency: "JPY" }, { amount: 101, currency: "JPY" }, -1],
    [within(0.001, "dollar"), { amount: 1.001, currency: "BHD" }, { amount: 1, currency: "BHD" }, 0.001],
    [EQUAL_AMOUNTS, { amount: 100 }, { amount: 100, currency: "EUR" }, null],
    [EQUAL_AMOUNTS, { amount: 100 }, { amount: 100, direction: "debit" }, null],
    [EQUAL_AMOUNTS, { amount: 100, direction: "debit" }, { amount: 100, direction: "debit" }, 0],
    [EQUAL_AMOUNTS, { amount: 0 }, { amount: 0 }, 0],
    [within(0.5, "dollar"), { amount: 0 }, { amount: 0.3 }, -0.3],
    [SAME_REFERENCE, { amount: 0, ...REF }, { amount: 5, ...REF }, null],
    [SAME_REFERENCE, { amount: 0, ...REF }, { amount: 0, ...REF }, null],
    [
      anding(EQUAL_AMOUNTS.rules[0] as object, { key: "direction", operand: "neq", value: "direction" }),
      { amount: 5 },
      { amount: 5, direction: "debit" },
      0,
    ],
    [
      anding(
        { key: "direction", operand: "eq", constant: "credit" },
        { constant: "debit", operand: "eq", value: "direction" },
        ...SAME_REFERENCE.rules,
      ),
      { amount: 5, ...REF },
      { amount: 5, direction: "debit", ...REF },
      0,
    ],
    [
      anding({
        key: "description",
        operand: "eq",
        value: "external_id",
        transforms: {
          key: [{ name: "regex_extract", args: { pattern: "INV-(\\d+)", group: 1 } }, "strip_leading_zeros"],
        },
      }),
      { description: "Payment INV-00042 thanks" },
      { external_id: "42" },
      0,
    ],
    [
      anding({ key: "external_id", operand: "in", value: "metadata.orders" }),
      { external_id: "o2" },
      { metadata: { orders: "o1|o2" } },
      0,
    ],
    [
      anding({ key: "date", operand: "eq", value: "date", tolerance_amount: 2, tolerance_unit: "day" }),
      {},
      { date: "2026-03-12" },
      0,
    ],
    [
      anding({ key: "date", operand: "eq", value: "date", tolerance_amount: 2, tolerance_unit: "day" }),
      {},
      { date: "2026-03-13" },
      null,
    ],
    [
      anding({ key: "description", operand: "eq", value: "description" }),
      { description: "" },
      { description: "" },
      null,
    ],
  ])("by %j of %j and %j has the variance %j", async (filters, left, right, variance) => {
    const scene = await newScene({ filters });
    const { status } = await pair(scene, left, right);
    const matches = await scene.matches();
    expect(matches.map((match) => match.variance)).toEqual(variance === null ? [] : [variance]);
    expect(status).toBe(variance === null ? "unreconciled" : "reconciled");
  });

  it("is made of whichever record comes last, on either side", async () => {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const right = await must(scene.right(), 201);
    expect(right.body.status).toBe("unreconciled");
    const left = await must(scene.left(), 201);
    expect(left.body.status).toBe("reconciled");
    expect((await scene.matches())[0].records.map((row: { record_id: string }) => row.record_id)).toEqual([
      left.body.id,
      right.body.id,
    ]);
  });

  it("without an amount condition takes the smaller amount, and the rest is completed by what comes later", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    const order = (await must(scene.left({ ...REF, amount: 100 }), 201)).body.id;
    await must(scene.right({ ...REF, amount: 60 }), 201);
    expect((await scene.record(order)).body).toMatchObject({ status: "partially_reconciled", reconciled_amount: 60 });
    await must(scene.right({ ...REF, amount: 30 }), 201);
    expect((await scene.record(order)).body).toMatchObject({ status: "partially_reconciled", reconciled_amount: 90 });
    const last = await must(scene.right({ ...REF, amount: 25 }), 201);
    expect(last.body).toMatchObject({ status: "partially_reconciled", reconciled_amount: 10 });
    expect((await scene.record(order)).body).toMatchObject({ status: "reconciled", reconciled_amount: 100 });
    const matches = await scene.matches();
    expect(matches.map((match) => match.records.map((row: { amount: number }) => row.amount))).toEqual([
      [10, 10],
      [30, 30],
      [60, 60],
    ]);
    expect(matches.every((match) => match.variance === 0)).toBe(true);
  });

  it("one record takes as many as it can at once", async () => {
    const scene = await newScene({ filters: SAME_REFERENCE });
    for (const amount of [40, 30, 50]) await must(scene.right({ ...REF, amount }), 201);
    expect((await must(scene.left({ ...REF, amount: 100 }), 201)).body).toMatchObject({
      status: "reconciled",
      reconciled_amount: 100,
    });
    expect(await scene.matches()).toHaveLength(3);
  });

  it("compares what is open here, whatever is matched elsewhere", async () => {
    const part = { filters: SAME_REFERENCE, priority: 1 };
    const scene = await newScene({ rules: [part, { filters: EQUAL_AMOUNTS, priority: 2 }] });
    const order = await must(scene.left({ ...REF, amount: 100 }), 201);
    await must(scene.right({ ...REF, amount: 60 }), 201);
    expect((await must(scene.right({ amount: 100 }), 201)).body.status).toBe("unreconciled");
    expect((await must(scene.right({ amount: 40 }), 201)).body.status).toBe("reconciled");
    expect((await scene.record(order.body.id)).body.status).toBe("reconciled");
  });
});

describe("the list of matches", () => {
  async function fill() {
    const scene = await newScene({ filters: EQUAL_AMOUNTS });
    const one = await pair(scene, { amount: 1 }, { amount: 1 });
    await pair(scene, { amount: 2 }, { amount: 2 });
    const open = await pair(scene, { amount: 3, currency: "EUR" }, { amount: 3, currency: "EUR", direction: "debit" });
    const manual = { reconciliation_id: scene.reconciliation, record_ids: [open.a, open.b] };
    await must(scene.api.post(PATH, manual), 201);
    const [, second] = await scene.matches();
    await must(scene.api.delete(`${PATH}/${second.id}`), 200);
    return { scene, one };
  }

  it("is narrowed by each filter and by all of them", async () => {
    const { scene, one } = await fill();
    const other = await newScene();
    const list = async (query: string) => {
      const reply = await must(scene.api.get(`${PATH}?${query}`), 200);
      return reply.body.data.map((match: { records: { amount: number }[] }) => match.records[0]?.amount);
    };
    const here = `reconciliation_id=${scene.reconciliation}`;
    const byRule = `rule_id=${scene.rules[0]}`;
    for (const [query, amounts] of [
      ["", [3, 2, 1]],
      [here, [3, 2, 1]],
      [byRule, [2, 1]],
      [`record_id=${one.b}`, [1]],
      ["method=manual", [3]],
      ["method=automatic", [2, 1]],
      ["status=voided", [2]],
      ["status=matched", [3, 1]],
      [`${here}&status=matched`, [3, 1]],
      [`${here}&${byRule}&record_id=${one.a}&method=automatic&status=matched`, [1]],
      [`${here}&record_id=${one.a}&status=voided`, []],
    ] as const) {
      expect([query, await list(query)]).toEqual([query, amounts]);
    }
    expect((await other.api.get(PATH)).body.data).toEqual([]);
    for (const query of [here, byRule, `record_id=${one.a}`])
      expect((await other.api.get(`${PATH}?${query}`)).status).toBe(422);
  });

  it("walks page by page while matches are made and voided", async () => {
    const { scene } = await fill();
    for (const query of ["", `reconciliation_id=${scene.reconciliation}&`]) {
      const ids = (await scene.matches()).map((match) => match.id);
      const walked: string[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const reply = await must(scene.api.get(`${PATH}?${query}limit=2${cursor && `&cursor=${cursor}`}`), 200);
        walked.push(...reply.body.data.map((match: { id: string }) => match.id));
        cursor = reply.body.next_cursor;
        expect(reply.body.has_more).toBe(cursor !== null);
        await pair(scene, { amount: 9 }, { amount: 9 });
        await must(scene.api.delete(`${PATH}/${ids.at(-1)}`), 200);
      }
      expect(walked).toEqual(ids);
    }
  });

  it.each([
    [
      `reconciliation_id=${UNKNOWN_ID}&rule_id=${UNKNOWN_ID}&record_id=${UNKNOWN_ID}`,
      ["reconciliation_id", "record_id", "rule_id"],
    ],
    ["reconciliation_id=1&rule_id=x&record_id=", ["reconciliation_id", "record_id", "rule_id"]],
    ["method=guess&status=open&side=a", ["method", "side", "status"]],
    ["limit=201", ["limit"]],
    ["cursor=1", ["cursor"]],
  ])("refuses %s", async (query, paths) => {
    const scene = await newScene();
    const reply = await scene.api.get(`${PATH}?${query}`);
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(paths);
  });

  it("reads a bounded number of rows, and answers short rather than leave something out", async () => {
    const { scene, one } = await fill();
    const ids = await first<{ environment: number; reconciliation: number; rule: number; record: number }>(scene.db, {
      sql: `select m.environment_id as environment, m.reconciliation_id as reconciliation, m.rule_id as rule, r.id as record
        from matches m join records r on r.uid = ? join allocations a on a.match_id = m.id and a.record_id = r.id`,
      params: [one.a],
    });
    if (!ids) throw new Error("no match");
    await bindings.DB.prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?1)
        insert into matches (uid, environment_id, reconciliation_id, rule_id, rule_version, method, status, currency,
          variance, explanation, set_key, link_no, created_at)
        select 'match ' || i, ?2, ?3, ?4, 1, 'automatic', 'matched', 'USD', 0, '[]', '', 1, 0 from n`,
    )
      .bind(4 * PAGE_SCAN_MAX_ROWS, ids.environment, ids.reconciliation, ids.rule)
      .run();
    await bindings.DB.prepare(
      "insert into allocations (match_id, record_id, side, amount) select id, ?, 'a', 0 from matches where uid like 'match %'",
    )
      .bind(ids.record)
      .run();
    const { reconciliation: reconciliationId, rule: ruleId, record: recordId } = ids;
    const asked: MatchFilters[] = [
      {},
      { method: "manual" },
      { status: "voided" },
      { reconciliationId },
      { reconciliationId, status: "matched" },
      { reconciliationId, status: "voided" },
      { reconciliationId, method: "manual" },
      { ruleId },
      { ruleId, status: "voided" },
      { ruleId: 0 },
      { recordId },
      { recordId, status: "voided" },
      { recordId, reconciliationId: 0 },
    ];
    for (const filters of asked) {
      const { db, rowsRead } = countRowsRead(scene.db);
      await listMatches(db, ids.environment, filters, { limit: 50, before: null });
      expect([filters, rowsRead() <= 4 * PAGE_SCAN_MAX_ROWS || rowsRead()]).toEqual([filters, true]);
    }
    const sizes: number[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const reply = await must(scene.api.get(`${PATH}?method=manual${cursor && `&cursor=${cursor}`}`), 200);
      sizes.push(reply.body.data.length);
      cursor = reply.body.next_cursor;
    }
    expect(sizes).toEqual([0, 0, 0, 0, 1]);
  });
});

describe("matches", () => {
  it.each([UNKNOWN_ID, "1", "%00"])("are not found under the id %s", async (id) => {
    const { api } = await newScene();
    expect((await api.get(`${PATH}/${id}`)).status).toBe(404);
    expect((await api.delete(`${PATH}/${id}`)).status).toBe(404);
  });

  itIsGuarded({
    endpoints: matchEndpoints,
    prepare: async (tenant) => {
      const scene = await newScene({ tenant, filters: EQUAL_AMOUNTS });
      await pair(scene, {}, {});
      return { id: (await scene.matches())[0].id };
    },
  });
});
