import { jsonPointer } from "./field-errors.ts";
import type { FieldError } from "./result.ts";

const MESSAGE = "Holds a NUL or a lone surrogate, which cannot be kept.";

export const TOO_LONG = "too_long";
/** No field takes a longer text, and a few such texts together stay below what a statement may be given. */
export const TEXT_MAX_CHARS = 65_536;

/** Whether SQLite keeps a text as it is: its functions stop at a NUL, and a lone surrogate has no UTF-8. */
export function isKeepable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

export const NAME_REFUSAL = { code: "invalid_name", message: "A member cannot have this name." };

/** Whether no member may have this name: copying it would set a prototype. */
export function isForbiddenName(name: string): boolean {
  return name === "__proto__";
}

interface Place {
  value: unknown;
  key: string | number;
  parent: Place | null;
}

/**
 * Every text of a parsed JSON body, names included, that could not be kept as it was sent, or is longer than any field
 * takes, by JSON pointer; and
 * every member whose name is forbidden.
 */
export function listUnkeepable(body: unknown): FieldError[] {
  const errors: FieldError[] = [];
  // A list of places, not a recursion: how deep a body goes is its sender's choice.
  const pending: Place[] = [{ value: body, key: "", parent: null }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value, key } = place;
    if (typeof key === "string" && isForbiddenName(key)) {
      errors.push({ path: pointerTo(place), ...NAME_REFUSAL });
    } else if ((typeof key === "string" && !isKeepable(key)) || (typeof value === "string" && !isKeepable(value))) {
      errors.push({ path: pointerTo(place), code: "invalid_text", message: MESSAGE });
    } else if (typeof value === "string" && value.length > TEXT_MAX_CHARS) {
      errors.push({ path: pointerTo(place), code: TOO_LONG, message: `At most ${TEXT_MAX_CHARS} characters.` });
    }
    for (const member of listMembers(place)) pending.push(member);
  }
  return errors.reverse();
}

function listMembers(place: Place): Place[] {
  const { value } = place;
  if (Array.isArray(value)) return value.map((child, index) => ({ value: child, key: index, parent: place }));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, child]) => ({ value: child, key, parent: place }));
}

function pointerTo(place: Place): string {
  const path: (string | number)[] = [];
  for (let at = place; at.parent !== null; at = at.parent) path.unshift(at.key);
  return jsonPointer(path);
}

/** The refusal of a query parameter that `isKeepable` says no to. */
export function refuseParameter(name: string): FieldError {
  return { path: name, code: "invalid_text", message: MESSAGE };
}

/**
 * Negative, zero or positive as a well-formed text comes before, with or after another one in the order of code points,
 * which is SQLite's. JavaScript's own order differs where a surrogate meets a unit from U+E000 on.
 */
export function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let place = 0; place < length; place++) {
    const difference = rankOf(left.charCodeAt(place)) - rankOf(right.charCodeAt(place));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Surrogates stand for what comes after all other units. */
function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
