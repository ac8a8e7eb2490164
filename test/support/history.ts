import { sql } from "drizzle-orm";
import { dayOf } from "../../src/core/calendar.ts";
import { all, first, runBatch, type Statement } from "../../src/db/client.ts";
import { pairsOfReconciliation, syncExceptions } from "../../src/db/exception-sync.ts";
import type { ServiceContext } from "../../src/services/context.ts";
import { deleteRecord } from "../../src/services/delete-record.ts";
import { markOverdue } from "../../src/services/mark-overdue.ts";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import { settle } from "../../src/services/settle.ts";
import { updateRecord } from "../../src/services/update-record.ts";
import { voidMatches } from "../../src/services/void-matches.ts";
import { type WorkDependencies, workOff } from "../../src/services/work-off.ts";
import { addSilently } from "./bulk.ts";
import fc from "./fast-check.ts";
import { MemoryStore } from "./memory-store.ts";
import { must, newScene, SAME_REFERENCE, type Scene, silentContext } from "./scene.ts";

export const FIRST_DAY = "2026-03-10";
const FIRST_NOW = Date.parse(`${FIRST_DAY}T12:00:00Z`);
const DAY_MS = 86_400_000;

/** What happens to records; `pick` and the like choose among what is there, by remainder. */
export type Step =
  | { kind: "wait"; days: number }
  | {
      kind: "add";
      side: "left" | "right";
      day: number;
      amount: number;
      currency: number;
      isDebit: boolean;
      ref: number;
    }
  | { kind: "edit"; pick: number; day: number; amount: number; isDebit: boolean }
  | { kind: "delete" | "post" | "mark_overdue" | "mark_ambiguous"; pick: number; where: number }
  | { kind: "match"; left: number; right: number; where: number; adjusts: boolean }
  | { kind: "void"; pick: number; where: number }
  | { kind: "automate" | "settle"; where: number };

const any = fc.nat({ max: 1_000 });
const day = fc.integer({ min: -100, max: 20 });
const amount = fc.constantFrom(0, 1, 250, 999, 1_000_000_000, 999_999_999_999_999);
const where = fc.nat({ max: 1 });

export const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), days: fc.nat({ max: 3 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("add" as const),
          side: fc.constantFrom("left" as const, "right" as const),
          day,
          amount,
          currency: fc.nat({ max: 1 }),
          isDebit: fc.boolean(),
          ref: fc.nat({ max: 2 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("edit" as const), pick: any, day, amount, isDebit: fc.boolean() }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom("delete", "post", "mark_overdue", "mark_ambiguous", "mark_ambiguous"),
          pick: any,
          where,
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant("match" as const),
          left: any,
          right: any,
          where,
          adjusts: fc.boolean(),
        }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("void" as const), pick: any, where }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("automate", "settle"), where }) },
    ),
    { minLength: 6, maxLength: 24 },
  )
  .map((list) => list as Step[]);

/** A record that is matched, taken back, changed and deleted, a day after the other. */
export const CHANGED_LATER: Step[] = [
  { kind: "match", left: 0, right: 0, where: 0, adjusts: false },
  { kind: "mark_overdue", pick: 2, where: 0 },
  { kind: "wait", days: 1 },
  { kind: "void", pick: 0, where: 0 },
  { kind: "wait", days: 1 },
  { kind: "edit", pick: 0, day: -3, amount: 250, isDebit: true },
  { kind: "wait", days: 1 },
  { kind: "match", left: 0, right: 0, where: 1, adjusts: true },
  { kind: "wait", days: 1 },
  { kind: "void", pick: 0, where: 1 },
  { kind: "delete", pick: 0, where: 0 },
];

interface Place {
  id: number;
  uid: string;
  store: MemoryStore;
}

/** Two reconciliations of the same sources, whose records go through one thing after the other while days go by. */
export class History {
  readonly scene: Scene;
  readonly places: Place[];
  now = FIRST_NOW;

  static async begin(): Promise<History> {
    const rules = [{ filters: SAME_REFERENCE, on_ambiguous: "skip" }];
    const scene = await newScene({ rules, expectedWithinDays: 5 });
    const second = { name: "Second", side_a: ["right"], side_b: ["left"], run_type: "batch" };
    const other = await must(scene.api.post("/v1/reconciliations", second), 201);
    const places = [scene.reconciliation, other.body.id as string].map(async (uid) => {
      const row = await first<{ id: number }>(scene.db, sql`select id from reconciliations where uid = ${uid}`);
      return { id: row?.id as number, uid, store: new MemoryStore() };
    });
    const history = new History(scene, await Promise.all(places));
    for (const side of ["left", "right"] as const) {
      for (const ref of [0, 1, 1, 2]) {
        const amount = 100 * (ref + 1);
        await history.take({ kind: "add", side, day: -ref, amount, currency: 0, isDebit: false, ref });
      }
    }
    return history;
  }

  private constructor(scene: Scene, places: Place[]) {
    this.scene = scene;
    this.places = places;
  }

  get today(): string {
    return dayOf(this.now);
  }

  get ctx(): ServiceContext {
    return { ...silentContext(this.scene), now: () => this.now };
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "wait":
        this.now += step.days * DAY_MS;
        return;
      case "add":
        return this.#add(step);
      case "edit":
        return this.#edit(step);
      case "delete":
        return this.#withRecord(step.pick, async (uid) => void (await deleteRecord(this.ctx, uid)));
      case "post":
        return this.#withRecord(step.pick, (uid) =>
          this.#run(sql`update records set is_pending = 1 - is_pending
          where uid = ${uid} and not exists (select 1 from entries where record_id = records.id)`),
        );
      case "mark_overdue":
        return this.#withRecord(step.pick, async (uid) => {
          await markOverdue(this.ctx, this.#at(step.where).uid, uid, this.now);
        });
      case "mark_ambiguous":
        return this.#withRecord(step.pick, (uid) => this.#markAmbiguous(this.#at(step.where).id, uid));
      case "match":
        return this.#match(step);
      case "void":
        return this.#void(step);
      case "automate":
        return this.#automate(this.places[0] as Place);
      case "settle":
        await this.#automate(this.#at(step.where));
        await settle(this.#dependencies(this.#at(step.where)), this.#at(step.where).store);
        return;
    }
  }

  #at(where: number): Place {
    return this.places[where % this.places.length] as Place;
  }

  #dependencies({ uid }: Place): WorkDependencies {
    return { ...this.scene.dependencies(), reconciliationUid: uid, now: () => this.now };
  }

  async #add({ side, day, amount, currency, isDebit, ref }: Step & { kind: "add" }): Promise<void> {
    await addSilently(this.scene, side, [
      {
        date: dayOf(FIRST_NOW + day * DAY_MS),
        amount,
        currency: currency === 0 ? "USD" : "JPY",
        direction: isDebit ? "debit" : "credit",
        metadata: { ref: `r${ref}` },
      },
    ]);
  }

  #edit({ pick, day, amount, isDebit }: Step & { kind: "edit" }): Promise<void> {
    const patch = {
      date: dayOf(FIRST_NOW + day * DAY_MS),
      amount: `${amount}`.replace(/^\d{14,}$/, "9999999999999"),
      direction: isDebit ? "debit" : "credit",
    };
    return this.#withRecord(pick, async (uid) => void (await updateRecord(this.ctx, uid, patch)));
  }

  async #match({ left, right, where, adjusts }: Step & { kind: "match" }): Promise<void> {
    const uids = await Promise.all([this.#pick("left", left), this.#pick("right", right)]);
    if (uids.includes(undefined)) return;
    const command = {
      recordUids: uids as string[],
      createAdjustment: adjusts,
      adjustmentReason: null,
      allowPartial: !adjusts,
    };
    await matchByHand(this.#dependencies(this.#at(where)), command, []);
  }

  async #void({ pick, where }: Step & { kind: "void" }): Promise<void> {
    const place = this.#at(where);
    const live = await all<{ uid: string }>(
      this.scene.db,
      sql`select uid from matches where reconciliation_id = ${place.id} and status = 'matched' order by id`,
    );
    const chosen = live[pick % Math.max(live.length, 1)];
    if (chosen) await voidMatches(this.#dependencies(place), [chosen.uid], null);
  }

  async #automate(place: Place): Promise<void> {
    for (let slices = 0; slices < 100; slices++) {
      if ((await workOff(this.#dependencies(place), place.store)) !== "more") return;
    }
    throw new Error("it does not settle");
  }

  async #markAmbiguous(reconciliationId: number, uid: string): Promise<void> {
    const pairs = pairsOfReconciliation(reconciliationId);
    const { environmentId } = this.scene.tenant;
    const isMarkable = sql`uid = ${uid} and deleted_at is null and is_pending = 0`;
    await runBatch(this.scene.db, [
      sql`insert into entries (reconciliation_id, record_id, amount, ambiguous_at)
        select ${reconciliationId}, id, amount, ${this.now} from records where ${isMarkable}
        on conflict do update set ambiguous_at = iif(ambiguous_at is null, ${this.now}, null) where status <> 2`,
      ...syncExceptions(environmentId, pairs, this.now).statements,
    ]);
  }

  async #withRecord(pick: number, work: (uid: string) => Promise<void>): Promise<void> {
    const uid = await this.#pick(pick % 2 === 0 ? "left" : "right", pick);
    if (uid !== undefined) await work(uid);
  }

  async #pick(side: "left" | "right", pick: number): Promise<string | undefined> {
    const rows = await all<{ uid: string }>(
      this.scene.db,
      sql`select r.uid from data_sources s join records r on r.source_id = s.id
        where s.environment_id = ${this.scene.tenant.environmentId} and s.key = ${side} and r.deleted_at is null
          and r.is_adjustment = 0 order by r.id`,
    );
    return rows[pick % Math.max(rows.length, 1)]?.uid;
  }

  #run(statement: Statement | ReturnType<typeof sql>): Promise<void> {
    return runBatch(this.scene.db, [statement]).then(() => undefined);
  }
}
