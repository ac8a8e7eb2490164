import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";

const ANSWERS_POLICY = "default-src 'none'; frame-ancestors 'none'";
/** The viewer styles itself as it goes. */
const PAGES_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What every answer says to browsers, and that the doors' answers are nobody's to keep. */
export const secureHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  // c.header() makes the headers of a fetched answer writable, too.
  c.header("X-Content-Type-Options", "nosniff");
  const { headers } = c.res;
  headers.set("X-Frame-Options", "DENY");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  const isPage = headers.get("Content-Type")?.startsWith("text/html");
  headers.set("Content-Security-Policy", isPage ? PAGES_POLICY : ANSWERS_POLICY);
  if (new URL(c.req.url).protocol === "https:") headers.set("Strict-Transport-Security", "max-age=31536000");
  if (/^\/(v1|api|health)(\/|$)/.test(c.req.path)) headers.set("Cache-Control", "no-store");
});
