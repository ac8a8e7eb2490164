import type { ServiceContext } from "./context.ts";
import { sendDeliveries } from "./send-deliveries.ts";

/** Wakes the deliveries that a batch has written: `result` is that of its `fanOutDeliveries`. */
export async function sendAnnouncement(ctx: ServiceContext, result: D1Result<unknown> | undefined): Promise<void> {
  const deliveries = (result as D1Result<{ uid: string }>).results;
  await sendDeliveries(
    ctx.webhooks,
    deliveries.map(({ uid }) => uid),
  );
}
