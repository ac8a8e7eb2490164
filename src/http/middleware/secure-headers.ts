import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";

/** What every answer says to browsers, and that the doors' answers are nobody's to keep. */
export const secureHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  // c.header() makes the headers of a fetched answer writable, too.
  c.header("X-Content-Type-Options", "nosniff");
  c.res.headers.set("Referrer-Policy", "no-referrer");
  c.res.headers.set("Strict-Transport-Security", "max-age=31536000");
  if (/^\/(v1|api|health)(\/|$)/.test(c.req.path)) c.res.headers.set("Cache-Control", "no-store");
});
