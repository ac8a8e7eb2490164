import type { CandidateSnapshots } from "../core/candidate-view.ts";
import type { Place } from "../core/integrity.ts";
import type { RulePreview } from "../core/payment/rule-preview.ts";
import type { Failure, Result } from "../core/result.ts";
import type { Statement } from "../db/client.ts";
import type { IndexComparison } from "./index-comparison.ts";

export interface ManualMatchCommand {
  recordUids: string[];
  createAdjustment: boolean;
  adjustmentReason: string | null;
  allowPartial: boolean;
  /** The id that the match is to have; a new one if none is given. */
  matchUid?: string;
}

/** A link of a transaction with an expected payment; `amount` in minor units. */
export interface LinkCommand {
  transactionUid: string;
  paymentUid: string;
  amount: number;
  /** The id that the line item is to have; a new one if none is given. */
  lineItemUid?: string;
}

/** The Reconcilers as services reach them; each is named by its reconciliation's id. */
export interface Reconcilers {
  /** Says that there is news and waits for it to be worked off, for a bounded time. Never fails: a lost poke is a delay. */
  poke(reconciliationUids: readonly string[]): Promise<void>;
  matchByHand(
    reconciliationUid: string,
    command: ManualMatchCommand,
    alongside: Statement[],
  ): Promise<Result<{ matchUid: string }, Failure>>;
  voidMatch(
    reconciliationUid: string,
    matchUid: string,
    reason: string | null,
    alongside: Statement[],
  ): Promise<Result<null, Failure>>;
  /** Links a transaction of an internal account with an expected payment. */
  linkByHand(
    accountUid: string,
    command: LinkCommand,
    alongside: Statement[],
  ): Promise<Result<{ lineItemUid: string }, Failure>>;
  /** Undoes one such link, whoever made it; one that is undone stays so. */
  unlink(accountUid: string, lineItemUid: string, alongside: Statement[]): Promise<Result<null, Failure>>;
  /** What a rule of the payments door would match by itself of what is open in an internal account; writes nothing. */
  previewPaymentRule(accountUid: string, ruleUid: string): Promise<Result<RulePreview, Failure>>;
  /** The records on the other side that come nearest to one, and what the active rules say of them. */
  findCandidates(
    reconciliationUid: string,
    recordUid: string,
    limit: number,
  ): Promise<Result<CandidateSnapshots, Failure>>;
  /**
   * Compares a page of a Reconciler's index with D1; `unsettled` while it is taking in what is new. An empty place is
   * the beginning.
   */
  checkIndex(reconciliationUid: string, place: Place): Promise<IndexComparison | "unsettled">;
  /** Has a Reconciler forget its index, so that the next poke or alarm begins to build it again. */
  rebuildIndex(reconciliationUid: string): Promise<void>;
  /** Goes on voiding the matches of a reconciliation that is being deleted; says whether none is left. */
  dissolve(reconciliationUid: string): Promise<{ done: boolean }>;
}
