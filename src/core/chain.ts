import canonicalize from "canonicalize";
import { sha256Hex } from "./digest.ts";

/** What the chain says of a match. Amounts in minor units of `currency`, `at` in ms since 1970. */
export interface MatchFact {
  kind: "match";
  match_id: string;
  reconciliation_id: string;
  rule_id: string | null;
  rule_version: number | null;
  method: "automatic" | "manual";
  currency: string;
  variance: number;
  records: { record_id: string; side: "a" | "b"; amount: number }[];
  explanation: unknown;
  at: number;
}

/** What the chain says of a voiding. */
export interface VoidFact {
  kind: "void";
  match_id: string;
  reconciliation_id: string;
  reason: string | null;
  at: number;
}

export type ChainFact = MatchFact | VoidFact;

export interface ChainHead {
  no: number;
  hash: string;
}

export interface ChainLink {
  no: number;
  kind: ChainFact["kind"];
  matchUid: string;
  payload: string;
  previousHash: string;
  hash: string;
}

/** SHA-256 over the previous hash and the payload's stored bytes, a line feed between them; lower-case hexadecimal. */
export function computeLinkHash(previousHash: string, payload: string): Promise<string> {
  return sha256Hex(`${previousHash}\n${payload}`);
}

/** Links facts to a chain in their order. Payloads are canonical JSON (RFC 8785). */
export async function appendLinks(head: ChainHead, facts: readonly ChainFact[]): Promise<ChainLink[]> {
  const links: ChainLink[] = [];
  let { no, hash: previousHash } = head;
  for (const fact of facts) {
    const payload = canonicalize(fact);
    if (payload === undefined) throw new Error("a fact has no JSON form");
    const hash = await computeLinkHash(previousHash, payload);
    no += 1;
    links.push({ no, kind: fact.kind, matchUid: fact.match_id, payload, previousHash, hash });
    previousHash = hash;
  }
  return links;
}
