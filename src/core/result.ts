/** An outcome that a caller must look at: expected failures are returned, bugs are thrown. */
export type Result<T, F = Failure> = { ok: true; value: T } | { ok: false; failure: F };

/** One refused field. `path` is a JSON pointer into the body, or the name of a query parameter. */
export interface FieldError {
  path: string;
  code: string;
  message: string;
  /** The record that already holds the refused `external_id`. */
  record_id?: string;
}

/** Every way in which a service may refuse. The doors map each kind to their own wire format. */
export type Failure =
  | { kind: "not_found"; resource: string }
  | { kind: "invalid"; errors: FieldError[] }
  | { kind: "conflict"; detail: string; errors?: FieldError[]; retryAfterSeconds?: number }
  | { kind: "forbidden"; detail: string };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function fail<F>(failure: F): { ok: false; failure: F } {
  return { ok: false, failure };
}

export function notFound(resource: string): { ok: false; failure: Failure } {
  return fail({ kind: "not_found", resource });
}

export function invalid(errors: FieldError[]): { ok: false; failure: Failure } {
  return fail({ kind: "invalid", errors });
}

export function conflict(detail: string, errors?: FieldError[]): { ok: false; failure: Failure } {
  return fail(errors ? { kind: "conflict", detail, errors } : { kind: "conflict", detail });
}
