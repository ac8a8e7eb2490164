import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { INTEGRITY_COUNT_PAGE_ROWS } from "../../src/config.ts";
import { all } from "../../src/db/client.ts";
import { addSilently } from "../support/bulk.ts";
import { tamperWith } from "../support/integrity.ts";
import { must, newScene, type Scene } from "../support/scene.ts";

const PATH = "/v1/admin/integrity";

/** A source `left` of two pages. */
async function newLargeSource() {
  const scene = await newScene();
  const rows = Array.from({ length: INTEGRITY_COUNT_PAGE_ROWS + 500 }, () => ({}));
  const [first] = await addSilently(scene, "left", rows);
  return { scene, first: first as string };
}

/** What a deletion writes, without a word to any Reconciler. */
async function deleteOldest({ tenant }: Scene): Promise<void> {
  const oldest = `(select min(r.id) from records r cross join data_sources s on s.id = r.source_id
    where s.environment_id = ?1 and s.key = 'left' and r.deleted_at is null)`;
  const source = "(select id from data_sources where environment_id = ?1 and key = 'left')";
  await tamperWith(
    [
      `insert into changes (source_id, no, record_id, token) select id, change_no + 1, ${oldest}, 1
        from data_sources where id = ${source}`,
      `update data_sources set change_no = change_no + 1, record_count = record_count - 1 where id = ${source}`,
      `update records set deleted_at = 1 where id = ${oldest}`,
    ],
    [tenant.environmentId],
  );
}

/** Every page of a check, with something done after each. */
async function walk({ api }: Scene, check: string, meanwhile: () => Promise<unknown>, from = "") {
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the API, whatever it has
  const pages: any[] = [];
  for (let cursor: string | null = from; cursor !== null; ) {
    const query: string = `check=${check}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await must(api.get(`${PATH}?${query}`), 200);
    pages.push(body);
    await meanwhile();
    cursor = body.next_cursor;
    if (pages.length > 20) throw new Error("it does not come to an end");
  }
  return pages;
}

describe("what is too much for one statement", { timeout: 120_000 }, () => {
  it("is counted while more comes in, and is not settled as long as what was counted changes", async () => {
    const { scene } = await newLargeSource();
    for (const check of ["record_counts", "source_days"]) {
      const pages = await walk(scene, check, () => addSilently(scene, "left", [{}]));
      expect(pages.flatMap(({ findings, unsettled }) => [...findings, ...unsettled])).toEqual([]);
      expect(pages[0].checked).toBe(INTEGRITY_COUNT_PAGE_ROWS);

      const changing = await walk(scene, check, () => deleteOldest(scene));
      const ends = changing.flatMap(({ unsettled }) => unsettled);
      expect(ends).toMatchObject([{ resource_id: "left", message: expect.stringContaining("kept changing") }]);
      expect(changing.flatMap(({ findings }) => findings)).toEqual([]);
      const [{ retry_cursor }] = ends;
      const anew = await walk(scene, check, async () => {}, retry_cursor);
      expect(anew.flatMap(({ unsettled, findings }) => [...unsettled, ...findings])).toEqual([]);
      expect(anew[0].checked).toBe(INTEGRITY_COUNT_PAGE_ROWS);
    }
    await tamperWith(
      [
        "update data_sources set record_count = 1 where environment_id = ?1 and key = 'left'",
        `update source_days set count = 2, amount_low = amount_low - 1 where source_id = (
          select id from data_sources where environment_id = ?1 and key = 'left')`,
      ],
      [scene.tenant.environmentId],
    );
    const faults = [
      ...(await walk(scene, "record_counts", () => addSilently(scene, "left", [{}]))),
      ...(await walk(scene, "source_days", () => addSilently(scene, "left", [{}]))),
    ].flatMap(({ findings }) => findings);
    expect(faults.map(({ check, resource_id }) => [check, resource_id])).toEqual([
      ["record_counts", "left"],
      ["source_days", "left"],
      ["source_days", "left"],
    ]);
    expect(Number(faults[0].expected) - Number(faults[0].found)).toBeGreaterThan(INTEGRITY_COUNT_PAGE_ROWS);
  });

  it("is counted while an import goes on", async () => {
    const scene = await newScene();
    const take = (rows: number) =>
      tamperWith(
        [
          `insert into records (uid, environment_id, source_id, date, amount, currency, direction, import_id, created_at, updated_at)
            with recursive numbers (no) as (select 1 union all select no + 1 from numbers where no < ${rows})
            select lower(hex(randomblob(16))), ?1, s.id, '2026-01-01', 1, 'USD', 1, i.id, 0, 0
            from numbers cross join data_sources s on s.environment_id = ?1 and s.key = 'left'
            cross join imports i on i.environment_id = ?1`,
          `update imports set row_count = row_count + ${rows}, created_count = created_count + ${rows} where environment_id = ?1`,
        ],
        [scene.tenant.environmentId],
      );
    await tamperWith(
      [
        `insert into imports (uid, environment_id, source_id, mapping, dialect, status, position, created_at, updated_at)
          select lower(hex(randomblob(16))), ?1, id, '{}', '{}', 'processing', '{}', 0, 0 from data_sources
          where environment_id = ?1 and key = 'left'`,
      ],
      [scene.tenant.environmentId],
    );
    await take(INTEGRITY_COUNT_PAGE_ROWS + 500);
    const pages = await walk(scene, "import_counts", () => take(3));
    expect(pages.map(({ checked }) => checked)).toEqual([INTEGRITY_COUNT_PAGE_ROWS, 503, 0]);
    expect(pages.flatMap(({ findings, unsettled }) => [...findings, ...unsettled])).toEqual([]);
  });

  it("is counted while other records are matched, and anew where one is that was counted", async () => {
    const { scene, matchOne } = await newLargeReconciliation();
    for (const check of ["reconciliation_counts", "summary_days", "exception_days", "rule_days"]) {
      const pages = await walk(scene, check, () => matchOne("new"));
      expect(pages.flatMap(({ findings, unsettled }) => [...findings, ...unsettled])).toEqual([]);
      expect(pages[0].checked).toBeGreaterThan(INTEGRITY_COUNT_PAGE_ROWS - 2);
      if (check === "rule_days") continue;
      const changing = await walk(scene, check, () => matchOne("counted"));
      const [{ retry_cursor, resource_id }] = changing.flatMap(({ unsettled }) => unsettled);
      expect(resource_id).toBe(scene.reconciliation);
      expect(changing.flatMap(({ findings }) => findings)).toEqual([]);
      const anew = await walk(scene, check, async () => {}, retry_cursor);
      expect(anew.flatMap(({ unsettled, findings }) => [...unsettled, ...findings])).toEqual([]);
    }
  });
});

/**
 * A reconciliation of more matched records than one page has, with a link for each, after some that nothing is matched
 * with; all as the services would write it, which would take long.
 */
async function newLargeReconciliation() {
  const { scene } = await newLargeSource();
  const values = [scene.tenant.environmentId, scene.reconciliation];
  const reconciliation = "(select id from reconciliations where uid = ?2)";
  const source = "(select id from data_sources where environment_id = ?1 and key = 'left')";
  const write = async (records: string) => {
    const numbered = `select json_group_array(json_array(id, no)) as rows from (
      select r.id, row_number() over (order by r.id) + (select chain_no from reconciliations where uid = ?2) as no
      from (${records}) r)`;
    const [chosen] = await all<{ rows: string }>(
      scene.db,
      sql.raw(numbered.replaceAll("?1", `${values[0]}`).replaceAll("?2", `'${values[1]}'`)),
    );
    const json = chosen?.rows;
    const each = "json_each(?3) j cross join records r on r.id = j.value ->> 0";
    await tamperWith(
      [
        `insert into entries (reconciliation_id, record_id, amount, matched, match_count, status, changed_at)
          select ${reconciliation}, r.id, r.amount, r.amount, 1, 2, 0 from ${each} where true
          on conflict do update set matched = excluded.matched, match_count = 1, status = 2`,
        `insert into matches (uid, environment_id, reconciliation_id, method, status, currency, variance, explanation,
            set_key, link_no, created_at)
          select ?2 || '/' || (j.value ->> 1), ?1, ${reconciliation}, 'manual', 'matched', 'USD', 0, '[]', '', j.value ->> 1, 0
          from ${each}`,
        `insert into allocations (match_id, record_id, side, amount)
          select m.id, r.id, 'a', r.amount from ${each} cross join matches m on m.uid = ?2 || '/' || (j.value ->> 1)`,
        `insert into links (reconciliation_id, no, kind, match_id, payload, previous_hash, hash)
          select m.reconciliation_id, m.link_no, 'match', m.id, '', m.link_no - 1, m.link_no
          from ${each} cross join matches m on m.uid = ?2 || '/' || (j.value ->> 1)`,
        `update reconciliations set chain_no = chain_no + json_array_length(?3),
          chain_hash = chain_no + json_array_length(?3) where id = ${reconciliation}`,
        `update reconciliation_sources set reconciled_count = reconciled_count + json_array_length(?3)
          where reconciliation_id = ${reconciliation} and source_id = ${source}`,
      ],
      [...values, json],
    );
  };
  const ofSource = `select id, amount from records where source_id = ${source}`;
  await tamperWith(
    [
      `insert into entries (reconciliation_id, record_id, amount, overdue_at)
        select ${reconciliation}, id, amount, 1 from (${ofSource} order by id limit 50)`,
    ],
    values,
  );
  await write(`${ofSource} order by id limit -1 offset 100`);
  const open = `${ofSource} and not exists (
    select 1 from allocations x where x.record_id = records.id) order by id`;
  const matchOne = async (which: "new" | "counted") => {
    if (which === "counted") return write(`${open} limit 1`);
    await addSilently(scene, "left", [{}]);
    return write(`${open} desc limit 1`);
  };
  return { scene, matchOne };
}
