import canonicalize from "canonicalize";
import { type ChainFact, type ChainHead, computeLinkHash } from "../core/chain.ts";
import { notFound, ok, type Result } from "../core/result.ts";
import { readLinks, type StoredLink } from "../db/chain.ts";
import type { Db } from "../db/client.ts";
import { findReconciliationId } from "../db/reconciliations.ts";
import type { ServiceContext } from "./context.ts";

export interface AuditPage {
  valid: boolean;
  checked: number;
  firstBroken: { matchUid: string | null; reason: string } | null;
  /** Number of the last link that was checked, to go on after; null at the end. */
  next: number | null;
}

/** Verifies a page of the hash chain of a reconciliation of /v1, also of a deleted one. */
export async function auditChain(
  ctx: ServiceContext,
  reconciliationUid: string,
  after: number,
  limit: number,
): Promise<Result<AuditPage>> {
  const id = await findReconciliationId(ctx.db, ctx.environmentId, reconciliationUid);
  return id === undefined ? notFound("reconciliation") : ok(await auditLinks(ctx.db, id, after, limit));
}

/** Verifies a page of any reconciliation's hash chain: the hashes, and what they say against matches and allocations. */
export async function auditLinks(db: Db, reconciliationId: number, after: number, limit: number): Promise<AuditPage> {
  // The link before the page comes along, for its hash.
  const from = Math.max(after, 1);
  const { links, to, unlinked, head } = await readLinks(db, reconciliationId, from, after === 0 ? limit : limit + 1);
  let previous = after === 0 ? { no: 0, hash: "" } : { no: after, hash: links[0]?.hash ?? "" };
  const page = links.filter((link) => link.no > after);
  let checked = 0;
  for (const link of page) {
    const reason = await findFault(link, previous);
    if (reason) return broken(checked, link.match_uid ?? readMatchUid(link), reason);
    previous = link;
    checked += 1;
  }
  const [stray] = unlinked;
  if (stray !== undefined) return broken(checked, stray, "The match is not in the chain.");
  if (previous.no === to - 1 && previous.no < head.no) {
    return { valid: true, checked, firstBroken: null, next: previous.no };
  }
  if (isSame(head, previous)) return { valid: true, checked, firstBroken: null, next: null };
  const last = links.at(-1);
  return broken(checked, last?.match_uid ?? null, "The chain does not end where the reconciliation says it does.");
}

async function findFault(link: StoredLink, previous: ChainHead): Promise<string | undefined> {
  if (link.no !== previous.no + 1) return `Link ${previous.no + 1} is missing.`;
  if (link.previous_hash !== previous.hash) return "The link does not name the hash of the link before it.";
  if (link.hash !== (await computeLinkHash(link.previous_hash, link.payload))) {
    return "The link's hash is not that of its payload.";
  }
  if (link.match_uid === null) return "The match is gone.";
  const rows = link.kind === "match" ? link.match_fact : link.void_fact;
  if (describe(link.payload) !== describe(rows as string)) {
    return "The match or its allocations are not what the chain says.";
  }
  if ((link.status === "voided") !== (link.void_links === 1)) return "The match's status is not what the chain says.";
  return undefined;
}

/** A fact in a form in which equal facts are equal texts; the order of records means nothing. */
function describe(text: string): string | undefined {
  const fact = JSON.parse(text) as ChainFact;
  if (fact.kind === "void") return canonicalize(fact);
  const records = [...fact.records].sort((left, right) => (left.record_id < right.record_id ? -1 : 1));
  return canonicalize({ ...fact, records });
}

function isSame(head: ChainHead, last: ChainHead): boolean {
  return head.no === last.no && head.hash === last.hash;
}

function readMatchUid(link: StoredLink): string {
  return (JSON.parse(link.payload) as ChainFact).match_id;
}

function broken(checked: number, matchUid: string | null, reason: string): AuditPage {
  return { valid: false, checked, firstBroken: { matchUid, reason }, next: null };
}
