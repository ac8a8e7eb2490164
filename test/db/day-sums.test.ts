import { type SQL, sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { all, runBatch } from "../../src/db/client.ts";
import fc from "../support/fast-check.ts";
import { CHANGED_LATER, History, steps } from "../support/history.ts";
import { muteQueue } from "../support/webhooks.ts";

const PART = 1_000_000_000;
const split = (value: string) => sql.raw(`sum(${value} / ${PART}) as high, sum(${value} % ${PART}) as low`);
const ofPlaces = ({ places }: History, column: string) =>
  sql`${sql.raw(column)} in (${sql.join(
    places.map(({ id }) => sql`${id}`),
    sql`, `,
  )})`;
const ofSources = ({ scene }: History) =>
  sql`source_id in (select id from data_sources where environment_id = ${scene.tenant.environmentId})`;

const isException = sql.raw("(e.overdue_at is not null or e.ambiguous_at is not null) and e.status <> 2");

/** What is kept, and what a query over the rows says that it has to be. */
const SUMS: Record<string, (history: History) => { kept: SQL; counted: SQL }> = {
  source_days: (history) => ({
    kept: sql`select source_id, currency, direction, date, count, amount_high as high, amount_low as low
      from source_days where ${ofSources(history)} order by 1, 2, 3, 4`,
    counted: sql`select source_id, currency, direction, date, count(*) as count, ${split("amount")} from records
      where ${ofSources(history)} and deleted_at is null and is_pending = 0 group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  }),
  summary_days: (history) => ({
    kept: sql`select * from (
        select reconciliation_id, source_id, currency, direction, status, date, sum(count) as count,
          sum(amount_high) as high, sum(amount_low) as low, sum(matched_high) as matched_high,
          sum(matched_low) as matched_low
        from summary_days where ${ofPlaces(history, "reconciliation_id")} and status > 0 group by 1, 2, 3, 4, 5, 6)
      where count <> 0 or high <> 0 or low <> 0 or matched_high <> 0 or matched_low <> 0 order by 1, 2, 3, 4, 5, 6`,
    counted: sql`select e.reconciliation_id, r.source_id, r.currency, r.direction, e.status, r.date, count(*) as count,
        ${split("r.amount")}, sum(e.matched / 1000000000) as matched_high, sum(e.matched % 1000000000) as matched_low
      from entries e join records r on r.id = e.record_id
      where ${ofPlaces(history, "e.reconciliation_id")} and e.status > 0 group by 1, 2, 3, 4, 5, 6
      order by 1, 2, 3, 4, 5, 6`,
  }),
  rule_days: (history) => ({
    kept: sql`select * from (
        select reconciliation_id, rule_id, sum(matches) as matches, sum(records) as records from rule_days
        where ${ofPlaces(history, "reconciliation_id")} group by 1, 2)
      where matches <> 0 or records <> 0 order by 1, 2`,
    counted: sql`select m.reconciliation_id, coalesce(m.rule_id, 0) as rule_id, count(*) as matches,
        sum((select count(*) from allocations where match_id = m.id)) as records
      from matches m where ${ofPlaces(history, "m.reconciliation_id")} and m.status = 'matched' group by 1, 2
      order by 1, 2`,
  }),
  exception_days: (history) => ({
    kept: sql`select reconciliation_id, source_id, currency, direction, date, count, overdue_count, ambiguous_count,
        amount_high as high, amount_low as low
      from exception_days where ${ofPlaces(history, "reconciliation_id")} order by 1, 2, 3, 4, 5`,
    counted: sql`select e.reconciliation_id, r.source_id, r.currency, r.direction, r.date, count(*) as count,
        count(e.overdue_at) as overdue_count, count(e.ambiguous_at) as ambiguous_count, ${split("(r.amount - e.matched)")}
      from entries e join records r on r.id = e.record_id
      where ${ofPlaces(history, "e.reconciliation_id")} and ${isException} and r.deleted_at is null
      group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`,
  }),
};

it("keeps every sum by day in step with its rows, and every exception with its records", {
  timeout: 180_000,
}, async () => {
  muteQueue();
  const seen = { exceptions: 0, matches: 0, corrections: 0 };
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const history = await History.begin();
      for (const step of list) {
        await history.take(step);
        await expectSums(history);
        await expectExceptionsInStep(history);
      }
      await count(history, seen);
    }),
    { numRuns: 15, examples: [[CHANGED_LATER]] },
  );
  console.log(`histories came to ${JSON.stringify(seen)}`);
  expect(seen.exceptions).toBeGreaterThan(8);
  expect(seen.matches).toBeGreaterThan(10);
  expect(seen.corrections).toBeGreaterThan(0);
});

async function expectSums(history: History): Promise<void> {
  const queries = Object.values(SUMS).flatMap((sums) => Object.values(sums(history)));
  const results = await runBatch(history.scene.db, queries);
  Object.keys(SUMS).forEach((name, place) => {
    const [kept, counted] = results.slice(2 * place).map(({ results }) => results);
    expect({ name, rows: kept }).toEqual({ name, rows: counted });
  });
}

async function expectExceptionsInStep(history: History): Promise<void> {
  const rows = await all<{ status: string | null; left: number; turns: number; lines: number }>(
    history.scene.db,
    sql`select x.status, (
        select count(*) from entries e join records r on r.id = e.record_id
        where e.reconciliation_id = rs.reconciliation_id and r.source_id = rs.source_id and r.deleted_at is null
          and ${isException}) as left,
        x.version as turns, (select count(*) from exception_comments where exception_id = x.id) as lines
      from reconciliation_sources rs left join reconciliation_exceptions x
        on x.reconciliation_id = rs.reconciliation_id and x.source_id = rs.source_id
      where ${ofPlaces(history, "rs.reconciliation_id")}`,
  );
  for (const { status, left, turns, lines } of rows) {
    expect(status === "open").toBe(left > 0);
    expect(lines).toBe(turns ?? 0);
  }
}

async function count(history: History, seen: Record<"exceptions" | "matches" | "corrections", number>): Promise<void> {
  const places = (column: string) => ofPlaces(history, column);
  const [row] = await all<typeof seen>(
    history.scene.db,
    sql`select (select count(*) from reconciliation_exceptions where ${places("reconciliation_id")}) as exceptions,
      (select count(*) from matches where ${places("reconciliation_id")}) as matches,
      (select count(*) from summary_days where ${places("reconciliation_id")} and status = 0) as corrections`,
  );
  for (const name of ["exceptions", "matches", "corrections"] as const) seen[name] += row?.[name] ?? 0;
}
