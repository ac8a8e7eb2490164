import { type SQL, sql } from "drizzle-orm";
import { jsonList } from "./client.ts";
import { expectNone } from "./guard.ts";
import { jsonLists } from "./json-lists.ts";
import type { CommitScope } from "./match-commit.ts";

/** A link of a transaction with an expected payment, by the records that stand for them; minor units. */
export interface NewLineItem {
  matchUid: string;
  transactionUid: string;
  paymentRecordUid: string;
  amount: number;
  method: "automatic" | "manual";
  groupUid: string | null;
}

/** The line items of new matches, which stand before them in the batch. A trigger refuses pairs that do not fit. */
export function insertLineItems(scope: CommitScope, items: readonly NewLineItem[]): SQL[] {
  const rows = items.map((item) => [
    item.matchUid,
    item.transactionUid,
    item.paymentRecordUid,
    item.amount,
    item.method,
    item.groupUid,
  ]);
  const matchUids = jsonList(items.map(({ matchUid }) => matchUid));
  return [
    ...jsonLists(rows).map(
      (list) => sql`insert into transaction_line_items (uid, environment_id, match_id, transaction_id, payment_id,
          amount, method, group_uid, created_at, updated_at)
        select m.uid, ${scope.environmentId}, m.id, t.id, p.id, j.value ->> 3, j.value ->> 4, j.value ->> 5,
          ${scope.now}, ${scope.now}
        from json_each(${list}) j cross join matches m on m.uid = j.value ->> 0
        cross join records t on t.uid = j.value ->> 1 cross join records r on r.uid = j.value ->> 2
        cross join expected_payments p on p.record_id = r.id order by j.key`,
    ),
    expectNone(sql`select 1 from json_each(${matchUids}) j left join transaction_line_items i on i.uid = j.value
      where i.id is null`),
  ];
}

/** The line items of matches that are voided in the same batch. */
export function discardLineItems(scope: CommitScope, matchUids: readonly string[]): SQL {
  return sql`update transaction_line_items set discarded_at = ${scope.now}, updated_at = ${scope.now}
    where uid in (select value from json_each(${jsonList(matchUids)})) and discarded_at is null`;
}
