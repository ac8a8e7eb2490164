import { type DeliveryMessage, SWEEP_MAX_DELIVERIES, WEBHOOK_STRAGGLER_MS } from "../config.ts";
import type { Db } from "../db/client.ts";
import { takeStragglers } from "../db/deliveries.ts";
import { sendDeliveries } from "./send-deliveries.ts";

/** Wakes deliveries that are due but were never woken, or whose attempt died; answers how many. For the cron. */
export async function resendStragglers(deps: { db: Db; queue: Queue<DeliveryMessage> }, now: number): Promise<number> {
  const uids = await takeStragglers(deps.db, now - WEBHOOK_STRAGGLER_MS, now, SWEEP_MAX_DELIVERIES);
  await sendDeliveries(deps.queue, uids);
  return uids.length;
}
