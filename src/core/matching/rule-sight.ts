import type { WorkLimit } from "./decide.ts";
import { otherSide } from "./item.ts";
import type { Finding, IndexedItem, ItemIndex } from "./item-index.ts";
import { listLinked } from "./linked-items.ts";
import { proposePair } from "./one-to-one.ts";
import { findOutcome, type Outcome, propose } from "./outcome.ts";
import { explainPair, holdsBoth, type PairExplanation } from "./pair-explanation.ts";
import type { Proposal } from "./proposal.ts";
import type { EngineRule } from "./rule.ts";
import type { Meter, Search } from "./search.ts";

const UNSAID: PairExplanation = { matched: false, outcomes: [], groups: [], obstacle: null };

/** What one rule makes of a record that is asked about. When it throws, its meter knows, and it says nothing. */
export class RuleSight {
  readonly #search: Search;
  readonly #asked: IndexedItem;
  #proposals: readonly Proposal[] = [];
  #found: readonly IndexedItem[] = [];
  #finding: Finding | null = null;

  /** A rule that comes after the steps have been used up is said to have been cut. */
  constructor(search: Search, asked: IndexedItem, limit: WorkLimit) {
    this.#search = search;
    this.#asked = asked;
    const isOpen = search.index.find(asked.id) !== undefined;
    if (search.meter.steps < limit.steps) this.#attempt(() => this.#look(isOpen, limit.items), undefined);
    else if (isOpen) this.#finding = "cut";
  }

  get rule(): EngineRule {
    return this.#search.rule;
  }

  /** Why the rule leaves the record alone, if it is open. */
  get finding(): Finding | null {
    return this.#finding;
  }

  /** Records on the other side with which it would be matched, or because of which it is not. */
  get found(): readonly IndexedItem[] {
    return this.#found;
  }

  listLinked(limit: number): IndexedItem[] {
    return this.#attempt(() => listLinked(this.#search, this.#asked, limit), []);
  }

  /** Whether the rule allows a match with this record of the other side in it. */
  allows(item: IndexedItem): boolean {
    const [a, b] = this.#bySide(item);
    if (this.rule.cardinality !== "one_to_one") return this.#proposals.some((proposal) => holdsBoth(proposal, a, b));
    return this.#attempt(() => proposePair(this.#search, a, b) !== undefined, false);
  }

  explain(item: IndexedItem, meter: Meter): PairExplanation {
    const [a, b] = this.#bySide(item);
    return this.#attempt(() => explainPair({ ...this.#search, meter }, this.#proposals, a, b), UNSAID);
  }

  #look(isOpen: boolean, wanted: number): void {
    const outcome = findOutcome(this.#search, this.#asked);
    if (isOpen && (outcome.kind === "ambiguous" || outcome.kind === "cut")) this.#finding = outcome.kind;
    const side = otherSide(this.#asked.side);
    if (this.rule.cardinality === "one_to_one") {
      this.#found = listNamed(this.#search.index, outcome).filter((item) => item.side === side);
    } else if (outcome.kind !== "none") {
      this.#proposals = propose(this.#search, this.#asked, wanted).found;
      this.#found = this.#proposals.flatMap((proposal) => proposal[side]);
    }
  }

  #attempt<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      this.#search.meter.failures.set(this.rule, String(error));
      return otherwise;
    }
  }

  #bySide(item: IndexedItem): [a: IndexedItem, b: IndexedItem] {
    return this.#asked.side === "a" ? [this.#asked, item] : [item, this.#asked];
  }
}

function listNamed(index: ItemIndex, outcome: Outcome): IndexedItem[] {
  if (outcome.kind === "none") return [];
  const ids = outcome.kind === "match" ? outcome.decision.allocations.map(({ item }) => item.id) : outcome.because;
  return ids.flatMap((id) => index.find(id) ?? []);
}
