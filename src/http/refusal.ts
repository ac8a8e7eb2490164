import type { Failure } from "../core/result.ts";

/** Every reason for which a request is not answered as asked. Each door maps all of them. */
export type Refusal =
  | { kind: "unreadable" }
  | { kind: "unauthenticated" }
  | { kind: "missing_scope"; scope: string }
  | { kind: "not_found" }
  | { kind: "unknown_address" }
  | { kind: "method_not_allowed"; allow: string[] }
  | { kind: "too_large" }
  | { kind: "unsupported_media_type" }
  | { kind: "rate_limited"; retryAfterSeconds: number }
  | { kind: "internal" }
  | { kind: "service"; failure: Failure };

/** Carries a refusal up to the app's error handler. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.kind);
    this.refusal = refusal;
  }
}
