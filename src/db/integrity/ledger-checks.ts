import { type SQL, sql } from "drizzle-orm";
import { rowCheck, scanTable } from "./check.ts";
import type { Pair } from "./differences.ts";

const ENTRY_MESSAGE = "Some entries have another status, time of effect, ledger or environment than it.";

const sealed = (row: string) =>
  sql.raw(`json_array(${row}.status, ${row}.entry_count, ${row}.description, json(${row}.metadata), ${row}.effective_at,
    ${row}.posted_at, ${row}.external_id, ${row}.ledgerable_type, ${row}.ledgerable_uid, ${row}.archived_reason)`);

/** Ledger transactions: their entries balance, and the last of their versions says what they are. */
export const checkLedgerTransactions = rowCheck({
  resourceType: sql`'ledger_transaction'`,
  resourceId: sql`n.uid`,
  scan: scanTable("ledger_transactions"),
  fanOut: sql.raw("left join ledger_entries x on x.transaction_id = page.a"),
  from: (places) => sql`(
      select t.*, count(e.id) as entries, count(distinct e.direction) as directions,
        coalesce(sum(e.status <> t.status or e.effective_at <> t.effective_at or b.ledger_id <> t.ledger_id
          or e.environment_id <> t.environment_id), 0) as strangers
      from ${places} cross join ledger_transactions t on t.id = j.value ->> 0
      left join ledger_entries e on e.transaction_id = t.id and e.discarded_at is null
      left join ledger_accounts b on b.id = e.account_id
      group by t.id
    ) n left join ledger_transaction_versions v on v.transaction_id = n.id and v.version = n.version`,
  pairs: [
    { message: "It has not as many entries as it says.", expected: sql`n.entry_count`, found: sql`n.entries` },
    { message: "Its entries are not on both sides.", expected: sql`2`, found: sql`n.directions` },
    {
      message: "Its entries do not balance in some currencies.",
      expected: sql`0`,
      found: sql`(select count(*) from (select 1 from ledger_entries e cross join ledger_accounts b on b.id = e.account_id
        where e.transaction_id = n.id and e.discarded_at is null
        group by b.currency having sum(e.direction * e.amount) <> 0))`,
    },
    { message: ENTRY_MESSAGE, expected: sql`0`, found: sql`n.strangers` },
    {
      message: "Versions are missing.",
      expected: sql`n.version + 1`,
      found: sql`(select count(*) from ledger_transaction_versions w where w.transaction_id = n.id)`,
    },
    { message: "The last of its versions is not what it is.", expected: sealed("v"), found: sealed("n") },
  ],
});

const SUMS = [
  { column: "pending_debits", status: "pending", direction: -1 },
  { column: "pending_credits", status: "pending", direction: 1 },
  { column: "posted_debits", status: "posted", direction: -1 },
  { column: "posted_credits", status: "posted", direction: 1 },
] as const;

type Sum = (typeof SUMS)[number];

/** What an entry adds to a sum of its account. */
const shareOf = (entry: string, { status, direction }: Sum) =>
  `iif(${entry}.status = '${status}' and ${entry}.direction = ${direction}, ${entry}.amount, 0)`;

/** What discarded entries took out of a sum after a lock version, and before another one if it is given. */
function discardedBetween({ status, direction }: Sum, account: string, after: string, before?: string): string {
  if (status !== "pending") return "0";
  return `(select coalesce(sum(d.amount), 0) from ledger_entries d
    where d.account_id = ${account} and d.discarded_lock_version is not null and d.discarded_lock_version > ${after}
      ${before ? `and d.discarded_lock_version < ${before}` : ""} and d.direction = ${direction})`;
}

const nameOf = ({ column }: Sum) => column.replace("_", " ");

/** Joins the last entry `q` of an account before a lock version of it, or of all. */
const joinLast = (account: string, before?: string) =>
  sql.raw(`left join ledger_entries q on q.account_id = ${account} and q.lock_version = (
    select max(z.lock_version) from ledger_entries z where z.account_id = ${account}
    ${before ? `and z.lock_version < ${before}` : ""})`);

/**
 * Each entry says what the sums of its account were after it. They follow from those after the entry before it, so that
 * each entry that is right makes the next one right, and the last one the account.
 */
export const checkLedgerEntries = rowCheck({
  resourceType: sql`'ledger_entry'`,
  resourceId: sql`e.uid`,
  scan: (environmentId, account, lockVersion, limit) => sql`select b.id as a, e.lock_version as b
    from ledger_accounts b cross join ledger_entries e
      on e.account_id = b.id and e.lock_version > iif(b.id = ${account}, ${lockVersion}, 0)
    where b.environment_id = ${environmentId} and b.id >= ${account} order by b.id, e.lock_version limit ${limit}`,
  from: (places) => sql`${places} cross join ledger_entries e on e.account_id = j.value ->> 0
    and e.lock_version = j.value ->> 1 ${joinLast("e.account_id", "e.lock_version")}`,
  pairs: SUMS.map((sum): Pair => {
    const gone = discardedBetween(sum, "e.account_id", "coalesce(q.lock_version, 0)", "e.lock_version");
    return {
      message: `The ${nameOf(sum)} of its account after it do not follow from those before it.`,
      expected: sql.raw(`coalesce(q.${sum.column}, 0) - ${gone} + ${shareOf("e", sum)}`),
      found: sql.raw(`e.${sum.column}`),
    };
  }),
});

/** The sums of ledger accounts, against their last entries and against their years. */
export const checkLedgerAccounts = rowCheck({
  resourceType: sql`'ledger_account'`,
  resourceId: sql`b.uid`,
  scan: scanTable("ledger_accounts"),
  from: (places) => sql`${places} cross join ledger_accounts b on b.id = j.value ->> 0 ${joinLast("b.id")}`,
  pairs: [
    {
      message: "The lock version is not that of the last write to it.",
      expected: sql`max(coalesce(q.lock_version, 0), coalesce((select max(d.discarded_lock_version)
        from ledger_entries d where d.account_id = b.id and d.discarded_lock_version is not null), 0))`,
      found: sql`b.lock_version`,
    },
    ...SUMS.map((sum): Pair => {
      const gone = discardedBetween(sum, "b.id", "coalesce(q.lock_version, 0)");
      return {
        message: `The ${nameOf(sum)} do not follow from its last entry.`,
        expected: sql.raw(`coalesce(q.${sum.column}, 0) - ${gone}`),
        found: sql.raw(`b.${sum.column}`),
      };
    }),
    ...SUMS.map((sum): Pair => {
      return {
        message: `The ${nameOf(sum)} of its years do not come to its own.`,
        expected: sql.raw(`b.${sum.column}`),
        found: sql.raw(`(select coalesce(sum(s.${sum.column}), 0) from ledger_sums s
          where s.account_id = b.id and s.level = 4)`),
      };
    }),
  ],
});

/** The level in two digits and the period: as texts they have the order of the table. */
const PERIOD = { level: "cast(substr(j.value ->> 1, 1, 2) as integer)", period: "substr(j.value ->> 1, 3)" };

const listSums = (sums: readonly string[]) => `json_array(${sums.map((sum) => `cast(${sum} as text)`).join(", ")})`;
const totals = (toTerm: (sum: Sum) => string) => listSums(SUMS.map((sum) => `coalesce(sum(${toTerm(sum)}), 0)`));

/** The sums of an account's years, against its months; of the months, against the days; of the days, against the entries. */
export const checkLedgerPeriods = rowCheck({
  resourceType: sql`'ledger_account'`,
  resourceId: sql`b.uid`,
  about: sql`s.period`,
  scan: (environmentId, account, period, limit) => {
    const [level, after] = typeof period === "string" ? [Number(period.slice(0, 2)), period.slice(2)] : [0, ""];
    return sql`select b.id as a, printf('%02d', s.level) || s.period as b
      from ledger_accounts b cross join ledger_sums s on s.account_id = b.id
        and (s.level, s.period) > (iif(b.id = ${account}, ${level}, 0), iif(b.id = ${account}, ${after}, ''))
      where b.environment_id = ${environmentId} and b.id >= ${account} order by b.id, s.level, s.period limit ${limit}`;
  },
  fanOut: sql.raw(`left join ledger_entries x on x.account_id = page.a and x.discarded_at is null
    and page.b like '10%' and x.effective_at >= substr(page.b, 3) and x.effective_at < substr(page.b, 3) || 'U'`),
  from: (places) => sql`${places} cross join ledger_sums s on s.account_id = j.value ->> 0
    and s.level = ${sql.raw(PERIOD.level)} and s.period = ${sql.raw(PERIOD.period)}
    cross join ledger_accounts b on b.id = s.account_id`,
  pairs: [
    {
      message: "Its debits and credits (pending, then posted) are not the sums of what lies in this period.",
      expected: sumsWithin(),
      found: sql.raw(listSums(SUMS.map(({ column }) => `s.${column}`))),
    },
  ],
});

// The day is followed by a T, the year and the month by a hyphen.
function sumsWithin(): SQL {
  return sql.raw(`iif(s.level = 10, (
    select ${totals((sum) => shareOf("e", sum))} from ledger_entries e
    where e.account_id = s.account_id and e.discarded_at is null and e.status <> 'archived'
      and e.effective_at >= s.period and e.effective_at < s.period || 'U'
  ), (
    select ${totals(({ column }) => `d.${column}`)} from ledger_sums d
    where d.account_id = s.account_id and d.level = iif(s.level = 7, 10, 7)
      and d.period >= s.period || '-' and d.period < s.period || '.'
  ))`);
}
