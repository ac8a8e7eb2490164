import { OpenAPIHono } from "@hono/zod-openapi";
import { DrizzleQueryError } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { openDb } from "./db/client.ts";
import { apiDoor } from "./http/api/door.ts";
import { apiEndpoints } from "./http/api/index.ts";
import type { AppEnv } from "./http/app-env.ts";
import { type Door, registerEndpoints } from "./http/endpoint.ts";
import { authentication } from "./http/middleware/authenticate.ts";
import { logRequest } from "./http/middleware/log-request.ts";
import { secureHeaders } from "./http/middleware/secure-headers.ts";
import { openRoutes, registerOpenRoutes } from "./http/open-routes.ts";
import { type Refusal, Refused } from "./http/refusal.ts";
import { v1Door } from "./http/v1/door.ts";
import { v1Endpoints } from "./http/v1/index.ts";
import { openJobs } from "./runtime/jobs.ts";
import { openReconcilers } from "./runtime/reconcilers.ts";
import { webhookUrlRules } from "./runtime/webhook-url-rules.ts";

export function createApp() {
  const app = new OpenAPIHono<AppEnv>();

  app.use(async (c, next) => {
    c.set("requestId", newId());
    await next();
    c.res.headers.set("X-Request-Id", c.var.requestId);
  });
  app.use(logRequest);
  app.use(secureHeaders);

  registerOpenRoutes(app);

  const authenticated = authentication({
    openDb: (c) => openDb(c.env.DB),
    openReconcilers: (c) => openReconcilers(c.env.RECONCILER, (work) => c.executionCtx.waitUntil(work)),
    openJobs: (c) => openJobs(c.env.JOB_RUNNER),
    openWebhookUrlRules: (c) => webhookUrlRules(c.env),
  });
  app.use("/v1/*", authenticated);
  app.use("/api/*", authenticated);
  registerEndpoints(app, v1Door, v1Endpoints);
  registerEndpoints(app, apiDoor, apiEndpoints);

  app.notFound((c) => {
    const allow = findMethods(c.req.path);
    const refusal: Refusal = allow.length > 0 ? { kind: "method_not_allowed", allow } : { kind: "unknown_address" };
    return doorOf(c.req.path).presentRefusal(refusal, c);
  });

  app.onError((error, c) => {
    if (error instanceof Refused) return doorOf(c.req.path).presentRefusal(error.refusal, c);
    console.error(
      JSON.stringify({ message: "unexpected error", request_id: c.var.requestId, error: describeError(error) }),
    );
    return doorOf(c.req.path).presentRefusal({ kind: "internal" }, c);
  });

  return app;
}

/** Whose refusals an address gets; what belongs to neither door speaks as /v1 does. */
function doorOf(path: string): Door {
  return /^\/api(\/|$)/.test(path) ? apiDoor : v1Door;
}

/** Drizzle's own text holds the bound values, which logs must not; its cause says what went wrong. */
function describeError(error: Error): string {
  if (!(error instanceof DrizzleQueryError)) return String(error.stack);
  return `${error.query}\n${error.cause?.stack}`;
}

const routes = [...openRoutes, ...v1Endpoints, ...apiEndpoints].map(({ method, path }) => ({
  pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  methods: method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()],
}));

function findMethods(path: string): string[] {
  return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
}
