import { z } from "@hono/zod-openapi";

/** An RFC 3339 time in UTC with `Z` and whole seconds, as answers of this door show it. */
export const time = z.string().meta({ format: "date-time" });
