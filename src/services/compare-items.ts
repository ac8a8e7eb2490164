import canonicalize from "canonicalize";
import { type IndexedItem, tieOf } from "../core/matching/item-index.ts";
import { listIndexKeys } from "../core/matching/keys.ts";
import type { EngineRule } from "../core/matching/rule.ts";
import { type ItemRow, isOpen, toItem } from "../db/items.ts";
import type { IndexDifference } from "./index-comparison.ts";
import type { IndexContents, StoredKey } from "./index-contents.ts";
import { compileRules } from "./load-configuration.ts";
import type { Configuration } from "./reconciler-store.ts";

const SHOWN_MAX_CHARS = 200;

/** Compares records that may be open with the items of an index, which are of the same range of row numbers. */
export function compareItems(
  rows: readonly ItemRow[],
  items: readonly IndexedItem[],
  configuration: Configuration,
  contents: IndexContents,
): { checked: number; differences: IndexDifference[] } {
  const wanted = rows.filter((row) => isOpen(row, configuration)).map((row) => toItem(row, configuration));
  const kept = new Map(items.map((item) => [item.id, item]));
  const keys = contents.listKeys(wanted.map(({ id }) => id));
  const rules = compileRules(configuration);
  const known = new Set(wanted.map(({ id }) => id));
  const differences = wanted.flatMap((item) => {
    const found = kept.get(item.id);
    if (!found) return [{ expected: item.uid, found: null, message: "The index lacks an open record." }];
    const fields = compareFields(item, found);
    return fields.length > 0 ? fields : compareKeys(item, keys.get(item.id) ?? [], rules, contents);
  });
  const superfluous = items
    .filter(({ id }) => !known.has(id))
    .map(({ uid }): IndexDifference => {
      return { expected: null, found: uid, message: "The index has a record that is not open." };
    });
  return { checked: wanted.length, differences: [...differences, ...superfluous] };
}

function compareFields(item: IndexedItem, found: IndexedItem): IndexDifference[] {
  const [expected, actual] = [item, found].map((one) => new Map(Object.entries(one)));
  const names = [...new Set([...(expected?.keys() ?? []), ...(actual?.keys() ?? [])])];
  return names.flatMap((name) => {
    const [wanted, kept] = [write(expected?.get(name)), write(actual?.get(name))];
    const message = `The index has another ${name} of the record ${item.uid}.`;
    return wanted === kept ? [] : [{ expected: shorten(wanted), found: shorten(kept), message }];
  });
}

function compareKeys(
  item: IndexedItem,
  found: readonly StoredKey[],
  rules: readonly EngineRule[],
  contents: IndexContents,
): IndexDifference[] {
  const expected = listIndexKeys(rules, item).map(({ plan, key, rank, isTallied }): StoredKey => {
    const tallied = isTallied ? item.open * item.sign : null;
    return { plan, side: item.side, key, rank, date: item.date, tie: tieOf(item, "arrival"), tallied };
  });
  const [wanted, kept] = [expected, found].map((keys) => new Set(keys.map(write)));
  const lacking = expected.filter((key) => !kept?.has(write(key)));
  const superfluous = found.filter((key) => !wanted?.has(write(key)));
  const unsummed = expected.filter((key) => key.tallied !== null && !contents.hasTally(key));
  const describe = (what: string) => `The index ${what} of the record ${item.uid}.`;
  return [
    ...lacking.map((key) => ({ expected: shorten(write(key)), found: null, message: describe("lacks a key") })),
    ...superfluous.map((key) => ({ expected: null, found: shorten(write(key)), message: describe("has another key") })),
    ...unsummed.map((key) => ({
      expected: shorten(write(key)),
      found: null,
      message: describe("lacks a group's sum"),
    })),
  ];
}

/** As JSON: what is equal has the same text, and what is not there has none. */
function write(value: unknown): string | null {
  return value === undefined ? null : (canonicalize(JSON.parse(JSON.stringify(value))) ?? null);
}

export function shorten(text: string | null): string | null {
  return text && text.length > SHOWN_MAX_CHARS ? `${text.slice(0, SHOWN_MAX_CHARS)}…` : text;
}
