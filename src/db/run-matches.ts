import { type SQL, sql } from "drizzle-orm";
import { PAGE_MAX_MATCHED_RECORDS, RUN_COMMIT_PAGE_CHARS, RUN_COMMIT_PAGE_MATCHES } from "../config.ts";
import type { RunMatchSnapshot, StoredOutcome } from "../core/match-view.ts";
import { all, type Db, jsonList, runBatch } from "./client.ts";
import { ITEM_VIOLATIONS } from "./match-commit.ts";
import { matchSnapshot, matchWeight, type WeighedMatch } from "./matches.ts";
import { cutByWeight, cutPage, type Page } from "./page.ts";
import type { RunRow } from "./runs.ts";

/**
 * A record of a decided match as the run saw it. It begins as what a commit expects of a record; `before` counts the
 * run's matches that had the record earlier. Amounts in minor units.
 */
export type RunItem = [
  uid: string,
  version: number,
  matched: number,
  status: number,
  amount: number,
  before: number,
  side: "a" | "b",
  id: number,
  recordAmount: number,
  sign: 1 | -1,
];

/** A match that a run has decided. */
export interface RunMatch {
  uid: string;
  ruleId: number;
  ruleUid: string;
  ruleVersion: number;
  currency: string;
  variance: number;
  setKey: string;
  explanation: StoredOutcome[];
  items: RunItem[];
}

/** Where decided matches stand: those of a run, as of one of its attempts. */
export interface Decided {
  runId: number;
  attempt: number;
}

export function decidedBy(run: Pick<RunRow, "id" | "attempt">): Decided {
  return { runId: run.id, attempt: run.attempt };
}

/** Writes decided matches, numbered from `from` on. */
export function insertRunMatches({ runId, attempt }: Decided, from: number, matches: readonly RunMatch[]): SQL[] {
  if (matches.length === 0) return [];
  const rows = matches.map((match) => [
    match.uid,
    match.ruleId,
    match.ruleVersion,
    match.currency,
    match.variance,
    match.setKey,
    match.explanation,
    match.items,
  ]);
  return [
    sql`insert into run_matches (run_id, attempt, no, uid, rule_id, rule_version, currency, variance, set_key,
        explanation, items)
      select ${runId}, ${attempt}, ${from} + key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
        value ->> 5, value -> 6, value -> 7
      from json_each(${jsonList(rows)})`,
  ];
}

/** Decided matches in their order, from a number on: as many as one commit may want. */
export async function listRunMatches(db: Db, { runId, attempt }: Decided, from: number): Promise<RunMatch[]> {
  const size = sql.raw("(length(m.explanation) + length(m.items))");
  const rows = await all<Omit<RunMatch, "explanation" | "items"> & { explanation: string; items: string }>(
    db,
    sql`select page.uid, page.rule_id as "ruleId", ru.uid as "ruleUid", page.rule_version as "ruleVersion",
        page.currency, page.variance, page.set_key as "setKey", page.explanation, page.items
      from (select m.*, sum(${size}) over (order by m.no) - ${size} as chars_before from run_matches m
        where m.run_id = ${runId} and m.attempt = ${attempt} and m.no >= ${from}
          and m.no < ${from + RUN_COMMIT_PAGE_MATCHES}) page
      cross join reconciliation_rules ru on ru.id = page.rule_id
      where page.chars_before < ${RUN_COMMIT_PAGE_CHARS} order by page.no`,
  );
  return rows.map((row) => ({ ...row, explanation: JSON.parse(row.explanation), items: JSON.parse(row.items) }));
}

/** Deletes decided matches up to a number, as the part of a commit that has written them. */
export function deleteRunMatches({ runId, attempt }: Decided, before: number): SQL {
  return sql`delete from run_matches where run_id = ${runId} and attempt = ${attempt} and no < ${before}`;
}

/** What of decided matches is no longer as the run saw it. */
export interface Change {
  match_uid: string;
  record_uid: string;
}

/**
 * Records of a range of decided matches that have changed since, each named once for every match that was the first to
 * have it, and sets that were voided since, by one of their records.
 */
export async function listChanges(
  db: Db,
  reconciliationId: number,
  { runId, attempt }: Decided,
  from: number,
  to: number,
  limit: number,
): Promise<Change[]> {
  const range = sql`m.run_id = ${runId} and m.attempt = ${attempt} and m.no >= ${from} and m.no < ${to}`;
  const [changed, voided] = await runBatch(db, [
    sql`select m.uid as match_uid, i.value ->> 0 as record_uid
      from run_matches m cross join json_each(m.items) i
      left join records r on r.id = i.value ->> 7
      left join entries e on e.reconciliation_id = ${reconciliationId} and e.record_id = r.id
      where ${range} and i.value ->> 5 = 0 and (${sql.join(Object.values(ITEM_VIOLATIONS), sql` or `)})
      limit ${limit}`,
    sql`select m.uid as match_uid, m.items ->> '$[0][0]' as record_uid
      from run_matches m cross join voided_sets v on v.reconciliation_id = ${reconciliationId} and v.set_key = m.set_key
      where ${range} limit ${limit}`,
  ]);
  return [...((changed?.results ?? []) as Change[]), ...((voided?.results ?? []) as Change[])].slice(0, limit);
}

/** Which of some sets a person has taken apart. */
export async function listVoidedAmong(db: Db, reconciliationId: number, setKeys: readonly string[]): Promise<string[]> {
  const rows = await all<{ set_key: string }>(
    db,
    sql`select v.set_key from json_each(${jsonList(setKeys)}) k
      cross join voided_sets v on v.reconciliation_id = ${reconciliationId} and v.set_key = k.value`,
  );
  return rows.map((row) => row.set_key);
}

const decidedSnapshot = sql.raw(`json_object('id', m.uid, 'rule_id', ru.uid, 'rule_version', m.rule_version,
  'variance', m.variance, 'currency', m.currency,
  'records', (
    select json_group_array(json_object('record_id', i.value ->> 0, 'side', i.value ->> 6, 'amount', i.value ->> 4)
      order by i.value ->> 6, i.value ->> 7)
    from json_each(m.items) i),
  'explanation', json(m.explanation), 'filters', json_extract(v.definition, '$.filters'))`);

/**
 * A page of what a run proposes or has made, as decided: the first one first, after a position. Short where the matches
 * have very many records.
 */
export async function listMatchesOfRun(
  db: Db,
  run: RunRow,
  after: number | null,
  limit: number,
): Promise<Page<RunMatchSnapshot>> {
  const { runId, attempt } = decidedBy(run);
  const found = await all<WeighedMatch>(
    db,
    run.mode === "commit"
      ? sql`select found.id, ${matchWeight} as weight from (
          select id from matches where run_id = ${runId} and id > ${after ?? 0} order by id limit ${limit + 1}) found
          order by found.id`
      : sql`select no as id, json_array_length(items) as weight from run_matches
          where run_id = ${runId} and attempt = ${attempt} and no > ${after ?? -1} and ${run.proposals} = 'kept'
          order by no limit ${limit + 1}`,
  );
  const { rows, next } = cutByWeight(cutPage(found, limit), PAGE_MAX_MATCHED_RECORDS);
  const ids = jsonList(rows.map(({ id }) => id));
  const snapshots = await all<{ snapshot: string }>(
    db,
    run.mode === "commit"
      ? sql`select ${matchSnapshot} as snapshot from json_each(${ids}) j cross join matches m on m.id = j.value
          order by j.key`
      : sql`select ${decidedSnapshot} as snapshot from json_each(${ids}) j
          cross join run_matches m on m.run_id = ${runId} and m.attempt = ${attempt} and m.no = j.value
          cross join reconciliation_rules ru on ru.id = m.rule_id
          cross join rule_versions v on v.rule_id = m.rule_id and v.version = m.rule_version
          order by j.key`,
  );
  return { rows: snapshots.map(({ snapshot }) => JSON.parse(snapshot) as RunMatchSnapshot), next };
}

/**
 * Statements that let go of what runs have decided and nobody is to see again: one page of it. Of previews the newest
 * `kept` stay, and the one that is to be committed.
 */
export function dropRunMatches(reconciliationId: number, spared: number | null, kept: number, page: number): SQL[] {
  const own = sql`reconciliation_id = ${reconciliationId} and proposals <> 'dropped'`;
  return [
    sql`update runs set proposals = 'dropping' where id in (
      select id from runs where ${own} and mode = 'preview' and proposals = 'kept' order by id desc limit -1 offset ${kept})
      and id is not ${spared}`,
    sql`delete from run_matches where rowid in (
      select m.rowid from runs r cross join run_matches m on m.run_id = r.id
      where r.reconciliation_id = ${reconciliationId} and r.proposals <> 'dropped' and r.proposals = 'dropping'
      limit ${page})`,
    sql`update runs set proposals = 'dropped' where ${own} and proposals = 'dropping'
      and not exists (select 1 from run_matches m where m.run_id = runs.id)`,
  ];
}
