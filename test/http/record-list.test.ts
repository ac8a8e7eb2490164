import { beforeAll, describe, expect, it } from "vitest";
import { PAGE_SCAN_MAX_ROWS } from "../../src/config.ts";
import { first } from "../../src/db/client.ts";
import { listRecords, type RecordFilters } from "../../src/db/list-records.ts";
import { handleCron } from "../../src/runtime/cron.ts";
import type { Api, Reply } from "../support/api.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { bindings, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { newTenant } from "../support/tenant.ts";

const PATH = "/v1/records";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const namesOf = (reply: Reply): string[] => reply.body.data.map((row: { external_id: string }) => row.external_id);
const pathsOf = (reply: Reply) => reply.body.errors.map((error: { path: string }) => error.path).sort();

async function walk(by: Api, query: string, onPage: (page: number) => Promise<unknown> = async () => undefined) {
  const names: string[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const reply = await must(by.get(`${PATH}?${query}${cursor === "" ? "" : `&cursor=${cursor}`}`), 200);
    names.push(...namesOf(reply));
    sizes.push(reply.body.data.length);
    expect(reply.body.has_more).toBe(reply.body.next_cursor !== null);
    cursor = reply.body.next_cursor;
    await onPage(sizes.length);
  }
  return { names, sizes };
}

describe("the filters of a list of records", () => {
  let scene: Scene;
  let places: { match: string; other: string };

  // Read by every test below and changed by none.
  beforeAll(async () => {
    scene = await newScene({ filters: SAME_REFERENCE, expectedWithinDays: 3 });
    const soon = "2999-01-01";
    const left = (external_id: string, fields: object) => must(scene.left({ external_id, ...fields }), 201);
    await left("usd", { amount: 10.5, expected_by: soon, description: "Invoice ÄB #1", metadata: { ref: "1", n: 5 } });
    await left("jpy", { amount: 11, currency: "JPY", expected_by: soon, date: "2026-03-11" });
    await left("bhd", { amount: 10.499, currency: "BHD", expected_by: soon, metadata: { ok: true, n: "5" } });
    await left("late", { amount: 99, direction: "debit", date: "2026-01-02", metadata: { "a b": "x[y]" } });
    const paid = await must(
      scene.right({ external_id: "paid", amount: 4, metadata: { ref: "1", tags: ["x"] }, expected_by: soon }),
      201,
    );
    await must(scene.right({ external_id: "usd", amount: 7, date: "2026-03-12", expected_by: soon }), 201);
    await handleCron(bindings, Date.now());
    await must(scene.api.post("/v1/data_sources", { key: "third", name: "Third" }), 201);
    const other = await must(
      scene.api.post("/v1/reconciliations", { name: "Other", side_a: ["left"], side_b: ["third"] }),
      201,
    );
    places = { match: paid.body.reconciliations[0].match_ids[0], other: other.body.id };
  });

  it.each([
    ["", "usd paid late bhd jpy usd"],
    ["type_key=left", "late bhd jpy usd"],
    ["type_key=third", ""],
    ["reconciliation_id=R", "usd paid late bhd jpy usd"],
    ["reconciliation_id=O", "late bhd jpy usd"],
    ["reconciliation_match_id=M", "paid usd"],
    ["reconciliation_match_id=M&type_key=right", "paid"],
    ["external_id=usd", "usd usd"],
    ["external_id=usd&type_key=left", "usd"],
    ["external_id=US", ""],
    ["status=unreconciled", "usd late bhd jpy"],
    ["status=partially_reconciled", "usd"],
    ["status=reconciled", "paid"],
    ["status=partially_reconciled&reconciliation_id=R", "usd"],
    ["status=unreconciled&reconciliation_id=R", "usd late bhd jpy"],
    ["status=reconciled&reconciliation_id=R", "paid"],
    ["status=unreconciled&reconciliation_id=O", "late bhd jpy usd"],
    ["status=partially_reconciled&reconciliation_id=O", ""],
    ["direction=debit", "late"],
    ["direction=credit&type_key=left", "bhd jpy usd"],
    ["currency=jpy", "jpy"],
    ["currency=EUR", ""],
    ["date_from=2026-03-11", "usd jpy"],
    ["date_to=2026-03-10", "paid late bhd usd"],
    ["date_from=2026-03-11&date_to=2026-03-11", "jpy"],
    ["date_from=2026-03-11T23:30:00-02:00", "usd"],
    ["amount_min=10.5", "late jpy usd"],
    ["amount_min=10.4990&amount_max=11", "bhd jpy usd"],
    ["amount_max=10.4999", "usd paid bhd"],
    ["amount_min=10.501&amount_max=98.999", "jpy"],
    ["amount_max=4", "paid"],
    ["amount_max=3.999", ""],
    ["amount_min=-5&amount_max=1e400", "usd paid late bhd jpy usd"],
    ["amount_min=99999999999999999999", ""],
    ["overdue=true", "late"],
    ["overdue=true&reconciliation_id=R", "late"],
    ["overdue=true&reconciliation_id=O", ""],
    ["overdue=false&type_key=left", "bhd jpy usd"],
    ["overdue=false&reconciliation_id=O", "late bhd jpy usd"],
    ["q=invoice", "usd"],
    ["q=HD", "bhd"],
    ["q=%25", ""],
    ["q=%23", "usd"],
    ["metadata[n]=5", "bhd usd"],
    ["metadata[ok]=true", "bhd"],
    ["metadata[n]=5&metadata[ref]=1", "usd"],
    ["metadata[a b]=x[y]", "late"],
    ["metadata[ref]=", ""],
    ["metadata[nothing]=1", ""],
    [
      "type_key=left&reconciliation_id=R&status=partially_reconciled&direction=credit&currency=USD&date_from=2026-03-01&date_to=2026-03-31&amount_min=1&amount_max=20&overdue=false&q=%231&external_id=usd&metadata[ref]=1&reconciliation_match_id=M",
      "usd",
    ],
  ])("%s find %s", async (query, names) => {
    const { match, other } = places;
    const filled = query
      .replace("=R", `=${scene.reconciliation}`)
      .replace("=O", `=${other}`)
      .replace("=M", `=${match}`);
    const reply = await must(scene.api.get(`${PATH}?${encodeURI(filled).replaceAll("%25", "%")}`), 200);
    expect(namesOf(reply).join(" ")).toBe(names);
    expect(reply.body).toMatchObject({ has_more: false, next_cursor: null });
  });

  it.each([
    ["type_key=unknown", ["type_key"]],
    [
      `reconciliation_id=${UNKNOWN_ID}&reconciliation_match_id=${UNKNOWN_ID}`,
      ["reconciliation_id", "reconciliation_match_id"],
    ],
    ["reconciliation_id=1&reconciliation_match_id=x", ["reconciliation_id", "reconciliation_match_id"]],
    ["status=open&direction=up&currency=ZZZ", ["currency", "direction", "status"]],
    ["date_from=2025-02-29&date_to=2025-011-08", ["date_from", "date_to"]],
    ["amount_min=NaN&amount_max=1,0", ["amount_max", "amount_min"]],
    ["overdue=yes&q=", ["overdue", "q"]],
    ["per_page=5&metadata=1&metadata[]=1", ["metadata", "metadata[]", "per_page"]],
    ["status=open&per_page=5", ["per_page", "status"]],
    ["metadata[n]=1&metadata[n]=2", ["metadata[n]"]],
    ["limit=0&cursor=", ["limit"]],
    ["cursor=nothing", ["cursor"]],
  ])("%s are refused", async (query, paths) => {
    const reply = await scene.api.get(`${PATH}?${query}`);
    expect(reply.status).toBe(422);
    expect(pathsOf(reply)).toEqual(paths);
  });

  it("know nothing of another environment", async () => {
    const { reader } = await newTenant();
    expect((await reader.get(PATH)).body.data).toEqual([]);
    expect((await reader.get(`${PATH}?external_id=usd`)).body.data).toEqual([]);
    for (const query of [
      `reconciliation_id=${scene.reconciliation}`,
      `reconciliation_match_id=${places.match}`,
      "type_key=left",
    ]) {
      expect((await reader.get(`${PATH}?${query}`)).status).toBe(422);
    }
  });

  it("may be more than a statement has parameters", async () => {
    const names = Array.from({ length: 120 }, (_, n) => `metadata[k${n}]=${n}`);
    const metadata = Object.fromEntries(names.map((_, n) => [`k${n}`, n]));
    const many = await newScene();
    await must(many.left({ external_id: "many", metadata }), 201);
    await must(many.left({ external_id: "fewer", metadata: { ...metadata, k7: 8 } }), 201);
    expect(namesOf(await must(many.api.get(`${PATH}?${names.join("&")}`), 200))).toEqual(["many"]);
  });
});

describe("pages of records", () => {
  it("neither skip nor repeat a record while others come and go", async () => {
    const scene = await newScene();
    const names = ["6", "5", "4", "3", "2", "1"];
    const ids = new Map<string, string>();
    for (const name of names.toReversed()) {
      ids.set(name, (await must(scene.left({ external_id: name }), 201)).body.id);
    }
    const { names: walked } = await walk(scene.api, "limit=2&type_key=left", async (page) => {
      await must(scene.left({ external_id: `later ${page}` }), 201);
      if (page === 1) {
        await must(scene.api.delete(`${PATH}/${ids.get("5")}`), 204);
        await must(scene.api.patch(`${PATH}/${ids.get("3")}`, { amount: 3 }), 200);
      }
    });
    expect(walked).toEqual(names);
  });

  it("are shorter than their limit where a filter finds little, and still find everything", async () => {
    const scene = await newScene();
    const count = 2 * PAGE_SCAN_MAX_ROWS + 500;
    const wanted = [3, PAGE_SCAN_MAX_ROWS + 7, PAGE_SCAN_MAX_ROWS + 8, count - 1];
    await addSilently(
      scene,
      "left",
      Array.from({ length: count }, (_, n) => ({
        externalId: `${n}`,
        direction: wanted.includes(n) ? "debit" : "credit",
      })),
    );
    const expected = wanted.map(String).toReversed();
    expect(await walk(scene.api, "direction=debit")).toEqual({ names: expected, sizes: [1, 2, 1] });
    expect(await walk(scene.api, "direction=debit&limit=1")).toEqual({ names: expected, sizes: [1, 1, 1, 1] });
    expect(await walk(scene.api, "q=nothing")).toEqual({ names: [], sizes: [0, 0, 0] });
    const { names } = await walk(scene.api, "limit=200");
    expect(new Set(names).size).toBe(count);
    expect(names).toHaveLength(count);
  });

  it("read a bounded number of rows, whatever is asked for and however many there are", async () => {
    const scene = await newScene({ runType: "batch" });
    const count = 4 * PAGE_SCAN_MAX_ROWS;
    await addSilently(
      scene,
      "left",
      Array.from({ length: count }, () => ({ metadata: { ref: "r" } })),
    );
    const ids = await first<{ environment: number; reconciliation: number; source: number }>(scene.db, {
      sql: `select c.environment_id as environment, c.id as reconciliation, s.id as source
        from reconciliations c join data_sources s on s.environment_id = c.environment_id and s.key = 'left'
        where c.uid = ?`,
      params: [scene.reconciliation],
    });
    if (!ids) throw new Error("no reconciliation");
    await bindings.DB.prepare(
      `insert into entries (reconciliation_id, record_id, amount, overdue_at)
        select ?1, id, amount, 0 from records where source_id = ?2`,
    )
      .bind(ids.reconciliation, ids.source)
      .run();
    const never = { usual: 1, byCurrency: {} };
    const inReconciliation = { reconciliationId: ids.reconciliation };
    const asked: RecordFilters[] = [
      {},
      { sourceId: ids.source },
      { externalId: "nothing" },
      { matchId: 0 },
      { status: 2 },
      { overdue: false },
      { text: "nothing" },
      { amountMax: never },
      { metadata: [{ key: "ref", value: "q" }] },
      { dateFrom: "2030-01-01" },
      { ...inReconciliation },
      { ...inReconciliation, status: 0, text: "nothing" },
      { ...inReconciliation, status: 2 },
      { ...inReconciliation, overdue: true, amountMax: never },
      { ...inReconciliation, overdue: false },
      { sourceId: ids.source, currency: "EUR" },
    ];
    for (const filters of asked) {
      const { db, rowsRead } = countRowsRead(scene.db);
      await listRecords(db, ids.environment, filters, { limit: 50, before: null });
      expect([filters, rowsRead() <= 8 * PAGE_SCAN_MAX_ROWS || rowsRead()]).toEqual([filters, true]);
    }
  });
});
