import type { z } from "zod";
import { describeWanted } from "./field-message.ts";
import type { FieldError } from "./result.ts";

export const REQUIRED = "This field is required.";

/** A JSON pointer (RFC 6901) to the place that a path of keys names: `["filters", 0]` is `/filters/0`. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The place of a JSON pointer as people write it: `/variables/0/amount` is `variables[0].amount`. */
export function plainPath(pointer: string): string {
  const segments = pointer.split("/").slice(1);
  return segments
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((key, depth) => (/^\d+$/.test(key) ? `[${key}]` : depth === 0 ? key : `.${key}`))
    .join("");
}

/** One FieldError for every field that zod refused, unknown fields included; paths are JSON pointers below `prefix`. */
export function listFieldErrors(error: z.ZodError, prefix = ""): FieldError[] {
  return error.issues.flatMap((issue) => describeIssue(issue, prefix));
}

function describeIssue(issue: z.core.$ZodIssue, prefix: string): FieldError[] {
  const path = `${prefix}${jsonPointer(issue.path)}`;
  // Present only where the schema was asked to report inputs.
  if ("input" in issue && issue.input === undefined) return [{ path, code: "required", message: REQUIRED }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: `${path}${jsonPointer([key])}`,
        code: "unknown_field",
        message: `There is no field "${key.slice(0, 64)}" here.`,
      }));
    case "invalid_type":
      // zod names a missing field only in its text.
      if (issue.message.endsWith("received undefined")) return [{ path, code: "required", message: REQUIRED }];
      break;
    case "invalid_union":
      return [{ path, code: issue.message === REQUIRED ? "required" : "invalid_type", message: describeWanted(issue) }];
    case "custom":
      return [{ path, code: String(issue.params?.code ?? "invalid"), message: issue.message }];
  }
  return [{ path, code: issue.code, message: describeWanted(issue) }];
}
