import type { CandidateSnapshots } from "../core/candidate-view.ts";
import type { Failure, Result } from "../core/result.ts";
import type { Statement } from "../db/client.ts";

export interface ManualMatchCommand {
  recordUids: string[];
  createAdjustment: boolean;
  adjustmentReason: string | null;
  allowPartial: boolean;
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
  /** The records on the other side that come nearest to one, and what the active rules say of them. */
  findCandidates(
    reconciliationUid: string,
    recordUid: string,
    limit: number,
  ): Promise<Result<CandidateSnapshots, Failure>>;
  /** Goes on voiding the matches of a reconciliation that is being deleted; says whether none is left. */
  dissolve(reconciliationUid: string): Promise<{ done: boolean }>;
}
