import { setTimeout as wait } from "node:timers/promises";
import { triggerCron } from "../local-worker.ts";

const CRON_INTERVAL_MS = 5_000;
const WAIT_LIMIT_MS = 75_000;
const POLL_MS = 100;

/** When the time is up the demo goes on, and the comparison says what is missing. */
export async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!(await holds()) && Date.now() < deadline) await wait(POLL_MS);
}

/** The cron goes on meanwhile: it sends webhooks again whose wake-up was lost. */
export async function waitWithCron(url: string, holds: () => Promise<boolean>): Promise<void> {
  let cronDueAt = Date.now() + CRON_INTERVAL_MS;
  await waitUntil(async () => {
    if (Date.now() > cronDueAt) {
      await triggerCron(url);
      cronDueAt = Date.now() + CRON_INTERVAL_MS;
    }
    return holds();
  });
}
