import type { Account, BulkView, RecordView } from "./account.ts";
import type { Book, SentBulk, SentRecord } from "./book.ts";

/** What is wrong with records, their matches and the bulk requests, in words. */
export function listRecordProblems(book: Book, account: Account): string[] {
  return [
    ...listRowProblems(book, account.records),
    ...listMatchProblems(book, account),
    ...listBulkProblems(book, account),
    ...listImportProblems(book, account),
    ...(account.chain === "valid" ? [] : [`the chain is broken: ${account.chain}`]),
  ];
}

/** Each acknowledged row is there once, each other one at most once, and none that nobody sent. */
function listRowProblems(book: Book, records: readonly RecordView[]): string[] {
  const byName = Map.groupBy(records, ({ external_id: name }) => name);
  const sent = [...book.records.values()].flatMap((one) => judgeRow(one, byName.get(one.record.external_id) ?? []));
  const unsent = [...byName.keys()].filter((name) => !book.records.has(name));
  return [...sent, ...unsent.map((name) => `${name} was never sent`)];
}

function judgeRow({ record, standing, id }: SentRecord, rows: readonly RecordView[]): string[] {
  const name = record.external_id;
  const least = standing === "acknowledged" ? 1 : 0;
  const most = standing === "deleted" ? 0 : 1;
  if (rows.length < least || rows.length > most) return [`${name} is ${standing} and there ${rows.length} times`];
  const [row] = rows;
  if (row && id !== null && row.id !== id) return [`${name} was answered as ${id} and is ${row.id}`];
  if (row && row.amount !== Number(record.amount)) return [`${name} is over ${row.amount}, not ${record.amount}`];
  return [];
}

/** Of what belongs together as many pairs are matched as can be, each record once; voided ones stay apart. */
function listMatchProblems(book: Book, { records, matches }: Account): string[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  const live = matches.filter(({ status }) => status === "matched");
  const liveByKey = Map.groupBy(live, (match) => keyOf(byId.get(match.records[0]?.record_id ?? "")));
  const voidedRefs = new Set(book.voided.values());
  const problems: string[] = [];
  for (const [key, members] of Map.groupBy(records, keyOf)) {
    const orders = members.filter(({ type_key: side }) => side === "orders").length;
    const isVoided = voidedRefs.has(members[0]?.metadata.ref ?? "");
    const expected = isVoided ? 0 : Math.min(orders, members.length - orders);
    const found = liveByKey.get(key)?.length ?? 0;
    if (found !== expected) problems.push(`${key} has ${found} matches, not ${expected}`);
  }
  const held = Map.groupBy(
    live.flatMap((match) => match.records.map(({ record_id: id }) => ({ id, match }))),
    ({ id }) => id,
  );
  for (const [id, matchesOfOne] of held) {
    const name = byId.get(id)?.external_id ?? id;
    if (matchesOfOne.length > 1) problems.push(`${name} is in ${matchesOfOne.length} matches`);
  }
  for (const record of records) {
    const expected = held.has(record.id) ? "reconciled" : "unreconciled";
    if (record.status !== expected) problems.push(`${record.external_id} is ${record.status}, not ${expected}`);
  }
  const voided = matches.filter(({ status }) => status === "voided").map(({ id }) => id);
  return [...problems, ...compareSets("voided matches", [...book.voided.keys()], voided)];
}

/** What the rule compares. */
function keyOf(record: RecordView | undefined): string {
  return record ? `${record.metadata.ref} over ${record.amount}` : "no record";
}

function listBulkProblems(book: Book, { bulks, records }: Account): string[] {
  const problems = bulks.flatMap(judgeCounts);
  const byId = new Map(bulks.map((bulk) => [bulk.id, bulk]));
  for (const sent of book.bulks) if (sent.id !== null) problems.push(...judgeBulk(sent, byId.get(sent.id)));
  const ids = new Set(records.map(({ id }) => id));
  const made = bulks.flatMap(({ results }) => results.filter(({ status }) => status === "created"));
  const madeIds = made.map(({ record_id: id }) => id ?? "");
  if (new Set(madeIds).size !== madeIds.length) problems.push("two rows of bulk requests have made one record");
  const missing = madeIds.filter((id) => !ids.has(id));
  return [...problems, ...missing.map((id) => `a bulk request says that it has made ${id}, which is not there`)];
}

function judgeBulk(sent: SentBulk, bulk: BulkView | undefined): string[] {
  if (!bulk) return [`the bulk request ${sent.id} was acknowledged and is not there`];
  if (bulk.total_items !== sent.rows) return [`bulk request ${bulk.id} has ${bulk.total_items} rows, not ${sent.rows}`];
  if (bulk.failed_items !== sent.wrong)
    return [`bulk request ${bulk.id}: ${bulk.failed_items} failed, not ${sent.wrong}`];
  return [];
}

/** Each acknowledged file has come to its end with all of its rows, and so has each that is there. */
function listImportProblems(book: Book, { imports }: Account): string[] {
  const byId = new Map(imports.map((one) => [one.id, one]));
  const missing = book.files.filter(({ id }) => id !== null && !byId.has(id));
  const broken = imports.filter(({ status, row_count, created }) => status !== "completed" || created !== row_count);
  const cut = book.files.filter(({ id, rows }) => id !== null && byId.get(id)?.row_count !== rows);
  return [
    ...missing.map(({ id }) => `the import ${id} was acknowledged and is not there`),
    ...broken.map((one) => `the import ${one.id} is not whole: ${JSON.stringify(one)}`),
    ...cut.map(({ id, rows }) => `the import ${id} has not taken in ${rows} rows`),
  ];
}

/** The numbers agree with the rows, each of which has an outcome. */
function judgeCounts(bulk: BulkView): string[] {
  const count = (...statuses: string[]) => bulk.results.filter(({ status }) => statuses.includes(status)).length;
  const told = [bulk.processed_items, bulk.successful_items, bulk.failed_items, bulk.skipped_items];
  const rows = [bulk.total_items, count("created", "updated"), count("failed"), count("skipped")];
  const places = new Set(bulk.results.map(({ index }) => index));
  const isWhole = bulk.status === "completed" && places.size === bulk.total_items;
  if (isWhole && `${told}` === `${rows}`) return [];
  return [
    `bulk request ${bulk.id} is ${bulk.status}, says ${told} and has ${rows}, ${places.size} rows with an outcome`,
  ];
}

/** What is in one list and not in the other, or in one of them twice. */
export function compareSets(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const [wanted, got] = [new Set(expected), new Set(found)];
  return [
    ...(got.size === found.length ? [] : [`${what}: one is there twice`]),
    ...[...wanted].filter((one) => !got.has(one)).map((one) => `${what}: ${one} is missing`),
    ...[...got].filter((one) => !wanted.has(one)).map((one) => `${what}: ${one} is one too many`),
  ];
}
