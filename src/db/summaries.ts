import { type SQL, sql } from "drizzle-orm";
import { listAgeBounds } from "../core/aging.ts";
import type { Day } from "../core/calendar.ts";
import { type RecordStatus, statusOf } from "../core/reconciliation.ts";
import type { RuleRow, SummaryRow } from "../core/summary.ts";
import { type Db, runBatch } from "./client.ts";

type StoredRow = Omit<SummaryRow, "status"> & { status: number | null };

/** The place of a `date` in `AGE_BUCKETS`, as of a day. */
export function ageBucket(today: Day): SQL {
  const bounds = listAgeBounds(today).map((first, place) => sql`when date >= ${first} then ${place}`);
  return sql`case ${sql.join(bounds, sql` `)} else ${bounds.length} end`;
}

/** What there was of a reconciliation at the end of a day, by the rows of its days. */
export async function readSummary(
  db: Db,
  reconciliationId: number,
  asOf: Day,
): Promise<{ rows: SummaryRow[]; rules: RuleRow[] }> {
  const [rows, rules] = await runBatch(db, [selectRows(reconciliationId, asOf), selectRules(reconciliationId, asOf)]);
  return {
    rows: ((rows?.results ?? []) as StoredRow[]).map((row) => ({ ...row, status: readStatus(row.status) })),
    rules: (rules?.results ?? []) as RuleRow[],
  };
}

function readStatus(code: number | null): RecordStatus | null {
  return code === null ? null : statusOf(code);
}

/** All that there is, with what there was more of it then; and of it what was matched. */
function selectRows(reconciliationId: number, asOf: Day): SQL {
  const matched = sql.raw("0 as matched_high, 0 as matched_low");
  return sql`select side, currency, direction, status, ${ageBucket(asOf)} as bucket, sum(count) as count,
      cast(sum(amount_high) as text) as amount_high, cast(sum(amount_low) as text) as amount_low,
      cast(sum(matched_high) as text) as matched_high, cast(sum(matched_low) as text) as matched_low
    from (
      select rs.side, d.currency, d.direction, null as status, d.date, d.count, d.amount_high, d.amount_low, ${matched}
      from reconciliation_sources rs cross join source_days d on d.source_id = rs.source_id
      where rs.reconciliation_id = ${reconciliationId} and d.date <= ${asOf}
      union all
      select rs.side, d.currency, d.direction, nullif(d.status, 0), d.date, d.count, d.amount_high, d.amount_low,
        d.matched_high, d.matched_low
      from reconciliation_sources rs cross join summary_days d
        on d.reconciliation_id = rs.reconciliation_id and d.source_id = rs.source_id
      where rs.reconciliation_id = ${reconciliationId} and d.date <= ${asOf}
        and case d.status when 0 then d.day > ${asOf} else d.day <= ${asOf} end
    )
    group by side, currency, direction, status, bucket`;
}

function selectRules(reconciliationId: number, asOf: Day): SQL {
  return sql`select r.uid as rule_id, sum(d.matches) as matches, sum(d.records) as records
    from rule_days d left join reconciliation_rules r on r.id = d.rule_id
    where d.reconciliation_id = ${reconciliationId} and d.day <= ${asOf}
    group by d.rule_id having sum(d.matches) > 0 order by d.rule_id = 0, d.rule_id`;
}
