import type { SQL } from "drizzle-orm";
import {
  INTEGRITY_COUNT_MAX_NAMES,
  INTEGRITY_COUNT_MAX_TRIES,
  INTEGRITY_COUNT_PAGE_GROUPS,
  INTEGRITY_COUNT_PAGE_ROWS,
} from "../../config.ts";
import type { CheckPage, Finding } from "../../core/integrity.ts";
import { type Counts, readTally, type Tally, type TallySum, writeTally } from "../../core/integrity-tally.ts";
import { joinSum } from "../../core/split-sum.ts";
import { all, type Db, jsonList } from "../client.ts";
import type { IntegrityCheck } from "./check.ts";

interface Measure {
  message: string;
  /** Whether it is an amount, which is two numbers: a `SplitSum`. */
  isAmount?: boolean;
}

/** Something that keeps counts of rows that may be too many to be counted at once. */
export interface CountCheck {
  measures: readonly Measure[];
  /** Those after one, with about how many rows each has, as columns `id` and `size`. */
  list(environmentId: number, after: number, limit: number): SQL;
  /**
   * Of each value `[id, found after, kept after, token]` of the list, as `j`, that is of the environment: what it counts,
   * from its row after that place on; what it keeps of it; a token that is another one whenever either may be; and, where
   * that can be said, whether what was found up to that place with the token of the list is so still. As in `GroupRow`.
   */
  read(environmentId: number, starts: SQL): SQL;
}

/** JSON of the number of rows that were read, the place of the last of them unless it is the end, and `Counts`. */
type PageText = string;

interface GroupRow {
  id: number;
  type: string;
  name: string;
  token: string;
  holds?: 0 | 1;
  found: PageText;
  kept: PageText;
}

const beginning = (): Pick<Tally, "found" | "kept"> => ({
  found: { after: 0, counts: {} },
  kept: { after: 0, counts: {} },
});

/**
 * Compares counts with what they count. What is too much for one statement is counted in pages, which belong together
 * as long as what was found on them still holds; else counting begins anew, a few times. What is kept is read with the
 * last of them, so that both are of one moment; if it is too much itself, nothing may change from then on.
 */
export function countCheck(check: CountCheck): IntegrityCheck {
  return (db, environmentId, place) => {
    const tally = readTally(place);
    return tally
      ? countOn(db, environmentId, check, tally)
      : countNext(db, environmentId, check, Number(place[0] ?? 0));
  };
}

async function countNext(db: Db, environmentId: number, check: CountCheck, after: number): Promise<CheckPage> {
  const groups = await all<{ id: number; size: number }>(
    db,
    check.list(environmentId, after, INTEGRITY_COUNT_PAGE_GROUPS),
  );
  const chosen = cutBySize(groups);
  const rows = await all<GroupRow>(db, check.read(environmentId, jsonList(chosen.map(({ id }) => [id, 0, 0, null]))));
  const page: CheckPage = { checked: 0, findings: [], unsettled: [], next: null };
  for (const row of rows) {
    const tally = { id: row.id, token: row.token, tries: 1, from: "", to: null, ...beginning() };
    const next = takeIn(check, page, row, tally);
    if (next) return { ...page, next: writeTally(next) };
  }
  const last = chosen.at(-1);
  const isEnd = chosen.length === groups.length && groups.length < INTEGRITY_COUNT_PAGE_GROUPS;
  return { ...page, next: last && !isEnd ? [last.id] : null };
}

function cutBySize<Group extends { size: number }>(groups: readonly Group[]): Group[] {
  let total = 0;
  const end = groups.findIndex(({ size }, place) => {
    total += size;
    return place > 0 && total > INTEGRITY_COUNT_PAGE_ROWS;
  });
  return groups.slice(0, end === -1 ? groups.length : end);
}

async function countOn(db: Db, environmentId: number, check: CountCheck, tally: Tally): Promise<CheckPage> {
  const page: CheckPage = { checked: 0, findings: [], unsettled: [], next: [tally.id] };
  const start = [tally.id, tally.found.after, tally.kept.after, tally.token];
  const [row] = await all<GroupRow>(db, check.read(environmentId, jsonList([start])));
  if (!row) return page;
  const { token } = row;
  if (token === tally.token || !hasBegun(tally.found) || (row.holds === 1 && !hasBegun(tally.kept))) {
    const next = takeIn(check, page, row, { ...tally, token });
    if (next) page.next = writeTally(next);
  } else if (tally.tries < INTEGRITY_COUNT_MAX_TRIES) {
    page.next = writeTally({ ...tally, token, tries: tally.tries + 1, ...beginning() });
  } else {
    const message = "It kept changing while its rows were counted.";
    page.unsettled.push({ resourceType: row.type, resourceId: row.name, message, retry: [tally.id - 1] });
  }
  return page;
}

function hasBegun({ after }: TallySum): boolean {
  return after !== 0;
}

/** Adds a page of a group's rows to what was counted of it. Answers what is still to be counted; undefined at the end. */
function takeIn(check: CountCheck, page: CheckPage, row: GroupRow, tally: Tally): Tally | undefined {
  const found = addPage(page, tally.found, row.found);
  const kept = found.after === null ? addPage(page, tally.kept, row.kept) : tally.kept;
  const next = { ...tally, found, kept };
  if (found.after !== null || kept.after !== null) return cutNames(next);
  page.findings.push(...compareCounts(check, row, next));
  return next.to === null ? undefined : { ...next, from: next.to, to: null, ...beginning() };
}

function addPage(page: CheckPage, { after, counts }: TallySum, text: PageText): TallySum {
  if (after === null) return { after, counts };
  const [rows, last, more] = JSON.parse(text) as [number, TallySum["after"], Counts];
  const sums = { ...counts };
  for (const [name, numbers] of Object.entries(more)) {
    sums[name] = numbers.map((number, place) => number + (counts[name]?.[place] ?? 0));
  }
  page.checked += rows;
  return { after: last, counts: sums };
}

function listNames({ from, to, found, kept }: Tally): string[] {
  return [...new Set([...Object.keys(found.counts), ...Object.keys(kept.counts)])]
    .filter((name) => name >= from && (to === null || name < to))
    .sort();
}

/** A tally travels in a URL: if it has too many names, the last of them are left to another round through the rows. */
function cutNames(tally: Tally): Tally {
  const names = listNames(tally);
  const counted = new Set(names.slice(0, INTEGRITY_COUNT_MAX_NAMES));
  const cut = ({ after, counts }: TallySum): TallySum => {
    return { after, counts: Object.fromEntries(Object.entries(counts).filter(([name]) => counted.has(name))) };
  };
  return { ...tally, to: names[INTEGRITY_COUNT_MAX_NAMES] ?? tally.to, found: cut(tally.found), kept: cut(tally.kept) };
}

function compareCounts({ measures }: CountCheck, { type, name: resourceId }: GroupRow, tally: Tally): Finding[] {
  return listNames(tally).flatMap((name) => {
    const expected = readMeasures(measures, tally.found.counts[name]);
    const found = readMeasures(measures, tally.kept.counts[name]);
    return measures.flatMap(({ message }, place) =>
      expected[place] === found[place]
        ? []
        : [
            {
              resourceType: type,
              resourceId,
              expected: `${expected[place]}`,
              found: `${found[place]}`,
              message: `${message}: ${name}.`,
            },
          ],
    );
  });
}

function readMeasures(measures: readonly Measure[], numbers: readonly number[] = []): bigint[] {
  const rest = [...numbers];
  const take = () => `${rest.shift() ?? 0}`;
  return measures.map(({ isAmount }) => (isAmount ? joinSum({ high: take(), low: take() }) : BigInt(take())));
}
