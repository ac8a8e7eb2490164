import type { RoundPosition } from "../core/matching/decide.ts";
import type { WalkPosition } from "../core/matching/item-index.ts";
import type { OpenSides } from "../core/run.ts";
import type { RunMatch } from "../db/run-matches.ts";
import type { RunChange } from "../db/runs.ts";

/** What a run that has yet to decide something is at. */
export type RunStage =
  /** Items are being copied, those after this id next. */
  | { kind: "loading"; after: number }
  | { kind: "matching"; rule: number; position: RoundPosition }
  /** What stays open is being summed up, with what the rules have noted of it. */
  | { kind: "summing"; after: WalkPosition | null; open: OpenSides };

/** How far a Reconciler is with a run's deciding. It changes together with the scratch index, or not at all. */
export interface RunProgress {
  runId: number;
  attempt: number;
  /** The revision of the run's row that `pending` is for, or, without one, that this goes with. */
  revision: number;
  /** The highest record id at the start: what came later is left out. */
  lastId: number;
  loaded: number;
  stage: RunStage;
  /** What the scratch index has taken in and D1 may not have yet. */
  pending: { change: RunChange; matches: RunMatch[] } | null;
}
