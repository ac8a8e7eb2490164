import { z } from "@hono/zod-openapi";

/** An RFC 3339 time in UTC with `Z`, as answers show it. */
export const time = z.string().meta({ format: "date-time" });

/** A calendar day, `YYYY-MM-DD`. */
export const day = z.string().meta({ format: "date" });

/** A resource's id in a path or body. */
export const id = z.uuid().meta({ description: "UUIDv7" });

export function presentTime(instantMs: number): string {
  return new Date(instantMs).toISOString();
}
