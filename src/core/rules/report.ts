import { jsonPointer } from "../field-errors.ts";
import { InexactNumber } from "../json.ts";
import type { FieldError } from "../result.ts";

/** Collects what is wrong with a rule's input; every check goes on after it has reported. */
export class Report {
  readonly errors: FieldError[] = [];

  add(path: string, code: string, message: string): void {
    this.errors.push({ path, code, message });
  }

  /** The input as an object, or undefined after reporting that it is none. */
  object(input: unknown, path: string, message: string): Record<string, unknown> | undefined {
    if (isPlainObject(input)) return input;
    this.add(path, "invalid_type", message);
    return undefined;
  }

  unknownKeys(input: Record<string, unknown>, allowed: readonly string[], path: string): void {
    for (const key of Object.keys(input)) {
      if (allowed.includes(key)) continue;
      this.add(
        `${path}${jsonPointer([key])}`,
        "unknown_field",
        `There is no field "${key}" here; known are ${allowed.join(", ")}.`,
      );
    }
  }
}

export function isPlainObject(input: unknown): input is Record<string, unknown> {
  return typeof input === "object" && input !== null && !Array.isArray(input) && !(input instanceof InexactNumber);
}
