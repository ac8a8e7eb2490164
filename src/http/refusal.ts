import { RATE_LIMIT_PERIOD_SECONDS, REQUEST_MAX_BYTES } from "../config.ts";
import type { Failure } from "../core/result.ts";

/** Every reason for which a request is not answered as asked. Each door maps all of them. */
export type Refusal =
  | { kind: "unreadable"; isForm?: boolean }
  | { kind: "unauthenticated" }
  | { kind: "missing_scope"; scope: string }
  | { kind: "not_found" }
  | { kind: "unknown_address" }
  | { kind: "method_not_allowed"; allow: string[] }
  | { kind: "too_large"; maxBytes: number }
  | { kind: "unsupported_media_type"; isForm?: boolean }
  | { kind: "unsupported_encoding" }
  | { kind: "rate_limited"; retryAfterSeconds: number }
  | { kind: "internal" }
  | { kind: "service"; failure: Failure };

/** What a body that is too large is told. */
export function describeTooLarge(maxBytes: number): string {
  return `The body may have at most ${maxBytes / 2 ** 20} MB.`;
}

/** What a body with a Content-Encoding is told, and which one it may have (RFC 9110, section 15.5.16). */
export const UNSUPPORTED_ENCODING = {
  status: 415,
  message: "Send the body without a Content-Encoding, as it is.",
  headers: { "Accept-Encoding": "identity" },
};

/** Carries a refusal up to the app's error handler. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}

/** A refusal that answers with this status, as an example for the document; `conflict` is what 409 says at this door. */
export function exampleRefusal(status: number, conflict: Failure): Refusal {
  switch (status) {
    case 400:
      return { kind: "unreadable" };
    case 401:
      return { kind: "unauthenticated" };
    case 403:
      return { kind: "missing_scope", scope: "write" };
    case 404:
      return { kind: "not_found" };
    case 409:
      return { kind: "service", failure: conflict };
    case 413:
      return { kind: "too_large", maxBytes: REQUEST_MAX_BYTES };
    case 415:
      return { kind: "unsupported_media_type" };
    case 422: {
      const errors = [{ path: "/name", code: "required", message: "This field is required." }];
      return { kind: "service", failure: { kind: "invalid", errors } };
    }
    case 429:
      return { kind: "rate_limited", retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS };
    case 500:
      return { kind: "internal" };
    default:
      throw new Error(`no example for status ${status}`);
  }
}
