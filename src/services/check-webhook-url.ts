import type { FieldError } from "../core/result.ts";
import { hostToResolve, refuseAddress, refuseWebhookUrl } from "../core/webhook-url.ts";

/** What decides where webhooks may go. */
export interface WebhookUrlRules {
  /** Whether http and loopback are allowed, as in local development. */
  allowLocal: boolean;
  /** The addresses of a host's name, none if it has none or if they cannot be had; null: names are not resolved. */
  resolveHost: ((host: string) => Promise<string[]>) | null;
}

/** Why nothing is sent to a URL: it may not be sent there, or nobody knows where it leads. */
export type UrlRefusal = { error: "refused_url"; message: string } | { error: "unresolved_host" };

/** Looks at a URL and at every address that its host's name has; null if webhooks may go there. */
export async function findUrlRefusal(rules: WebhookUrlRules, url: string): Promise<UrlRefusal | null> {
  const refused = refuseWebhookUrl(url, rules);
  if (refused !== null) return { error: "refused_url", message: refused };
  const host = hostToResolve(url);
  if (host === null || rules.resolveHost === null) return null;
  const addresses = await rules.resolveHost(host);
  if (addresses.length === 0) return { error: "unresolved_host" };
  const isPublic = addresses.every((address) => refuseAddress(address, rules.allowLocal) === null);
  return isPublic ? null : { error: "refused_url", message: "Must go to a host all of whose addresses are public." };
}

/**
 * Says why webhooks may not go to the URL that a body gives; what is no text is for the body's schema. A name without
 * an address may get one later: it is looked up again before each attempt.
 */
export async function checkWebhookUrl(rules: WebhookUrlRules, url: unknown): Promise<FieldError[]> {
  if (typeof url !== "string") return [];
  const refusal = await findUrlRefusal(rules, url);
  if (refusal?.error !== "refused_url") return [];
  return [{ path: "/url", code: "refused_url", message: refusal.message }];
}
