import { describe, expect, it, vi } from "vitest";
import type { DeliveryMessage } from "../../src/config.ts";
import { sendDeliveries } from "../../src/services/send-deliveries.ts";
import { RememberingQueue } from "../support/webhooks.ts";

const queueOf = (queue: RememberingQueue) => queue as unknown as Queue<DeliveryMessage>;

describe("sending wake-ups", () => {
  it("sends any number, as many at a time as a queue takes", async () => {
    const queue = new RememberingQueue();
    const uids = Array.from({ length: 250 }, (_, index) => `d${index}`);
    await sendDeliveries(queueOf(queue), uids, 7);
    expect(queue.sent).toEqual(uids.map((uid) => ({ uid, delaySeconds: 7 })));
  });

  it("does not fail when the queue does", async () => {
    const queue = new RememberingQueue();
    queue.isBroken = true;
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await sendDeliveries(queueOf(queue), ["d1"]);
    expect(queue.sent).toEqual([]);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
