import { describe, expect, it } from "vitest";
import {
  computeRetryDelay,
  judgeAttempt,
  parseRetryAfter,
  RETRY_MAX_DELAY_MS,
  SCHEDULED_ATTEMPTS,
} from "../../src/core/delivery.ts";
import fc from "../support/fast-check.ts";

const NOW = Date.parse("2026-01-15T09:30:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the retry schedule", () => {
  it.each([
    [1, 5_000],
    [2, 5 * MINUTE],
    [3, 30 * MINUTE],
    [4, 2 * HOUR],
    [5, 5 * HOUR],
    [6, 10 * HOUR],
    [7, 10 * HOUR],
  ])("waits after attempt %i about %i ms", (attempt, delay) => {
    expect(computeRetryDelay(attempt, 0.5)).toBe(delay);
    expect(computeRetryDelay(attempt, 0)).toBe(delay * 0.9);
    expect(computeRetryDelay(attempt, 0.999999)).toBeLessThanOrEqual(delay * 1.1);
  });

  it.each([SCHEDULED_ATTEMPTS, SCHEDULED_ATTEMPTS + 1, 50])("grants nothing after attempt %i", (attempt) => {
    expect(computeRetryDelay(attempt, 0.5)).toBeNull();
  });
});

describe("what an attempt means", () => {
  it.each([200, 201, 204, 299])("%i is a delivery", (statusCode) => {
    expect(judgeAttempt({ statusCode, retryAfter: null }, 1, NOW, 0.5)).toEqual({ kind: "delivered" });
  });

  it.each([null, 100, 199, 301, 302, 400, 401, 404, 409, 429, 500, 503])("%s is tried again", (statusCode) => {
    expect(judgeAttempt({ statusCode, retryAfter: null }, 1, NOW, 0.5)).toEqual({ kind: "retry", at: NOW + 5_000 });
  });

  it("gives up after the last attempt of the schedule, whatever the receiver asks for", () => {
    const result = { statusCode: 503, retryAfter: "10" };
    expect(judgeAttempt(result, SCHEDULED_ATTEMPTS, NOW, 0.5)).toEqual({ kind: "failed" });
  });

  it("takes 410 for the end of the endpoint", () => {
    expect(judgeAttempt({ statusCode: 410, retryAfter: "10" }, 1, NOW, 0.5)).toEqual({ kind: "gone" });
  });

  it.each([
    ["a longer wait is honoured", 429, "120", 120_000],
    ["a shorter one does not hurry the schedule", 503, "1", 5_000],
    ["an HTTP date is honoured", 503, "Thu, 15 Jan 2026 10:30:00 GMT", HOUR],
    ["more than a day is cut to a day", 503, "9999999999", RETRY_MAX_DELAY_MS],
    ["a date far away is cut to a day", 503, "Fri, 15 Jan 2027 10:30:00 GMT", RETRY_MAX_DELAY_MS],
    ["nonsense is ignored", 503, "soon", 5_000],
  ])("Retry-After: %s", (_, statusCode, retryAfter, wait) => {
    expect(judgeAttempt({ statusCode, retryAfter }, 1, NOW, 0.5)).toEqual({ kind: "retry", at: NOW + wait });
  });

  it("never waits longer than a queue can", () => {
    const anything = [fc.nat(599), fc.option(fc.string()), fc.integer({ min: 1, max: 60 })] as const;
    fc.assert(
      fc.property(...anything, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (...given) => {
        const [statusCode, retryAfter, attempt, random] = given;
        const outcome = judgeAttempt({ statusCode, retryAfter }, attempt, NOW, random);
        return outcome.kind !== "retry" || (outcome.at > NOW && outcome.at <= NOW + RETRY_MAX_DELAY_MS);
      }),
    );
  });
});

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    [" 7 ", 7_000],
    ["Thu, 15 Jan 2026 09:31:00 GMT", MINUTE],
    ["Thursday, 15-Jan-26 09:31:00 GMT", MINUTE],
    ["Thu Jan 15 09:31:00 2026", MINUTE],
    ["Thu, 15 Jan 2026 09:00:00 GMT", 0],
    ["-5", null],
    ["1.5", null],
    ["2026-01-15", null],
    ["Thu, 99 Foo 2026", null],
    ["", null],
    [null, null],
  ])("%s asks for %s ms", (header, wait) => {
    expect(parseRetryAfter(header, NOW)).toBe(wait);
  });
});
