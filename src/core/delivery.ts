export const DELIVERY_STATUSES = ["pending", "delivered", "failed"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const RETRY_DELAYS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
];

/** What the schedule grants: the first attempt and its retries. */
export const SCHEDULED_ATTEMPTS = RETRY_DELAYS_MS.length + 1;

/** The longest wait between two attempts; a queue delays a message by no more. */
export const RETRY_MAX_DELAY_MS = 24 * HOUR_MS;

/** For how long an endpoint may answer with nothing but failures before it is disabled. */
export const FAILING_MAX_MS = 5 * 24 * HOUR_MS;

/** What came back from one attempt; `statusCode` is null where there was no answer. */
export interface AttemptResult {
  statusCode: number | null;
  retryAfter: string | null;
}

export type AttemptOutcome =
  | { kind: "delivered" }
  | { kind: "retry"; at: number }
  | { kind: "failed" }
  | { kind: "gone" };

/**
 * What an attempt's result means for its delivery. `attempt` counts from 1, `now` is the instant of the result in ms,
 * `random` lies in [0, 1). 410 says that the endpoint wants no more.
 */
export function judgeAttempt(result: AttemptResult, attempt: number, now: number, random: number): AttemptOutcome {
  const { statusCode } = result;
  if (statusCode !== null && statusCode >= 200 && statusCode < 300) return { kind: "delivered" };
  if (statusCode === 410) return { kind: "gone" };
  const scheduled = computeRetryDelay(attempt, random);
  if (scheduled === null) return { kind: "failed" };
  const asked = parseRetryAfter(result.retryAfter, now) ?? 0;
  return { kind: "retry", at: now + Math.min(Math.max(scheduled, asked), RETRY_MAX_DELAY_MS) };
}

/** The wait in ms after the failed attempt of this number, up to a tenth less or more; null after the last one. */
export function computeRetryDelay(attempt: number, random: number): number | null {
  const delay = RETRY_DELAYS_MS[attempt - 1];
  return delay === undefined ? null : Math.round(delay * (0.9 + 0.2 * random));
}

/** The wait in ms that a `Retry-After` header asks for, in seconds or as an HTTP date; null if it says nothing. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * SECOND_MS;
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return null;
  // RFC 9110, 5.6.7: of the three forms of a date, asctime's alone does not name its zone.
  const instant = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(instant) ? null : Math.max(0, instant - now);
}
