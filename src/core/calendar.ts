/** A calendar day, `YYYY-MM-DD`, proleptic Gregorian, UTC. */
export type Day = string;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;
export const DAY_MS = 86_400_000;

/** True for a day that exists: `2024-02-29` does, `2025-02-29` and `2025-011-08` do not. */
export function isDay(text: string): boolean {
  const parts = DAY.exec(text);
  if (!parts) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/**
 * The instant of an RFC 3339 time in milliseconds since 1970, its day checked against the calendar; else undefined, also
 * for one whose UTC day four digits cannot name.
 */
export function parseTime(text: string): number | undefined {
  const parts = TIME.exec(text);
  if (!parts || !isDay(parts[1] as string)) return undefined;
  const [hours, minutes, seconds] = [Number(parts[2]), Number(parts[3]), Number(parts[4])];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const instant = Date.parse(text.toUpperCase().replace(" ", "T"));
  return Number.isNaN(instant) || !isDay(dayOf(instant)) ? undefined : instant;
}

/** Accepts a day, or a full RFC 3339 time of which the UTC day is taken; anything else is undefined. */
export function parseDay(text: string): Day | undefined {
  if (isDay(text)) return text;
  const instant = parseTime(text);
  return instant === undefined ? undefined : dayOf(instant);
}

/** The UTC day of an instant in milliseconds since 1970. */
export function dayOf(instantMs: number): Day {
  return new Date(instantMs).toISOString().slice(0, 10);
}

/** An instant in milliseconds since 1970 as RFC 3339 in UTC, cut to whole seconds: `2026-01-15T09:30:00Z`. */
export function formatSeconds(instantMs: number): string {
  return `${new Date(instantMs).toISOString().slice(0, 19)}Z`;
}

/** The first instant of a checked day, in milliseconds since 1970. */
export function startOfDay(day: Day): number {
  return dayNumber(day) * DAY_MS;
}

/** Days since 1970-01-01 of a checked day. */
export function dayNumber(day: Day): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

/** The day `count` days later (earlier if negative), or undefined past the years that four digits can name. */
export function addDays(day: Day, count: number): Day | undefined {
  const instant = (dayNumber(day) + count) * DAY_MS;
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return text.length === 24 && text[0] !== "-" ? text.slice(0, 10) : undefined;
}
