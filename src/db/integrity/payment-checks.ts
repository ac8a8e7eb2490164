import { sql } from "drizzle-orm";
import { EXPECTED_PAYMENTS } from "../expected-payments.ts";
import { rowCheck, scanTable } from "./check.ts";

const recordOn = (side: string) =>
  sql.raw(`(select x.record_id from allocations x where x.match_id = m.id and x.side = '${side}')`);

/** Transaction line items, against the matches that they are. */
export const checkLineItems = rowCheck({
  resourceType: sql`'transaction_line_item'`,
  resourceId: sql`li.uid`,
  scan: scanTable("transaction_line_items"),
  from: (places) => sql`${places} cross join transaction_line_items li on li.id = j.value ->> 0
    cross join matches m on m.id = li.match_id cross join reconciliations c on c.id = m.reconciliation_id
    cross join expected_payments p on p.id = li.payment_id`,
  pairs: [
    { message: "Its id is not that of its match.", expected: sql`m.uid`, found: sql`li.uid` },
    {
      message: "It is of another environment than its internal account.",
      expected: sql`c.environment_id`,
      found: sql`li.environment_id`,
    },
    {
      message: "It is discarded if and only if its match is voided.",
      expected: sql`m.status = 'voided'`,
      found: sql`li.discarded_at is not null`,
    },
    {
      message: "Its amount is not what its match takes of the transaction and of the expected payment.",
      expected: sql`2`,
      found: sql`(select count(*) from allocations x where x.match_id = m.id and x.amount = li.amount)`,
    },
    {
      // What was undone may since have been changed.
      message: "Its transaction does not have the direction and currency of its expected payment.",
      expected: sql`(select json_array(e.direction, e.currency) from records e where e.id = p.record_id)`,
      found: sql`(select json_array(t.direction, t.currency) from records t
        where t.id = iif(m.status = 'matched', li.transaction_id, p.record_id))`,
    },
    { message: "Its match is with another transaction.", expected: recordOn("a"), found: sql`li.transaction_id` },
    {
      // One that was undone may since have another record, in another account.
      message: "Its match is with another expected payment.",
      expected: sql`iif(m.status = 'matched', ${recordOn("b")}, p.record_id)`,
      found: sql`p.record_id`,
    },
  ],
});

const bound = (name: string) => sql.raw(`p.variables ->> '$[0].${name}'`);

/** Expected payments, against the records that stand for them, and the ledger transactions that follow them. */
export const checkExpectedPayments = rowCheck({
  resourceType: sql`'expected_payment'`,
  resourceId: sql`p.uid`,
  scan: scanTable("expected_payments"),
  from: (places) => sql`${places} cross join expected_payments p on p.id = j.value ->> 0
    cross join internal_accounts a on a.id = p.account_id
    cross join records r on r.id = p.record_id cross join data_sources s on s.id = r.source_id
    left join reconciliations c on c.account_id = p.account_id
    left join entries e on e.reconciliation_id = c.id and e.record_id = r.id
    left join ledger_transactions t on t.id = p.ledger_transaction_id`,
  pairs: [
    {
      message: "The status is not what is matched of it.",
      expected: sql`case coalesce(e.status, 0) when 1 then 'partially_reconciled' when 2 then 'reconciled'
        else iif(r.deleted_at is null, 'unreconciled', 'archived') end`,
      found: sql`p.status`,
    },
    {
      message: "Its record is not in the data source of its internal account.",
      expected: sql`${EXPECTED_PAYMENTS} || '~' || a.uid`,
      found: sql`s.key`,
    },
    {
      message: "Its record does not have its upper bound.",
      expected: bound("amount_upper_bound"),
      found: sql`r.amount`,
    },
    {
      message: "Its record does not have its lower bound, or what it was closed with.",
      expected: sql`iif(p.closed_at is null, ${bound("amount_lower_bound")}, e.matched)`,
      found: sql`r.amount_lower`,
    },
    {
      message: "Its record does not have its currency, direction and dates.",
      expected: sql`json_array(${bound("currency")}, case ${bound("direction")} when 'credit' then 1 when 'debit' then -1 end,
        coalesce(${bound("date_lower_bound")}, r.date), ${bound("date_upper_bound")})`,
      found: sql`json_array(r.currency, r.direction, r.date, r.expected_by)`,
    },
    {
      message: "Its ledger transaction does not follow its status.",
      expected: sql`iif(p.ledger_transaction_id is null, null,
        case p.status when 'reconciled' then 'posted' when 'archived' then 'archived' else 'pending' end)`,
      found: sql`t.status`,
    },
    {
      // One that was reversed stays what it was; another one has taken its place.
      message: "A ledger transaction that is not its own is linked to it.",
      expected: sql`null`,
      found: sql`(select o.uid from ledger_transactions o
        where o.ledgerable_uid = p.uid and o.id is not p.ledger_transaction_id and not exists (
          select 1 from ledger_transactions v where v.reverses_id = o.id and v.status <> 'archived') limit 1)`,
    },
    {
      message: "Its ledger transaction is linked to something else.",
      expected: sql`iif(p.ledger_transaction_id is null, null, p.uid)`,
      found: sql`t.ledgerable_uid`,
    },
  ],
});
