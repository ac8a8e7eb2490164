import type { Bindings } from "../config.ts";
import type { WebhookUrlRules } from "../services/check-webhook-url.ts";
import { hostResolver } from "./host-names.ts";

const resolveHost = hostResolver();

/** Where the webhooks of this deployment may go. Local development resolves no names: it may have no network. */
export function webhookUrlRules(env: Bindings): WebhookUrlRules {
  const allowLocal = env.ALLOW_LOCAL_WEBHOOKS === "true";
  return { allowLocal, resolveHost: allowLocal ? null : resolveHost };
}
