import { type DeliveryMessage, QUEUE_SEND_MAX_MESSAGES } from "../config.ts";

/**
 * Wakes deliveries whose rows are written, `delaySeconds` from now. Never fails: a wake-up that is lost is made good by
 * the cron.
 */
export async function sendDeliveries(
  queue: Queue<DeliveryMessage>,
  deliveryUids: readonly string[],
  delaySeconds = 0,
): Promise<void> {
  for (let start = 0; start < deliveryUids.length; start += QUEUE_SEND_MAX_MESSAGES) {
    const chunk = deliveryUids.slice(start, start + QUEUE_SEND_MAX_MESSAGES);
    try {
      await queue.sendBatch(chunk.map((uid) => ({ body: { delivery_id: uid }, delaySeconds })));
    } catch (error) {
      console.warn(
        JSON.stringify({ message: "wake-ups of deliveries were lost", count: chunk.length, error: String(error) }),
      );
    }
  }
}
