/** Whether a text may be an `Idempotency-Key`: 1 to 255 visible ASCII characters. */
export function isIdempotencyKey(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text);
}

/**
 * Whether an answer is given again to the same request. What says that asking once more may end otherwise is not: 401,
 * 403, 429, 5xx, and a 409 with `Retry-After`.
 */
export function isKeptAnswer(status: number, hasRetryAfter: boolean): boolean {
  if (status >= 500 || [401, 403, 429].includes(status)) return false;
  return !(status === 409 && hasRetryAfter);
}
