import { createApp } from "./app.ts";
import type { Bindings, DeliveryMessage } from "./config.ts";
import { handleCron } from "./runtime/cron.ts";
import { handleWebhookBatch } from "./runtime/webhook-queue.ts";

export { JobRunner } from "./runtime/job-runner.ts";
export { Reconciler } from "./runtime/reconciler.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  queue: handleWebhookBatch,
  scheduled: (controller, env) => handleCron(env, controller.scheduledTime),
} satisfies ExportedHandler<Bindings, DeliveryMessage>;
