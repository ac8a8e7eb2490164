import { INDEX_CHECK_PAGE_CHARS, INDEX_CHECK_PAGE_ROWS } from "../config.ts";
import type { Place } from "../core/integrity.ts";
import { readVoidedSetsPage } from "../db/index-page.ts";
import { shorten } from "./compare-items.ts";
import {
  cut,
  type IndexComparison,
  type IndexDifference,
  type IndexScope,
  NOTHING_LEFT,
  readCurrent,
} from "./index-comparison.ts";
import type { TallyPlace, TextPlace } from "./index-contents.ts";

/** Items of other data sources, and keys without an item. */
export async function compareStrays(
  { contents, configuration }: IndexScope,
  [after = 0]: Place,
): Promise<IndexComparison> {
  const ids = contents.listKnownIds(Number(after), INDEX_CHECK_PAGE_ROWS);
  const sourceIds = configuration.sources.map(({ id }) => id);
  const differences = contents.listStrays(ids, sourceIds).map((id): IndexDifference => {
    return { expected: null, found: `${id}`, message: "The index keeps something of a record that is not its own." };
  });
  const isEnd = ids.length < INDEX_CHECK_PAGE_ROWS;
  return { checked: 0, differences: cut(differences), next: isEnd ? null : [ids.at(-1) as number] };
}

/** The sums of groups, against the keys that they are made of. */
export async function compareSums({ contents }: IndexScope, place: Place): Promise<IndexComparison> {
  const [plan = "", side = "", from = "", skip = 0] = place;
  const start = { from: String(from), skip: Number(skip) };
  const tallies = contents.listTallies(String(plan), String(side), start, INDEX_CHECK_PAGE_ROWS);
  const differences = tallies.flatMap(({ plan, side, key, rank, kept, found }): IndexDifference[] => {
    if (kept.count === found.count && kept.sum === found.sum) return [];
    const message = `The index has a wrong sum of a group: ${plan}, Side ${side.toUpperCase()}, ${key}, ${rank}.`;
    return [{ expected: `${found.count}: ${found.sum}`, found: `${kept.count}: ${kept.sum}`, message }];
  });
  const last = tallies.at(-1);
  const isEnd = !last || tallies.length < INDEX_CHECK_PAGE_ROWS;
  return { checked: 0, differences: cut(differences), next: isEnd ? null : goOn(tallies, place) };
}

function goOn(tallies: readonly TallyPlace[], [plan, side, from, skip]: Place): Place {
  const last = tallies.at(-1) as TallyPlace;
  const isSame = (tally: TallyPlace) => tally.plan === last.plan && tally.side === last.side;
  const keys = tallies.filter(isSame).map(({ key }) => key);
  const before = plan === last.plan && side === last.side ? { from: String(from), skip: Number(skip) } : BEGINNING;
  const next = moveOn(before, keys, last.key);
  return [last.plan, last.side, next.from, next.skip];
}

const BEGINNING: TextPlace = { from: "", skip: 0 };
const PLACE_MAX_CHARS = 200;

/** The place after `last`, the last one of these texts, which were listed from a place on: a short one, to be sent. */
function moveOn(place: TextPlace, listed: readonly string[], last: string): TextPlace {
  const from = [...last].slice(0, PLACE_MAX_CHARS).join("");
  const before = from === place.from ? place.skip : 0;
  return { from, skip: before + listed.filter((text) => text.startsWith(from)).length };
}

/** The sets that automation leaves alone. */
export async function compareVoidedSets(scope: IndexScope, place: Place): Promise<IndexComparison | undefined> {
  const { db, contents, configuration, progress } = scope;
  const [from = "", wantedSkip = 0, keptSkip = 0] = place;
  const [wantedPlace, keptPlace] = [wantedSkip, keptSkip].map((skip) => ({ from: String(from), skip: Number(skip) }));
  if (!wantedPlace || !keptPlace) return NOTHING_LEFT;
  const { reconciliationId } = configuration;
  const page = await readCurrent(scope, readVoidedSetsPage(db, reconciliationId, progress.cursors, wantedPlace));
  if (!page) return undefined;
  const listed = contents.listVoidedSets(keptPlace, INDEX_CHECK_PAGE_ROWS, INDEX_CHECK_PAGE_CHARS);
  // Either list may go on beyond the end of the other one.
  const [upTo] = [page.at(-1), listed.at(-1)].filter((key) => key !== undefined).sort();
  if (upTo === undefined) return NOTHING_LEFT;
  const [wanted, kept] = [page, listed].map((keys) => keys.filter((key) => key <= upTo)) as [string[], string[]];
  const differences = [
    ...subtract(wanted, kept).map((key) => ({ expected: shorten(key), found: null, message: LACKS_SET })),
    ...subtract(kept, wanted).map((key) => ({ expected: null, found: shorten(key), message: HAS_OTHER_SET })),
  ];
  const next = [moveOn(wantedPlace, wanted, upTo), moveOn(keptPlace, kept, upTo)] as const;
  return {
    checked: 0,
    differences: cut(differences),
    next: [next[0].from, next[0].skip, next[1].skip],
  };
}

const LACKS_SET = "The index lacks a set that a person has voided.";
const HAS_OTHER_SET = "The index has a set that nobody has voided.";

function subtract(keys: readonly string[], others: readonly string[]): string[] {
  const without = new Set(others);
  return keys.filter((key) => !without.has(key));
}
