import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  IMPORT_MAX_PROBLEMS,
  JOB_MAX_FAILURES,
  JOB_RETRY_MAX_MS,
  JOB_RETRY_MIN_MS,
  JOB_STALE_MS,
} from "../../src/config.ts";
import { computeJobDelay, formatJobName, parseJobName } from "../../src/core/job.ts";
import { handleCron } from "../../src/runtime/cron.ts";
import type { JobRunner } from "../../src/runtime/job-runner.ts";
import { workOffImport } from "../../src/services/work-off-import.ts";
import { countsOf, listExternalIds, newRow, newRows, sendRows } from "../support/bulk-requests.ts";
import { MAPPING_WITH_ID, newCsv, problemsOf, readImport, sendFile } from "../support/imports.ts";
import { muteJobs, quietDependencies, readBulk, runnerOf, unmuteJobs } from "../support/jobs.ts";
import { bindings, must, newScene, type Scene } from "../support/scene.ts";

beforeEach(muteJobs);
afterEach(() => {
  unmuteJobs();
  vi.restoreAllMocks();
});

const HOUR_MS = 3_600_000;

/** A bulk request of which its JobRunner knows, but not before a test lets it. */
async function newJob(scene: Scene, count: number) {
  const { id } = await sendRows(scene.api, newRows(count));
  const stub = runnerOf("bulk_request", id);
  await runInDurableObject(stub, (_, state) => state.storage.setAlarm(Date.now() + HOUR_MS));
  const alarmAt = () => runInDurableObject(stub, (_, state) => state.storage.getAlarm());
  /** The alarm that is set; says whether one was. */
  const slice = () => runDurableObjectAlarm(stub);
  return { id, stub, alarmAt, slice, read: () => readBulk(scene.api, id) };
}

/** From here on this object's D1 fails at whatever touches such a text. */
function breakD1(stub: DurableObjectStub<JobRunner>, text: string): Promise<void> {
  return runInDurableObject(stub, (instance: JobRunner) => {
    const DB = new Proxy(bindings.DB, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (name !== "prepare") return typeof value === "function" ? value.bind(target) : value;
        return (sql: string) => {
          if (sql.includes(text)) throw new Error("D1 is down");
          return target.prepare(sql);
        };
      },
    });
    Object.assign(instance, { env: { ...bindings, DB } });
  });
}

const mend = (stub: DurableObjectStub<JobRunner>) => evictDurableObject(stub);

describe("a JobRunner", () => {
  it("does a slice with each alarm, and leaves nothing behind", async () => {
    const scene = await newScene();
    unmuteJobs();
    const { id } = await sendRows(scene.api, newRows(600));
    const stub = runnerOf("bulk_request", id);
    for (let alarms = 0; (await readBulk(scene.api, id)).completed_at === null; alarms++) {
      expect(alarms).toBeLessThan(200);
      await runDurableObjectAlarm(stub);
    }
    expect(await listExternalIds(scene.api)).toHaveLength(600);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
    const kept = await runInDurableObject(stub, (_, state) => state.storage.list());
    expect([...kept]).toEqual([]);
  });

  it("comes to the same though it is evicted after every slice", async () => {
    const scene = await newScene();
    const job = await newJob(scene, 600);
    let slices = 0;
    while (await job.slice()) {
      slices += 1;
      expect(slices).toBeLessThan(100);
      await evictDurableObject(job.stub);
    }
    const bulk = await job.read();
    expect([bulk.status, countsOf(bulk)]).toEqual(["completed", [600, 600, 600, 0, 0]]);
    expect(await listExternalIds(scene.api)).toEqual(newRows(600).map((row) => row.external_id));
  });

  it("does nothing more for a job that is over", async () => {
    const scene = await newScene();
    const job = await newJob(scene, 3);
    while (await job.slice());
    const before = await job.read();
    await job.stub.wake();
    while (await job.slice());
    await runInDurableObject(job.stub, (instance: JobRunner) => Promise.all([instance.alarm(), instance.alarm()]));
    expect(await job.read()).toEqual(before);
    expect(await listExternalIds(scene.api)).toHaveLength(3);
  });

  it("does each row once though its alarm fires twice at once", async () => {
    const scene = await newScene();
    const job = await newJob(scene, 600);
    for (let turn = 0; turn < 4; turn++) {
      await runInDurableObject(job.stub, (instance: JobRunner) => Promise.all([instance.alarm(), instance.alarm()]));
    }
    while (await job.slice());
    expect(countsOf(await job.read())).toEqual([600, 600, 600, 0, 0]);
    expect(await listExternalIds(scene.api)).toHaveLength(600);
  });
});

describe("a slice that fails", () => {
  it("is done again, each time later, and wake-ups do not make it sooner", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const scene = await newScene();
    const job = await newJob(scene, 3);
    await breakD1(job.stub, "bulk_rows");
    for (let failures = 1; failures <= 4; failures++) {
      const started = Date.now();
      const { setFor, afterWaking } = await failOnce(job.stub);
      const delay = computeJobDelay(failures, JOB_RETRY_MIN_MS, JOB_RETRY_MAX_MS);
      expect(setFor).toBeGreaterThanOrEqual(started + delay);
      expect(setFor).toBeLessThanOrEqual(Date.now() + delay);
      expect(afterWaking).toBe(setFor);
    }
    expect((await job.read()).status).toBe("pending");
    await mend(job.stub);
    while (await job.slice());
    expect((await job.read()).status).toBe("completed");
    expect([...(await runInDurableObject(job.stub, (_, state) => state.storage.list()))]).toEqual([]);
  });

  it("fails the job after twenty times in a row, and what was done stays", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const scene = await newScene();
    const job = await newJob(scene, 300);
    await breakD1(job.stub, "no such text");
    await runInDurableObject(job.stub, async (instance: JobRunner, state) => {
      await instance.alarm();
      await state.storage.setAlarm(Date.now() + HOUR_MS);
    });
    expect((await job.read()).processed_items).toBe(250);
    await breakD1(job.stub, "bulk_rows");
    for (let failures = 1; failures < JOB_MAX_FAILURES; failures++) await failOnce(job.stub);
    expect((await job.read()).status).toBe("processing");
    await failOnce(job.stub);
    const bulk = await job.read();
    expect([bulk.status, countsOf(bulk)]).toEqual(["failed", [300, 250, 250, 0, 0]]);
    expect(bulk.completed_at).not.toBeNull();
    expect(await listExternalIds(scene.api)).toHaveLength(250);
    expect([...(await runInDurableObject(job.stub, (_, state) => state.storage.list()))]).toEqual([]);
    await mend(job.stub);
    await must(scene.api.post(`/v1/bulk_requests/${job.id}/retry`, undefined), 202);
    await job.stub.wake();
    while (await job.slice());
    expect(countsOf(await job.read())).toEqual([300, 300, 300, 0, 0]);
  });

  it("counts as one also when it takes its object with it", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const scene = await newScene();
    const job = await newJob(scene, 3);
    const counted: Promise<unknown>[] = [];
    await runInDurableObject(job.stub, async (instance: JobRunner, { storage }) => {
      const DB = new Proxy(bindings.DB, {
        get(target, name) {
          if (name === "prepare") counted.push(storage.get("failures"));
          const value = Reflect.get(target, name) as unknown;
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      Object.assign(instance, { env: { ...bindings, DB } });
      await instance.alarm();
      expect(await Promise.all(counted)).toContain(1);
      expect(await storage.get("failures")).toBeUndefined();
    });
    const doomed = await newJob(scene, 3);
    await runInDurableObject(doomed.stub, async (_, { storage }) => {
      await storage.put("failures", JOB_MAX_FAILURES);
      await storage.setAlarm(Date.now() + HOUR_MS);
    });
    await doomed.slice();
    const bulk = await doomed.read();
    expect([bulk.status, countsOf(bulk)]).toEqual(["failed", [3, 0, 0, 0, 0]]);
    expect([...(await runInDurableObject(doomed.stub, (_, state) => state.storage.list()))]).toEqual([]);
    expect(error.mock.calls.map(([line]) => JSON.parse(line).message)).toEqual(["job given up"]);
  });

  it("has an import say with which line it was given up", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const scene = await newScene();
    const { id } = await sendFile(scene.api, "left", newCsv(1_500), MAPPING_WITH_ID);
    await workOffImport(quietDependencies(), id);
    const giveUp = async (uid: string) => {
      const stub = runnerOf("import", uid);
      await breakD1(stub, "import_chunks");
      await runInDurableObject(stub, (_, { storage }) => storage.put("failures", JOB_MAX_FAILURES - 1));
      await failOnce(stub);
      await mend(stub);
      return readImport(scene.api, uid);
    };
    const given = await giveUp(id);
    expect([given.status, given.created, problemsOf(given)]).toEqual(["failed", 1_000, ["1002 null gave_up"]]);
    const wrong = await sendFile(
      scene.api,
      "left",
      newCsv(1_500, () => ({ day: "x" })),
      MAPPING_WITH_ID,
    );
    await workOffImport(quietDependencies(), wrong.id);
    const problems = problemsOf(await giveUp(wrong.id));
    expect([problems.length, ...problems.slice(-2)]).toEqual([
      IMPORT_MAX_PROBLEMS,
      "100 Day invalid_date",
      "1002 null gave_up",
    ]);
  });

  it("does not end the job while not even that can be written", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const scene = await newScene();
    const job = await newJob(scene, 3);
    await breakD1(job.stub, "bulk_requests");
    for (let failures = 0; failures < JOB_MAX_FAILURES + 2; failures++) await failOnce(job.stub);
    expect(await job.alarmAt()).not.toBeNull();
    await mend(job.stub);
    while (await job.slice());
    expect((await job.read()).status).toBe("completed");
  });
});

/** An alarm whose successor does not fire by itself within this test. */
function failOnce(stub: DurableObjectStub<JobRunner>) {
  return runInDurableObject(stub, async (instance: JobRunner, { storage }) => {
    await storage.deleteAlarm();
    await instance.alarm();
    const setFor = await storage.getAlarm();
    if (setFor === null) return { setFor, afterWaking: null };
    await instance.wake();
    const afterWaking = await storage.getAlarm();
    await storage.setAlarm(Date.now() + HOUR_MS);
    return { setFor, afterWaking };
  });
}

describe("the cron", () => {
  const age = (scene: Scene, id: string, ms: number) =>
    scene.db.d1
      .prepare("update bulk_requests set updated_at = ? where uid = ?")
      .bind(Date.now() - ms, id)
      .run();

  it("wakes a job whose wake-up was lost, and may do so twice", async () => {
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(3));
    unmuteJobs();
    await age(scene, id, JOB_STALE_MS + 1_000);
    await Promise.all([handleCron(bindings, Date.now()), handleCron(bindings, Date.now())]);
    for (let alarms = 0; (await readBulk(scene.api, id)).completed_at === null; alarms++) {
      expect(alarms).toBeLessThan(200);
      await runDurableObjectAlarm(runnerOf("bulk_request", id));
    }
    expect(await listExternalIds(scene.api)).toHaveLength(3);
  });

  it("leaves alone what is worked on, and what is over", async () => {
    const scene = await newScene();
    const fresh = (await sendRows(scene.api, [newRow()])).id;
    const cancelled = (await sendRows(scene.api, [newRow()])).id;
    await must(scene.api.post(`/v1/bulk_requests/${cancelled}/cancel`, undefined), 202);
    await age(scene, cancelled, HOUR_MS);
    unmuteJobs();
    await handleCron(bindings, Date.now());
    for (const id of [fresh, cancelled]) {
      const alarm = await runInDurableObject(runnerOf("bulk_request", id), (_, state) => state.storage.getAlarm());
      expect(alarm).toBeNull();
    }
    expect((await readBulk(scene.api, fresh)).status).toBe("pending");
  });
});

describe("a job's name", () => {
  it("is read as it was written", () => {
    for (const kind of ["bulk_request", "import"] as const) {
      expect(parseJobName(formatJobName({ kind, uid: "a-1" }))).toEqual({ kind, uid: "a-1" });
    }
    expect(["", "a", "other/a", "bulk_request"].map(parseJobName)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it("waits twice as long with each failure, up to a bound", () => {
  expect([1, 2, 3, 7, 20].map((failures) => computeJobDelay(failures, 1_000, 60_000))).toEqual([
    1_000, 2_000, 4_000, 60_000, 60_000,
  ]);
});
