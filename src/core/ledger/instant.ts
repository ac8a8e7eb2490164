import { addDays, type Day, isDay, parseTime } from "../calendar.ts";

/** An instant as ledgers keep it: UTC, microseconds, always 27 characters, so that the order of texts is that of time. */
export type Instant = string;

const ZONED = /(Z|[+-]\d{2}:\d{2})$/i;
const FRACTION = /\.(\d{1,9})(?=Z|[+-]|$)/i;

/**
 * Reads an RFC 3339 time; one without a zone is UTC, a bare day is its midnight, and what is finer than microseconds
 * is cut off. Undefined for anything else, also for a day that does not exist.
 */
export function parseInstant(text: string): Instant | undefined {
  if (isDay(text)) return startOfDay(text);
  const zoned = ZONED.test(text) ? text : `${text}Z`;
  const fraction = FRACTION.exec(zoned)?.[1] ?? "";
  const seconds = parseTime(zoned.replace(FRACTION, ""));
  if (seconds === undefined) return undefined;
  return `${new Date(seconds).toISOString().slice(0, 19)}.${fraction.padEnd(6, "0").slice(0, 6)}Z`;
}

/** The instant of a number of milliseconds since 1970. */
export function instantOf(instantMs: number): Instant {
  return `${new Date(instantMs).toISOString().slice(0, -1)}000Z`;
}

export function startOfDay(day: Day): Instant {
  return `${day}T00:00:00.000000Z`;
}

/** The UTC day on which an instant lies. */
export function dayOfInstant(instant: Instant): Day {
  return instant.slice(0, 10);
}

/** The next instant there is; undefined after the last one of the year 9999. */
export function nextInstant(instant: Instant): Instant | undefined {
  const micros = Number(instant.slice(20, 26)) + 1;
  if (micros < 1_000_000) return `${instant.slice(0, 20)}${`${micros}`.padStart(6, "0")}Z`;
  const second = Date.parse(`${instant.slice(0, 19)}Z`) + 1_000;
  const text = new Date(second).toISOString();
  return text.length === 24 ? `${text.slice(0, 19)}.000000Z` : undefined;
}

/** The first instant after a day; undefined after the last one of the year 9999. */
export function endOfDay(day: Day): Instant | undefined {
  const next = addDays(day, 1);
  return next && startOfDay(next);
}
