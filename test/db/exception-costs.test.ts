import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { first, runBatch } from "../../src/db/client.ts";
import { expectExceptionsStay, pairsOfReconciliation, syncExceptions } from "../../src/db/exception-sync.ts";
import { commentOnException } from "../../src/services/comment-on-exception.ts";
import { commitMatches } from "../../src/services/commit-matches.ts";
import { markOverdue } from "../../src/services/mark-overdue.ts";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { cron, exceptionOf } from "../support/exceptions.ts";
import { must, newScene, type Scene, silentContext } from "../support/scene.ts";
import { muteQueue } from "../support/webhooks.ts";

muteQueue();

const DAYS = 300;

async function idOf(scene: Scene): Promise<number> {
  const row = await first<{ id: number }>(
    scene.db,
    sql`select id from reconciliations where uid = ${scene.reconciliation}`,
  );
  return row?.id as number;
}

/** A scene with overdue records on this many days. */
async function newBacklog(days: number) {
  const scene = await newScene({ expectedWithinDays: 0, runType: "batch" });
  const rows = Array.from({ length: days }, (_, n) => ({
    date: new Date(Date.parse("2024-01-01") + n * 86_400_000).toISOString().slice(0, 10),
  }));
  const uids = await addSilently(scene, "left", rows);
  await addSilently(scene, "right", [{ date: "2199-01-01" }, { date: "2199-01-01" }]);
  await cron();
  return { scene, uids, id: await idOf(scene) };
}

/** How many statements go to D1, in which batches. */
function countStatements(scene: Scene) {
  const batches: number[] = [];
  const d1 = new Proxy(scene.db.d1, {
    get(target, name) {
      if (name === "batch") {
        return (statements: D1PreparedStatement[]) => {
          batches.push(statements.length);
          return target.batch(statements);
        };
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { db: { ...scene.db, d1 }, batches };
}

describe("what exceptions cost a commit", () => {
  it("is a look at the exceptions that are there", async () => {
    const none = await newBacklog(0);
    const many = await newBacklog(DAYS);
    const read = async ({ scene, id }: typeof many) => {
      const counted = countRowsRead(scene.db);
      await runBatch(counted.db, [expectExceptionsStay(id)]);
      return counted.rowsRead();
    };
    expect((await exceptionOf(many.scene, "left")).aggregates.record_count).toBe(DAYS);
    const rowsRead = { none: await read(none), many: await read(many) };
    console.log(`rows read by a commit for exceptions: ${JSON.stringify(rowsRead)}`);
    expect(rowsRead.none).toBeLessThanOrEqual(2);
    expect(rowsRead.many).toBeLessThanOrEqual(6);
  });

  it("is one statement, unless an exception closes: then the batch is made again with what closes it", async () => {
    const { scene, uids } = await newBacklog(2);
    const { db, batches } = countStatements(scene);
    const rights = await must(scene.api.get("/v1/records?type_key=right"), 200);
    for (const [place, uid] of uids.entries()) {
      const recordUids = [uid, rights.body.data[place].id];
      const command = { recordUids, createAdjustment: false, adjustmentReason: null, allowPartial: false };
      const made = await matchByHand({ ...scene.dependencies(), db }, command, []);
      expect(made.ok).toBe(true);
      expect((await exceptionOf(scene, "left")).status).toBe(place === 0 ? "open" : "resolved");
    }
    const [readFirst, lean, readSecond, refused, full] = batches as [number, number, number, number, number];
    expect(batches).toHaveLength(5);
    expect([readSecond, refused]).toEqual([readFirst, lean]);
    expect(full - lean).toBe(3);
  });

  it("is the whole commit if it is refused for another reason, too", async () => {
    const { scene, id } = await newBacklog(1);
    const scope = {
      ...{ reconciliationId: id, reconciliationUid: scene.reconciliation, isOfPayments: false },
      ...{ environmentId: scene.tenant.environmentId, generation: -1, head: { no: 0, hash: "" }, now: Date.now() },
    };
    expect(await commitMatches(scene.db, scope, [])).toEqual({ kind: "stale", recordUids: [] });
    expect((await exceptionOf(scene, "left")).status).toBe("open");
  });
});

describe("what a comment costs", () => {
  it("does not grow with what the exception is about", async () => {
    const measure = async (days: number) => {
      const { scene } = await newBacklog(days);
      const { id } = await exceptionOf(scene, "left");
      const counted = countRowsRead(scene.db);
      const made = await commentOnException({ ...silentContext(scene), db: counted.db }, id, "x");
      expect(made.ok).toBe(true);
      return counted.rowsRead();
    };
    const [few, many] = [await measure(10), await measure(DAYS)];
    console.log(`rows read by a comment: ${JSON.stringify({ few, many })}`);
    expect(many).toBeLessThanOrEqual(few + 5);
  });
});

describe("what exceptions cost others", () => {
  it("does not grow with the records that are in them", async () => {
    const measure = async (days: number) => {
      const { scene, id } = await newBacklog(days);
      const [uid] = await addSilently(scene, "left", [{ date: "2199-01-01" }]);
      const counted = countRowsRead(scene.db);
      const pairs = pairsOfReconciliation(id);
      await runBatch(counted.db, syncExceptions(scene.tenant.environmentId, pairs, Date.now()).statements);
      const synced = counted.rowsRead();
      const marked = await markOverdue(
        { ...silentContext(scene), db: counted.db },
        scene.reconciliation,
        uid as string,
        Date.now(),
      );
      expect(marked.ok).toBe(true);
      return { synced, marked: counted.rowsRead() - synced };
    };
    const few = await measure(10);
    const many = await measure(DAYS);
    console.log(`rows read for exceptions: ${JSON.stringify({ few, many })}`);
    expect(many.synced).toBeLessThanOrEqual(few.synced + 5);
    expect(many.marked).toBeLessThanOrEqual(few.marked + 20);
    expect(many.synced).toBeLessThan(60);
    expect(many.marked).toBeLessThan(200);
  });
});
