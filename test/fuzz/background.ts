import { runDurableObjectAlarm } from "cloudflare:test";
import { handleCron } from "../../src/runtime/cron.ts";
import { Reconciler } from "../../src/runtime/reconciler.ts";
import { deliverWebhook } from "../../src/services/deliver-webhook.ts";
import { workOffBulkRequest } from "../../src/services/work-off-bulk-request.ts";
import { workOffImport } from "../../src/services/work-off-import.ts";
import { muteJobs, quietDependencies, unmuteJobs } from "../support/jobs.ts";
import { bindings } from "../support/scene.ts";
import { answering, muteQueue, Receiver } from "../support/webhooks.ts";

const SLICES_MAX = 200;
const NEVER_MS = 1_000 * 60 * 60 * 24;

let isOpen = false;
let busy = 0;

/** From here on nothing happens behind a request's back: all that runs by itself runs in `runBackground` alone. */
export function holdBackground(): void {
  muteJobs();
  muteQueue();
  const { alarm, poke } = Reconciler.prototype;
  Reconciler.prototype.alarm = async function (this: Reconciler) {
    if (isOpen) return alarm.call(this);
    const { ctx } = this as unknown as { ctx: DurableObjectState };
    await ctx.storage.setAlarm(Date.now() + NEVER_MS);
  };
  Reconciler.prototype.poke = async function (this: Reconciler) {
    busy += 1;
    try {
      await poke.call(this);
    } finally {
      busy -= 1;
    }
  };
}

/** Resolves once no Reconciler is at work for a request that has been answered. */
export async function untilQuiet(): Promise<void> {
  while (busy > 0) await scheduler.wait(1);
}

/** Jobs, runs, deliveries and the cron, each to its end. */
export async function runBackground(): Promise<void> {
  isOpen = true;
  try {
    await finishJobs("bulk_requests", workOffBulkRequest);
    await finishJobs("imports", workOffImport);
    await handleCron(bindings, Date.now());
    // An alarm can be run while the bindings are what they are.
    unmuteJobs();
    for (const uid of await listUids("select uid from reconciliations")) await runAlarms(uid);
    await deliverAll();
  } finally {
    muteJobs();
    isOpen = false;
  }
}

async function finishJobs(table: string, workOff: typeof workOffBulkRequest): Promise<void> {
  const deps = quietDependencies();
  for (const uid of await listUids(`select uid from ${table} where status in ('pending', 'processing')`)) {
    for (let slices = 0; (await workOff(deps, uid)) === "more"; slices++) {
      if (slices > SLICES_MAX) throw new Error(`a job of ${table} does not end`);
    }
  }
}

async function runAlarms(uid: string): Promise<void> {
  const stub = bindings.RECONCILER.getByName(uid);
  for (let slices = 0; slices < SLICES_MAX; slices++) if (!(await runDurableObjectAlarm(stub))) return;
  throw new Error(`the Reconciler ${uid} does not settle`);
}

async function deliverAll(): Promise<void> {
  const receiver = new Receiver(answering(200), answering(500), answering(200));
  receiver.now = Date.now();
  for (const uid of await listUids("select uid from deliveries where status = 'pending' limit 20")) {
    await deliverWebhook(receiver.deps, uid);
  }
}

async function listUids(query: string): Promise<string[]> {
  const { results } = await bindings.DB.prepare(query).all<{ uid: string }>();
  return results.map(({ uid }) => uid);
}
