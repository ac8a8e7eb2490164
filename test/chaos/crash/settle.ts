import { setTimeout as wait } from "node:timers/promises";
import { triggerCron } from "../../../src/cli/local-worker.ts";
import type { ChaosClient } from "./chaos-client.ts";

const LIMIT_MS = 240_000;
const POLL_MS = 1_500;
/** A delivery that was killed in its first attempt and refused in its second one waits for minutes. */
const FAR_OFF_MS = 10_000;

export interface Settling {
  seconds: number;
  /** Deliveries that a person had attempted at once. */
  asked: number;
}

/** Lets the cron and time do what is left: bulk requests complete, deliveries arrive. Gives up after some minutes. */
export async function settle(client: ChaosClient): Promise<Settling> {
  const startedAt = Date.now();
  const asked = new Set<string>();
  while (Date.now() - startedAt < LIMIT_MS) {
    await triggerCron(client.url);
    const pending = await client.list("/v1/webhook_deliveries?status=pending");
    for (const { id, next_attempt_at } of pending) {
      if (asked.has(id) || Date.parse(next_attempt_at) < Date.now() + FAR_OFF_MS) continue;
      await client.send("POST", `/v1/webhook_deliveries/${id}/retry`, undefined, { key: `retry-${id}` });
      asked.add(id);
    }
    const bulks = await client.list("/v1/bulk_requests");
    const jobs = [...bulks, ...(await client.list("/v1/imports"))];
    if (pending.length === 0 && jobs.every(({ completed_at }) => completed_at !== null)) break;
    await wait(POLL_MS);
  }
  return { seconds: (Date.now() - startedAt) / 1_000, asked: asked.size };
}
