import { sql } from "drizzle-orm";
import { AUDIT_PAGE_MAX_CHARS } from "../config.ts";
import type { ChainHead } from "../core/chain.ts";
import { type Db, first, runBatch } from "./client.ts";

/** A link with what its match and allocations say today. */
export interface StoredLink {
  no: number;
  kind: "match" | "void";
  payload: string;
  previous_hash: string;
  hash: string;
  match_uid: string | null;
  status: "matched" | "voided" | null;
  /** The facts of the match's rows, in the form of a `MatchFact` and a `VoidFact`. */
  match_fact: string | null;
  void_fact: string | null;
  void_links: number;
}

const matchFact = sql.raw(`json_object('kind', 'match', 'match_id', m.uid, 'reconciliation_id', c.uid,
  'rule_id', coalesce(ru.uid, pr.uid), 'rule_version', m.rule_version, 'method', m.method, 'currency', m.currency,
  'variance', m.variance, 'records', (
    select json_group_array(json_object('record_id', r.uid, 'side', a.side, 'amount', a.amount))
    from allocations a join records r on r.id = a.record_id where a.match_id = m.id),
  'explanation', json(m.explanation), 'at', m.created_at)`);

const voidFact = sql.raw(`json_object('kind', 'void', 'match_id', m.uid, 'reconciliation_id', c.uid,
  'reason', m.void_reason, 'at', m.voided_at)`);

/**
 * At most `limit` links from number `from` on, less where they are very long, up to before number `to`; the matches
 * among their rows that no link speaks of; and where the chain ended at that moment.
 */
export async function readLinks(
  db: Db,
  reconciliationId: number,
  from: number,
  limit: number,
  maxChars: number = AUDIT_PAGE_MAX_CHARS,
): Promise<{ links: StoredLink[]; to: number; unlinked: string[]; head: ChainHead }> {
  const to = await findEnd(db, reconciliationId, from, from + limit, maxChars);
  const range = sql`l.reconciliation_id = ${reconciliationId} and l.no >= ${from} and l.no < ${to}`;
  const [links, unlinked, heads] = await runBatch(db, [
    sql`select l.no, l.kind, l.payload, l.previous_hash, l.hash, m.uid as match_uid, m.status,
        case l.kind when 'match' then ${matchFact} end as match_fact,
        case l.kind when 'void' then ${voidFact} end as void_fact,
        (select count(*) from links v where v.match_id = l.match_id and v.kind = 'void') as void_links
      from links l left join matches m on m.id = l.match_id and m.reconciliation_id = l.reconciliation_id
      left join reconciliations c on c.id = m.reconciliation_id
      left join reconciliation_rules ru on ru.id = m.rule_id
      left join payment_rules pr on pr.id = m.payment_rule_id
      where ${range} order by l.no`,
    // Matches get their row numbers in the order of their links, so that a page of links bounds a range of matches.
    sql`select m.uid from matches m
      left join links l on l.match_id = m.id and l.kind = 'match' and l.no = m.link_no
      where m.reconciliation_id = ${reconciliationId} and m.status in ('matched', 'voided')
        and m.id >= coalesce((select l.match_id from links l where l.reconciliation_id = ${reconciliationId}
          and l.no < ${from} and l.kind = 'match' order by l.no desc limit 1), 0)
        and m.id <= coalesce((select l.match_id from links l where l.reconciliation_id = ${reconciliationId}
          and l.no >= ${to} and l.kind = 'match' order by l.no limit 1), 9007199254740991)
        and l.no is null limit 1`,
    sql`select chain_no as no, chain_hash as hash from reconciliations where id = ${reconciliationId}`,
  ]);
  const head = heads?.results[0] as ChainHead | undefined;
  if (!head) throw new Error("a chain belongs to a reconciliation");
  return {
    head,
    links: links?.results as StoredLink[],
    to,
    unlinked: ((unlinked?.results ?? []) as { uid: string }[]).map((row) => row.uid),
  };
}

/** The number before which a page ends so that its payloads are not too much; a match's facts are as long again. */
async function findEnd(db: Db, reconciliationId: number, from: number, to: number, maxChars: number): Promise<number> {
  const row = await first<{ end: number | null }>(
    db,
    sql`select min(no) as "end" from (
        select no, sum(length(payload)) over (order by no) - length(payload) as chars_before from links
        where reconciliation_id = ${reconciliationId} and no >= ${from} and no < ${to})
      where chars_before > ${maxChars}`,
  );
  return row?.end ?? to;
}
