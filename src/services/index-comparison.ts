import { INDEX_CHECK_MAX_FINDINGS } from "../config.ts";
import type { Finding, Place } from "../core/integrity.ts";
import type { Db } from "../db/client.ts";
import type { IndexPage, IndexState } from "../db/index-page.ts";
import type { IndexContents } from "./index-contents.ts";
import type { Configuration, Progress } from "./reconciler-store.ts";

/** How an index differs from D1, or one of its parts from another. */
export type IndexDifference = Pick<Finding, "expected" | "found" | "message">;

/** What came of a part of a comparison. */
export interface IndexComparison {
  checked: number;
  differences: IndexDifference[];
  next: Place | null;
}

/** An index that is whole, and the D1 that it is held against. */
export interface IndexScope {
  db: Db;
  contents: IndexContents;
  configuration: Configuration;
  progress: Progress;
}

export const NOTHING_LEFT: IndexComparison = { checked: 0, differences: [], next: null };

/** Undefined if D1 has moved on: then the index must not be held against it. */
export async function readCurrent<Content>(
  { configuration, progress }: IndexScope,
  read: Promise<IndexPage<Content> | undefined>,
): Promise<Content | undefined> {
  const page = await read;
  return page && isCurrent(page.state, configuration, progress) ? page.content : undefined;
}

function isCurrent(state: IndexState, { generation }: Configuration, { head, cursors }: Progress): boolean {
  const sources = new Map(state.sources.map((source) => [source.source_id, source]));
  const isBehind = cursors.some(({ sourceId, no, token }) => {
    const source = sources.get(sourceId);
    return source?.change_no !== no || source.token_at_position !== token;
  });
  const isSameChain = state.chain_no === head.no && state.chain_hash === head.hash;
  return state.generation === generation && isSameChain && !isBehind && cursors.length === sources.size;
}

/** As many differences as one page names. */
export function cut(differences: IndexDifference[]): IndexDifference[] {
  if (differences.length <= INDEX_CHECK_MAX_FINDINGS) return differences;
  const more = differences.length - INDEX_CHECK_MAX_FINDINGS;
  const rest = { expected: null, found: null, message: `There are ${more} more differences like these.` };
  return [...differences.slice(0, INDEX_CHECK_MAX_FINDINGS), rest];
}
