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
