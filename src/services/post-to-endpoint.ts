import { WEBHOOK_ANSWER_MAX_BYTES } from "../config.ts";
import type { WebhookMessage } from "../core/webhook-message.ts";
import { findUrlRefusal, type WebhookUrlRules } from "./check-webhook-url.ts";

export interface PostDependencies {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  now: () => number;
  urlRules: WebhookUrlRules;
  timeoutMs: number;
}

/** What came of one POST. `error` says why there was no answer, in one word. */
export interface PostResult {
  statusCode: number | null;
  error: string | null;
  responseBody: string | null;
  retryAfter: string | null;
  latencyMs: number;
}

/** Sends a message to a URL that a user gave: the only place that does, so that every rule about such URLs is here. */
export async function postToEndpoint(
  deps: PostDependencies,
  url: string,
  message: WebhookMessage,
): Promise<PostResult> {
  const calledAt = deps.now();
  const refusal = await findUrlRefusal(deps.urlRules, url);
  if (refusal) return noAnswer(refusal.error, deps.now() - calledAt);
  const startedAt = deps.now();
  const signal = AbortSignal.timeout(deps.timeoutMs);
  try {
    const response = await deps.fetch(url, { method: "POST", ...message, redirect: "manual", signal });
    const latencyMs = deps.now() - startedAt;
    return {
      statusCode: response.status,
      error: null,
      responseBody: await readBeginning(response, signal),
      retryAfter: response.headers.get("retry-after"),
      latencyMs,
    };
  } catch {
    return noAnswer(signal.aborted ? "timeout" : "connection_failed", deps.now() - startedAt);
  }
}

function noAnswer(error: string, latencyMs: number): PostResult {
  return { statusCode: null, error, responseBody: null, retryAfter: null, latencyMs };
}

// The status has come, so whatever goes wrong with the body is no failure of the delivery.
async function readBeginning(response: Response, signal: AbortSignal): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const timedOut = new Promise<{ done: true; value?: undefined }>((resolve) => {
    signal.addEventListener("abort", () => resolve({ done: true }), { once: true });
  });
  const decoder = new TextDecoder();
  let text = "";
  let room = WEBHOOK_ANSWER_MAX_BYTES;
  try {
    while (room > 0 && !signal.aborted) {
      const { done, value } = await Promise.race([
        reader.read() as Promise<ReadableStreamReadResult<Uint8Array>>,
        timedOut,
      ]);
      if (done || !value) break;
      text += decoder.decode(value.subarray(0, room), { stream: true });
      room -= value.length;
    }
  } catch {
    // What came before the connection broke is kept.
  }
  reader.cancel().catch(() => undefined);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "\uFFFD");
}
