import { type DeliveryMessage, QUEUE_SEND_MAX_DELIVERIES, QUEUE_SEND_MAX_MESSAGES } from "../config.ts";

/**
 * Wakes deliveries whose rows are written, `delaySeconds` from now, as many as one request may: the cron wakes the
 * others. Never fails: a wake-up that is lost is made good by the cron as well.
 */
export async function sendDeliveries(
  queue: Queue<DeliveryMessage>,
  deliveryUids: readonly string[],
  delaySeconds = 0,
): Promise<void> {
  const end = Math.min(deliveryUids.length, QUEUE_SEND_MAX_DELIVERIES);
  for (let start = 0; start < end; start += QUEUE_SEND_MAX_MESSAGES) {
    const chunk = deliveryUids.slice(start, Math.min(end, start + QUEUE_SEND_MAX_MESSAGES));
    try {
      await queue.sendBatch(chunk.map((uid) => ({ body: { delivery_id: uid }, delaySeconds })));
    } catch (error) {
      console.warn(
        JSON.stringify({ message: "wake-ups of deliveries were lost", count: chunk.length, error: String(error) }),
      );
    }
  }
}
