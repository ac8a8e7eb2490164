import { type SQL, sql } from "drizzle-orm";

const LAST_INSTANT_MS = 2 ** 48 - 1;

/** What no UUIDv7 of this instant (ms) or a later one is below, and every one of an earlier instant is. */
export function firstUuid(instantMs: number): string {
  const time = Math.min(Math.max(instantMs, 0), LAST_INSTANT_MS).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** An expression that makes another UUIDv7 of this instant (ms) for each row: random functions are never folded. */
export function newUuid(now: number): SQL {
  const time = now.toString(16).padStart(12, "0");
  return sql`printf(${`${time.slice(0, 8)}-${time.slice(8)}-7%s-%s%s-%s`},
    substr(lower(hex(randomblob(2))), 2), substr('89ab', 1 + abs(random() % 4), 1),
    substr(lower(hex(randomblob(2))), 2), lower(hex(randomblob(6))))`;
}
