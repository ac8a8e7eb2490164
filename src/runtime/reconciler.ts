import { DurableObject } from "cloudflare:workers";
import {
  ALARM_RETRY_MS,
  type Bindings,
  MARKS_DELAY_MS,
  OVERDUE_MAX_PAGES,
  POKE_MAX_MS,
  POKE_MAX_SLICES,
} from "../config.ts";
import type { CandidateSnapshots } from "../core/candidate-view.ts";
import type { Place } from "../core/integrity.ts";
import type { RulePreview } from "../core/payment/rule-preview.ts";
import type { Failure, Result } from "../core/result.ts";
import { openDb, type Statement } from "../db/client.ts";
import { checkIndex } from "../services/check-index.ts";
import { dissolveReconciliation } from "../services/dissolve-reconciliation.ts";
import type { IndexComparison } from "../services/index-comparison.ts";
import { linkByHand } from "../services/link-by-hand.ts";
import { matchByHand } from "../services/match-by-hand.ts";
import { previewPaymentRule } from "../services/preview-payment-rule.ts";
import { raiseWhileBusy } from "../services/raise-while-busy.ts";
import type { LinkCommand, ManualMatchCommand } from "../services/reconcilers.ts";
import { searchCandidates } from "../services/search-candidates.ts";
import { sendDeliveries } from "../services/send-deliveries.ts";
import { settle } from "../services/settle.ts";
import { voidMatches } from "../services/void-matches.ts";
import { type WorkDependencies, type WorkState, workOff } from "../services/work-off.ts";
import { workOffRun } from "../services/work-off-run.ts";
import { writeMarks } from "../services/write-marks.ts";
import { SqliteStore } from "./sqlite-store.ts";

/** One for each reconciliation, named by its id: the only one that matches for it, which nothing relies on. */
export class Reconciler extends DurableObject<Bindings> {
  readonly #store: SqliteStore;
  // D1 calls let other requests in; reading, matching and committing are one unit all the same.
  #turn: Promise<unknown> = Promise.resolve();
  #waitingPoke: Promise<void> | undefined;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#store = new SqliteStore(ctx.storage);
  }

  /** There is news. Pokes that come while another one waits for its turn share its work. */
  poke(): Promise<void> {
    this.#waitingPoke ??= this.#takeTurn(async () => {
      this.#waitingPoke = undefined;
      await this.#workOff(POKE_MAX_SLICES);
    });
    return this.#waitingPoke;
  }

  /** The cron's call: news that nobody brought, what is overdue, and a report to D1. */
  sweep(): Promise<void> {
    return this.#takeTurn(async () => {
      const reached = await this.#workOff(POKE_MAX_SLICES);
      if (reached === "gone") return;
      const raise = reached === "more" ? raiseWhileBusy : settle;
      let state: WorkState = "more";
      for (let pages = 0; state === "more" && pages < OVERDUE_MAX_PAGES; pages++) {
        state = await raise(this.#dependencies(), this.#store);
      }
    });
  }

  matchByHand(command: ManualMatchCommand, alongside: Statement[]): Promise<Result<{ matchUid: string }, Failure>> {
    return this.#takeTurn(async () => {
      const result = await matchByHand(this.#dependencies(), command, alongside);
      if (result.ok) await this.#workOff(POKE_MAX_SLICES);
      return result;
    });
  }

  linkByHand(command: LinkCommand, alongside: Statement[]): Promise<Result<{ lineItemUid: string }, Failure>> {
    return this.#takeTurn(async () => {
      const result = await linkByHand(this.#dependencies(), command, alongside);
      if (result.ok) await this.#workOff(POKE_MAX_SLICES);
      return result;
    });
  }

  voidMatch(matchUid: string, reason: string | null, alongside: Statement[]): Promise<Result<null, Failure>> {
    return this.#takeTurn(async () => {
      const result = await voidMatches(this.#dependencies(), [matchUid], reason, alongside);
      if (result.ok) await this.#workOff(POKE_MAX_SLICES);
      return result;
    });
  }

  findCandidates(recordUid: string, limit: number): Promise<Result<CandidateSnapshots, Failure>> {
    return this.#takeTurn(async () => {
      const reached = await this.#workOff(POKE_MAX_SLICES);
      return searchCandidates(this.#dependencies(), this.#store, reached, recordUid, limit);
    });
  }

  previewPaymentRule(ruleUid: string): Promise<Result<RulePreview, Failure>> {
    return this.#takeTurn(async () => {
      const reached = await this.#workOff(POKE_MAX_SLICES);
      return previewPaymentRule(this.#dependencies(), this.#store, reached, ruleUid);
    });
  }

  /** Compares a page of the index with D1, as of a moment at which nothing newer is there. */
  checkIndex(place: Place): Promise<IndexComparison | "unsettled"> {
    return this.#takeTurn(() =>
      checkIndex(this.#dependencies(), this.#store, this.#store.contents, place, () => this.#workOff(POKE_MAX_SLICES)),
    );
  }

  /** Forgets everything; the next poke, or the alarm, begins to build the index again. */
  rebuildIndex(): Promise<void> {
    return this.#takeTurn(async () => {
      this.#store.clear();
      await this.ctx.storage.setAlarm(Date.now());
    });
  }

  dissolve(): Promise<{ done: boolean }> {
    return this.#takeTurn(async () => {
      const { done } = await dissolveReconciliation(this.#dependencies());
      if (done) this.#store.clear();
      else await this.ctx.storage.setAlarm(Date.now());
      return { done };
    });
  }

  override async alarm(): Promise<void> {
    await this.#takeTurn(async () => {
      const reached = await this.#workOff(1);
      if (reached === "run") await this.#guardSlice(() => workOffRun(this.#dependencies(), this.#store));
      if (reached === "settled") await this.#guardSlice(() => writeMarks(this.#dependencies(), this.#store));
    });
  }

  /**
   * Works off slices until nothing newer is left or the bound is reached; an alarm goes on from there, and with runs,
   * which are worked on by alarms alone. Never throws.
   */
  #workOff(maxSlices: number): Promise<WorkState> {
    return this.#guardSlice(async () => {
      let state: WorkState = "more";
      const end = Date.now() + POKE_MAX_MS;
      for (let slices = 0; state === "more" && slices < maxSlices && Date.now() < end; slices++) {
        state = await workOff(this.#dependencies(), this.#store);
      }
      if (state === "gone" && !(await dissolveReconciliation(this.#dependencies())).done) state = "more";
      if (state === "more" || state === "run") await this.ctx.storage.setAlarm(Date.now());
      if (state === "settled") await this.#planMarks();
      return state;
    });
  }

  /** Marks of what is ambiguous wait a while: the next record often settles it. */
  async #planMarks(): Promise<void> {
    const configuration = this.#store.readConfiguration();
    if (!configuration || configuration.accountUid !== null || this.#store.listMarks(1).length === 0) return;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + MARKS_DELAY_MS);
  }

  async #guardSlice(work: () => Promise<WorkState>): Promise<WorkState> {
    try {
      const state = await work();
      if (this.#store.countFailures() > 0) this.#store.writeFailures(0);
      return state;
    } catch (error) {
      this.#store.writeFailures(this.#store.countFailures() + 1);
      const message = "reconciler slice failed";
      console.error(JSON.stringify({ message, reconciliation_id: this.ctx.id.name, error: String(error) }));
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
      return "more";
    }
  }

  #takeTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #dependencies(): WorkDependencies {
    const { name } = this.ctx.id;
    if (!name) throw new Error("a Reconciler is reached by its reconciliation's id");
    return {
      db: openDb(this.env.DB),
      reconciliationUid: name,
      now: () => Date.now(),
      sendDeliveries: (uids) => this.ctx.waitUntil(sendDeliveries(this.env.WEBHOOKS, uids)),
    };
  }
}
