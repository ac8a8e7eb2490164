import { expect, it } from "vitest";
import { isIdempotencyKey, isKeptAnswer } from "../../src/core/idempotency.ts";

it.each([
  [200, false, true],
  [201, false, true],
  [202, false, true],
  [400, false, true],
  [401, false, false],
  [403, false, false],
  [404, false, true],
  [409, false, true],
  [409, true, false],
  [415, false, true],
  [422, false, true],
  [429, true, false],
  [500, false, false],
  [503, true, false],
])("an answer with %i, Retry-After: %s, is kept: %s", (status, hasRetryAfter, isKept) => {
  expect(isKeptAnswer(status, hasRetryAfter)).toBe(isKept);
});

it.each([
  ["a", true],
  ["~".repeat(255), true],
  ["~".repeat(256), false],
  ["", false],
  ["a b", false],
  ["a\t", false],
  ["\u007f", false],
  ["ä", false],
])("the key %j is one: %s", (key, isKey) => {
  expect(isIdempotencyKey(key)).toBe(isKey);
});
