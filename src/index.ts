import { createApp } from "./app.ts";
import type { Bindings } from "./config.ts";

export { Reconciler } from "./runtime/reconciler.ts";

const app = createApp();

export default {
  fetch: app.fetch,
} satisfies ExportedHandler<Bindings>;
