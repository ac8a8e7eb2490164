import { type Bindings, RATE_LIMIT_PERIOD_SECONDS } from "../config.ts";
import { networkOf } from "../core/client-network.ts";
import { Refused } from "./refusal.ts";

/** Counts a request of an API key; throws the refusal of one too many. */
export function limitKey(env: Bindings, keyUid: string | null): Promise<void> {
  return limit(env, `key ${keyUid ?? "bootstrap"}`);
}

/** Counts a key that has to be looked up, for where it comes from: guesses cost the database no more than that. */
export function limitLookUp(env: Bindings, headers: Headers): Promise<void> {
  return limit(env, `network ${networkOf(headers.get("cf-connecting-ip") ?? "")}`);
}

async function limit(env: Bindings, key: string): Promise<void> {
  if (env.NO_RATE_LIMITS === "true") return;
  const { success } = await env.RATE_LIMIT.limit({ key });
  if (!success) throw new Refused({ kind: "rate_limited", retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
}
