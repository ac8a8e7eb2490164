import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";

/** One line for each request: no payloads, no secrets. */
export const logRequest = createMiddleware<AppEnv>(async (c, next) => {
  const startedAt = Date.now();
  await next();
  console.log(
    JSON.stringify({
      message: "request",
      request_id: c.var.requestId,
      environment: c.var.caller?.environmentUid,
      key_id: c.var.caller?.keyUid,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      duration_ms: Date.now() - startedAt,
    }),
  );
});
