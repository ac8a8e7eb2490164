import type { ItemIndex } from "./item-index.ts";
import type { Look } from "./proposal.ts";
import type { EngineRule } from "./rule.ts";

/** One rule's look at an index. */
export interface Search {
  rule: EngineRule;
  index: ItemIndex;
  /** Counts the work that is done, in steps, so that a slice of it can be bounded without a clock. */
  meter: Meter;
  /** A single record whose chosen sets are all known, and need not be searched for again. */
  settled?: number | null;
  /** How much one look under a payment rule may read. */
  allowance?: Allowance;
}

/** A bound on one look, which finds nothing certain once it has come to it. */
export interface Allowance {
  /** The steps of the meter at which it is spent. */
  most: number;
  isSpent: boolean;
}

export interface Meter {
  steps: number;
  /** What has been decided comes to so many characters as JSON. */
  chars: number;
  /** Rules whose evaluation threw, each once with what it said; nothing is matched by what throws. */
  failures: Map<EngineRule, string>;
  /**
   * What has been found of groups, by rule and group, for as long as the index stays as it is: each of a group's members
   * asks for the same one, and reading it costs as much as it has members.
   */
  groups: Map<string, Look>;
}

export function newMeter(): Meter {
  return { steps: 0, chars: 0, failures: new Map(), groups: new Map() };
}

/** Counts work, towards a look's allowance, too; answers whether there is any left. */
export function spend({ meter, allowance }: Search, steps: number): boolean {
  meter.steps += steps;
  if (!allowance) return true;
  if (meter.steps > allowance.most) allowance.isSpent = true;
  return !allowance.isSpent;
}

/** The search with an allowance of so many steps from here on, unless it has one. */
export function withAllowance(search: Search, steps: number): Search & { allowance: Allowance } {
  return { ...search, allowance: search.allowance ?? { most: search.meter.steps + steps, isSpent: false } };
}
