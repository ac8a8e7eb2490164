import { describe, expect, it } from "vitest";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../src/config.ts";
import { addSilently } from "../support/bulk.ts";
import { listExceptions } from "../support/exceptions.ts";
import { listFaults, listIntegrityPages, tamperWith } from "../support/integrity.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, type Scene } from "../support/scene.ts";

const RECONCILIATION = "(select id from reconciliations where uid = ?1)";
const LEFT = `(select s.id from data_sources s join reconciliations c on c.environment_id = s.environment_id
  where c.uid = ?1 and s.key = 'left')`;

/** Two matches, one that is voided, one in part, and an overdue record on the left. */
async function newDays() {
  const scene = await newScene({ filters: EQUAL_AMOUNTS });
  const { api, reconciliation } = scene;
  for (const amount of [1, 2, 3]) {
    await must(scene.left({ amount }), 201);
    await must(scene.right({ amount }), 201);
  }
  await must(api.delete(`/v1/reconciliation_matches/${(await scene.matches())[0].id}`), 200);
  const record_ids = [(await must(scene.left({ amount: 9 }), 201)).body.id];
  record_ids.push((await must(scene.right({ amount: 4 }), 201)).body.id);
  await must(
    api.post("/v1/reconciliation_matches", { reconciliation_id: reconciliation, record_ids, allow_partial: true }),
    201,
  );
  const { body: late } = await must(scene.left({ amount: 50 }), 201);
  await must(api.post(`/v1/reconciliations/${reconciliation}/records/${late.id}/mark_overdue`, {}), 200);
  return scene;
}

const ofLeft = (table: string) => `${table} where reconciliation_id = ${RECONCILIATION} and source_id = ${LEFT}`;

describe("days that do not add up", () => {
  it.each<[string, string, string[], string, string, string]>([
    [
      "source_days",
      "a number of records",
      [`update source_days set count = count + 1 where source_id = ${LEFT}`],
      "number of records: USD credit",
      "5",
      "6",
    ],
    [
      "source_days",
      "an amount in its lower part",
      [`update source_days set amount_low = amount_low + 1 where source_id = ${LEFT}`],
      "amount of the records: USD credit",
      "6500",
      "6501",
    ],
    [
      "source_days",
      "an amount in its higher part",
      [`update source_days set amount_high = amount_high + 1 where source_id = ${LEFT}`],
      "amount of the records: USD credit",
      "6500",
      "1000006500",
    ],
    [
      "source_days",
      "days that are gone",
      [`delete from source_days where source_id = ${LEFT}`],
      "number of records: USD credit",
      "5",
      "0",
    ],
    [
      "source_days",
      "days of nothing",
      [`insert into source_days select ${LEFT}, 'EUR', -1, '2026-01-01', 2, 0, 0`],
      "number of records: EUR debit",
      "0",
      "2",
    ],
    [
      "summary_days",
      "a number of records",
      [`update summary_days set count = 7 where rowid = (select min(rowid) from ${ofLeft("summary_days")})`],
      "number of records: left USD credit reconciled",
      "2",
      "7",
    ],
    [
      "summary_days",
      "an amount",
      [`update summary_days set amount_low = 5 where rowid = (select min(rowid) from ${ofLeft("summary_days")})`],
      "amount of the records: left USD credit reconciled",
      "300",
      "5",
    ],
    [
      "summary_days",
      "a matched amount",
      [`update ${ofLeft("summary_days").replace(" where", " set matched_low = 5 where")} and status = 1`],
      "matched amount of the records: left USD credit partially reconciled",
      "400",
      "5",
    ],
    [
      "summary_days",
      "an entry that nobody put down",
      [`delete from ${ofLeft("summary_days")} and status = 1`],
      "number of records: left USD credit partially reconciled",
      "1",
      "0",
    ],
    [
      "rule_days",
      "a number of matches",
      [`update rule_days set matches = 9 where reconciliation_id = ${RECONCILIATION} and rule_id = 0`],
      "number of matches: by hand",
      "1",
      "9",
    ],
    [
      "rule_days",
      "a number of matched records",
      [`update rule_days set records = 9 where reconciliation_id = ${RECONCILIATION} and rule_id = 0`],
      "number of matched records: by hand",
      "2",
      "9",
    ],
    [
      "rule_days",
      "a voided match that still counts",
      [`update rule_days set matches = 3 where reconciliation_id = ${RECONCILIATION} and rule_id <> 0`],
      "number of matches: ",
      "2",
      "3",
    ],
    [
      "exception_days",
      "a number of records",
      [`update ${ofLeft("exception_days").replace(" where", " set count = 3 where")}`],
      "number of records: left USD credit",
      "1",
      "3",
    ],
    [
      "exception_days",
      "a number of overdue records",
      [`update ${ofLeft("exception_days").replace(" where", " set overdue_count = 3 where")}`],
      "number of overdue records: left USD credit",
      "1",
      "3",
    ],
    [
      "exception_days",
      "a number of ambiguous records",
      [`update ${ofLeft("exception_days").replace(" where", " set ambiguous_count = 3 where")}`],
      "number of ambiguous records: left USD credit",
      "0",
      "3",
    ],
    [
      "exception_days",
      "an open amount",
      [`update ${ofLeft("exception_days").replace(" where", " set amount_low = 3 where")}`],
      "open amount of the records: left USD credit",
      "5000",
      "3",
    ],
    [
      "exception_days",
      "a record that nobody put down",
      [`delete from ${ofLeft("exception_days")}`],
      "number of records: left USD credit",
      "1",
      "0",
    ],
  ])("are found by %s: %s", async (check, _, statements, message, expected, found) => {
    const scene = await newDays();
    expect(await listFaults(scene.api)).toEqual([]);
    await tamperWith(statements, [scene.reconciliation]);
    const faults = await listFaults(scene.api, check);
    const resource_id = check === "source_days" ? "left" : scene.reconciliation;
    expect(faults).toContainEqual({
      check,
      resource_type: check === "source_days" ? "data_source" : "reconciliation",
      resource_id,
      expected,
      found,
      message: expect.stringContaining(message),
    });
    expect(faults.filter((fault) => fault.resource_id !== resource_id)).toEqual([]);
  });
});

describe("exceptions that are not as their records", () => {
  const exceptionOf = `reconciliation_exceptions where reconciliation_id = ${RECONCILIATION}`;

  it.each<[string, string[], string, string | null, string | null]>([
    [
      "one that is closed though a record is left",
      [`update ${exceptionOf.replace(" where", " set status = 'resolved', closed_at = 1 where")}`],
      "open if and only if",
      "open",
      "closed",
    ],
    [
      "one that is open though no record is left",
      [`delete from exception_days where reconciliation_id = ${RECONCILIATION}`],
      "open if and only if",
      "closed",
      "open",
    ],
    [
      "one that is open though its source has left",
      [`delete from reconciliation_sources where reconciliation_id = ${RECONCILIATION} and side = 'a'`],
      "open if and only if",
      "closed",
      "open",
    ],
    [
      "one that stays dismissed though there are more records",
      [
        `update ${exceptionOf.replace(
          " where",
          " set status = 'dismissed', closed_at = 1, dismissed_count = 0 where",
        )}`,
      ],
      "than it was dismissed with",
      "0",
      "1",
    ],
    [
      "one of another environment",
      [`update ${exceptionOf.replace(" where", " set environment_id = 1 where")}`],
      "another environment",
      expect.any(String) as unknown as string,
      "1",
    ],
  ])("are found: %s", async (_, statements, message, expected, found) => {
    const scene = await newDays();
    const [exception] = await listExceptions(scene);
    await tamperWith(statements, [scene.reconciliation]);
    expect(await listFaults(scene.api, "exceptions")).toEqual([
      {
        check: "exceptions",
        resource_type: "reconciliation_exception",
        resource_id: exception.id,
        expected,
        found,
        message: expect.stringContaining(message),
      },
    ]);
  });

  it("are found where there is none", async () => {
    const scene = await newDays();
    await tamperWith(
      [
        `delete from exception_comments where exception_id in (select id from ${exceptionOf})`,
        `delete from ${exceptionOf}`,
      ],
      [scene.reconciliation],
    );
    expect(await listFaults(scene.api, "exceptions")).toEqual([
      expect.objectContaining({
        resource_type: "reconciliation",
        resource_id: scene.reconciliation,
        expected: "open",
        found: "closed",
        message: expect.stringMatching(/^Data source left: /),
      }),
    ]);
  });

  it("are none that a person has dismissed, or whose records are done", async () => {
    const scene = await newDays();
    const [exception] = await listExceptions(scene);
    const path = `/v1/reconciliation_exceptions/${exception.id}`;
    await must(scene.api.patch(path, { status: "dismissed" }), 200);
    expect(await listFaults(scene.api)).toEqual([]);
    await must(scene.api.patch(path, { status: "investigating" }), 200);
    expect(await listFaults(scene.api)).toEqual([]);
    await must(scene.right({ amount: 50 }), 201);
    expect((await listExceptions(scene))[0].status).toBe("resolved");
    expect(await listFaults(scene.api)).toEqual([]);
    await must(scene.api.delete(`/v1/reconciliations/${scene.reconciliation}?unmatch=true`), 204);
    expect(await listFaults(scene.api)).toEqual([]);
  });
});

const ROWS = INTEGRITY_COUNT_PAGE_ROWS + 500;
const CURRENCIES = 23;
/** After so many pages the last days of the last currencies are yet to be read. */
const BEFORE_LAST_DAYS = 7;

/**
 * Records, each of its own day, matched by threes in one reconciliation and overdue in another one: as the services would
 * write it, which would take long.
 */
async function newLongDays(scene: Scene) {
  await addSilently(
    scene,
    "left",
    Array.from({ length: ROWS }, (_, n) => ({
      amount: 2_000_000_000 + n,
      currency: `C${String.fromCharCode(65 + (n % CURRENCIES))}X`,
      date: new Date(n * 86_400_000).toISOString().slice(0, 10),
    })),
  );
  const records = `records where source_id = ${LEFT}`;
  const first = `(select min(id) from ${records})`;
  const write = (text: string, reconciliation = scene.reconciliation) =>
    bindings.DB.prepare(text).bind(reconciliation).run();
  await write(`insert into entries (reconciliation_id, record_id, amount, matched, match_count, status, changed_at)
    select ${RECONCILIATION}, id, amount, amount, 1, 2, id * 86400000 from ${records}`);
  await write(`insert into matches (uid, environment_id, reconciliation_id, method, status, currency, variance,
      explanation, set_key, link_no, created_at)
    select ?1 || '/' || ((id - ${first}) / 3), environment_id, ${RECONCILIATION}, 'manual', 'matched', currency, 0, '{}',
      '', (id - ${first}) / 3 + 1, 0
    from ${records} and (id - ${first}) % 3 = 0`);
  await write(`insert into allocations (match_id, record_id, side, amount)
    select m.id, r.id, 'a', r.amount
    from (select id, (id - ${first}) / 3 as no, amount from ${records}) r
    cross join matches m on m.uid = ?1 || '/' || r.no`);
  await write(`insert into links (reconciliation_id, no, kind, match_id, payload, previous_hash, hash)
    select reconciliation_id, link_no, 'match', id, '', link_no, '' from matches
    where reconciliation_id = ${RECONCILIATION}`);
  const sides = { side_a: ["left"], side_b: ["right"] };
  const other = await must(scene.api.post("/v1/reconciliations", { name: "Other", run_type: "batch", ...sides }), 201);
  await write(
    `insert into entries (reconciliation_id, record_id, amount, overdue_at)
      select ${RECONCILIATION}, id, amount, 1
      from records where source_id in (select source_id from reconciliation_sources where reconciliation_id = ${RECONCILIATION})`,
    other.body.id,
  );
  return { other: other.body.id as string };
}

/** What is found while a record, counted already, becomes overdue whose day is yet to be read. */
async function listWhileOneBecomesOverdue({ api }: Scene, other: string) {
  const mark = (at: string) =>
    tamperWith(
      [
        `update entries set overdue_at = ${at} where reconciliation_id = ${RECONCILIATION} and record_id = (
          select id from records where source_id = ${LEFT} and currency = 'CWX' order by id limit 1 offset 500)`,
      ],
      [other],
    );
  await mark("null");
  const faults: unknown[] = [];
  let pages = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `check=exception_days${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await must(api.get(`/v1/admin/integrity?${query}`), 200);
    faults.push(...body.findings, ...body.unsettled);
    cursor = body.next_cursor;
    pages += 1;
    if (pages === BEFORE_LAST_DAYS) await mark("1");
  }
  return { faults, pages };
}

describe("days that are too many for one page", () => {
  it("add up over all of them, however many currencies there are", { timeout: 240_000 }, async () => {
    const scene = await newScene();
    const { other } = await newLongDays(scene);
    // Currencies that no cursor has room for take another round; the other reconciliation's entries are looked at as well.
    for (const [check, looks] of [
      ["source_days", 4 * ROWS],
      ["summary_days", 5 * ROWS],
      ["rule_days", ROWS + 1],
      ["exception_days", 5 * ROWS],
    ] as const) {
      const pages = await listIntegrityPages(scene.api, check);
      expect(pages.flatMap(({ findings, unsettled }) => [...findings, ...unsettled])).toEqual([]);
      const checked = pages.map((page) => page.checked);
      expect(checked.reduce((sum, one) => sum + one, 0)).toBe(looks);
      expect(Math.max(...checked)).toBeLessThanOrEqual(2 * INTEGRITY_COUNT_PAGE_ROWS);
      expect(Math.max(...pages.map(({ next_cursor }) => next_cursor?.length ?? 0))).toBeLessThan(8_000);
    }
    const undisturbed = (await listIntegrityPages(scene.api, "exception_days")).length;
    expect(await listWhileOneBecomesOverdue(scene, other)).toEqual({ faults: [], pages: undisturbed + 3 });
    await tamperWith(
      [
        `update source_days set count = count + 1 where rowid = (
          select max(rowid) from source_days where source_id = ${LEFT} and currency = 'CWX')`,
        `update summary_days set matched_low = matched_low + 1 where rowid = (
          select max(rowid) from summary_days where reconciliation_id = ${RECONCILIATION} and currency = 'CWX')`,
        `update exception_days set amount_low = amount_low + 1 where rowid = (
          select max(rowid) from exception_days
          where reconciliation_id = (select id from reconciliations where uid = ?2) and currency = 'CAX')`,
        `delete from allocations where record_id = (select max(id) from records where source_id = ${LEFT})`,
      ],
      [scene.reconciliation, other],
    );
    const faults = await Promise.all(
      ["source_days", "summary_days", "rule_days", "exception_days"].map((check) => listFaults(scene.api, check)),
    );
    expect(faults.flat().map(({ check, resource_id, message }) => [check, resource_id, message])).toEqual([
      ["source_days", "left", "Its days do not add up to the number of records: CWX credit."],
      [
        "summary_days",
        scene.reconciliation,
        "Its days do not add up to the matched amount of the records: left CWX credit reconciled.",
      ],
      ["rule_days", scene.reconciliation, "Its days do not add up to the number of matched records: by hand."],
      ["exception_days", other, "Its days do not add up to the open amount of the records: left CAX credit."],
    ]);
  });
});
