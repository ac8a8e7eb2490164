import { type SQL, sql } from "drizzle-orm";
import type { BalanceBounds } from "../core/ledger/account-view.ts";
import { type EntrySums, NO_SUMS, subtractSums } from "../core/ledger/balance.ts";
import type { Instant } from "../core/ledger/instant.ts";
import { readSums } from "../core/ledger/transaction-view.ts";
import { all, type Db, first, jsonList } from "./client.ts";

/**
 * The sums of accounts over the entries that take effect within the bounds, by row number. Without an upper bound they
 * come from the accounts' own rows. What comes before an instant is the years before it, the months of its year, the
 * days of its month, and the entries of its day: for each account one row a year, at most 11 and 30 rows more, and the
 * entries of one day, however many there are on other days. At midnight there are no entries to read.
 */
export async function readSumsWithin(
  db: Db,
  accounts: readonly { id: number; sums: EntrySums }[],
  bounds: BalanceBounds,
): Promise<Map<number, EntrySums>> {
  const ids = accounts.map(({ id }) => id);
  const [upper, lower] = await Promise.all([
    bounds.upper === null ? undefined : readSumsBefore(db, ids, bounds.upper),
    bounds.lower === null ? undefined : readSumsBefore(db, ids, bounds.lower),
  ]);
  return new Map(
    accounts.map(({ id, sums }) => {
      const until = upper === undefined ? sums : (upper.get(id) ?? NO_SUMS);
      return [id, lower === undefined ? until : subtractSums(until, lower.get(id) ?? NO_SUMS)];
    }),
  );
}

async function readSumsBefore(
  db: Db,
  accountIds: readonly number[],
  instant: Instant,
): Promise<Map<number, EntrySums>> {
  const rows = await all<{ accountId: number; sums: string }>(db, selectSumsBefore(accountIds, instant));
  return new Map(rows.map(({ accountId, sums }) => [accountId, readSums(JSON.parse(sums))]));
}

function selectSumsBefore(accountIds: readonly number[], instant: Instant): SQL {
  const [year, month, day] = [instant.slice(0, 4), instant.slice(0, 7), instant.slice(0, 10)];
  const periods = (level: number, from: string, before: string) => sql`
    select s.account_id, s.pending_debits, s.pending_credits, s.posted_debits, s.posted_credits
    from json_each(${jsonList(accountIds)}) j cross join ledger_sums s on s.account_id = j.value
    where s.level = ${level} and s.period >= ${from} and s.period < ${before}`;
  return sql`select p.account_id as "accountId", json_array(cast(sum(p.pending_debits) as text),
      cast(sum(p.pending_credits) as text), cast(sum(p.posted_debits) as text), cast(sum(p.posted_credits) as text)) as sums
    from (
      ${periods(4, "", year)}
      union all ${periods(7, year, month)}
      union all ${periods(10, month, day)}
      union all select e.account_id, ${entrySums("e")}
      from json_each(${jsonList(accountIds)}) j cross join ledger_entries e on e.account_id = j.value
      where e.discarded_at is null and e.status <> 'archived' and e.effective_at >= ${day} and e.effective_at < ${instant}
    ) p group by p.account_id`;
}

/** What an entry adds to the four sums of its account. */
export function entrySums(entry: string): SQL {
  const share = (status: string, sign: number) =>
    `case when ${entry}.status = '${status}' and ${entry}.direction = ${sign} then ${entry}.amount else 0 end`;
  return sql.raw(
    `${share("pending", -1)} as pending_debits, ${share("pending", 1)} as pending_credits,
      ${share("posted", -1)} as posted_debits, ${share("posted", 1)} as posted_credits`,
  );
}

/**
 * An account's sums when its lock version was this one: what the last entry up to it left, less what has been
 * discarded since then. Undefined for a version that the account has not had.
 */
export async function readSumsAtLockVersion(
  db: Db,
  account: { id: number; lockVersion: number },
  lockVersion: number,
): Promise<EntrySums | undefined> {
  if (lockVersion > account.lockVersion) return undefined;
  const row = await first<{ sums: string }>(
    db,
    sql`with last as (
        select lock_version, pending_debits, pending_credits, posted_debits, posted_credits from ledger_entries
        where account_id = ${account.id} and lock_version <= ${lockVersion} order by lock_version desc limit 1
      ), gone as (
        select coalesce(sum(case when direction = -1 then amount end), 0) as debits,
          coalesce(sum(case when direction = 1 then amount end), 0) as credits
        from ledger_entries where account_id = ${account.id} and discarded_lock_version is not null
          and discarded_lock_version > (select lock_version from last) and discarded_lock_version <= ${lockVersion}
      )
      select json_array(cast(l.pending_debits - g.debits as text), cast(l.pending_credits - g.credits as text),
        cast(l.posted_debits as text), cast(l.posted_credits as text)) as sums
      from last l join gone g`,
  );
  return row ? readSums(JSON.parse(row.sums)) : NO_SUMS;
}
