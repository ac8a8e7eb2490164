import type { IndexedItem } from "./item-index.ts";
import type { Proposal } from "./proposal.ts";

/** What a payment rule makes of a record. */
export type Choice =
  | { kind: "none" }
  | { kind: "match"; proposal: Proposal }
  /** Records whose going may make it unambiguous. */
  | { kind: "ambiguous"; because: readonly IndexedItem[] };

export const NO_CHOICE = { kind: "none" } as const satisfies Choice;
