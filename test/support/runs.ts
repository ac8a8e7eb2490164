import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { Db } from "../../src/db/client.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import { createRun } from "../../src/services/create-run.ts";
import type { ReconcilerStore } from "../../src/services/reconciler-store.ts";
import { workOff } from "../../src/services/work-off.ts";
import { workOffRun } from "../../src/services/work-off-run.ts";
import type { Reply } from "./api.ts";
import { bindings, must, type Scene, silentContext } from "./scene.ts";

export const runsPath = (scene: Scene) => `/v1/reconciliations/${scene.reconciliation}/runs`;

const SLICES_MAX = 5_000;

/** Makes a run and lets its Reconciler bring it to its end; answers the run as it is then. */
export async function runToEnd(scene: Scene, body: Record<string, unknown>): Promise<Reply["body"]> {
  const made = await must(scene.api.post(runsPath(scene), body), 202);
  return finishRun(scene, made.body.id);
}

export async function finishRun(scene: Scene, id: string): Promise<Reply["body"]> {
  const stub = bindings.RECONCILER.getByName(scene.reconciliation);
  await stub.poke();
  for (let slices = 0; slices < SLICES_MAX; slices++) {
    const { body } = await must(scene.api.get(`${runsPath(scene)}/${id}`), 200);
    if (body.completed_at !== null) return body;
    // An alarm that is due also fires by itself.
    await runDurableObjectAlarm(stub);
  }
  throw new Error("the run does not end");
}

export async function matchesOfRun(scene: Scene, id: string): Promise<Reply["body"][]> {
  const rows: Reply["body"][] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: Reply = await must(
      scene.api.get(`${runsPath(scene)}/${id}/matches?limit=200${cursor && `&cursor=${cursor}`}`),
      200,
    );
    rows.push(...page.body.data);
    cursor = page.body.next_cursor;
  }
  return rows;
}

/** Writes down a run of which no Reconciler is told. */
export async function newSilentRun(scene: Scene, mode: "preview" | "commit", previewUid: string | null = null) {
  const created = await createRun(silentContext(scene), scene.reconciliation, { mode, previewUid });
  if (!created.ok) throw new Error(JSON.stringify(created.failure));
  return created.value.uid;
}

/** One slice as an alarm does it. Answers whether another one waits. */
export async function workOffSlice(scene: Scene, store: ReconcilerStore, db: Db = scene.db): Promise<boolean> {
  const deps = { ...scene.dependencies(), db };
  const state = await workOff(deps, store);
  return state === "run" ? (await workOffRun(deps, store)) === "more" : state === "more";
}

/** Works off everything that waits, with no Reconciler but this store; answers the number of slices. */
export async function workOffAll(scene: Scene, store: ReconcilerStore, db: Db = scene.db): Promise<number> {
  for (let slices = 1; slices < SLICES_MAX; slices++) if (!(await workOffSlice(scene, store, db))) return slices;
  throw new Error("it does not settle");
}

/** A match without what differs from one run to another: the records' external ids, with what each gives. */
export async function describeMatches(scene: Scene, matches: readonly Reply["body"][]): Promise<string[]> {
  const uids = matches.flatMap((match) => match.records.map((record: { record_id: string }) => record.record_id));
  const { results } = await scene.db.d1
    .prepare("select uid, external_id from records where uid in (select value from json_each(?))")
    .bind(JSON.stringify(uids))
    .all<{ uid: string; external_id: string }>();
  const names = new Map(results.map((row) => [row.uid, row.external_id]));
  return matches.map((match) =>
    match.records
      .map((record: { record_id: string; amount: number }) => `${names.get(record.record_id)}:${record.amount}`)
      .sort()
      .join(" "),
  );
}

/** Lends a store over the SQLite of an object that nobody else works with. */
export async function withSqliteStore(scene: Scene, work: (store: ReconcilerStore) => Promise<void>): Promise<void> {
  const stub = bindings.RECONCILER.getByName(`runs-${scene.reconciliation}`);
  await runInDurableObject(stub, (_, state) => work(new SqliteStore(state.storage)));
}
