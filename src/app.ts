import { OpenAPIHono } from "@hono/zod-openapi";
import { v7 as newId } from "uuid";
import { openDb } from "./db/client.ts";
import type { AppEnv } from "./http/app-env.ts";
import { type Door, type Endpoint, registerEndpoints } from "./http/endpoint.ts";
import { authentication } from "./http/middleware/authenticate.ts";
import { logRequest } from "./http/middleware/log-request.ts";
import { openApiDocument } from "./http/openapi.ts";
import { type Refusal, Refused } from "./http/refusal.ts";
import { v1Door } from "./http/v1/door.ts";
import { v1Endpoints } from "./http/v1/index.ts";
import { openReconcilers } from "./runtime/reconcilers.ts";

export function createApp() {
  const app = new OpenAPIHono<AppEnv>();

  app.use(async (c, next) => {
    c.set("requestId", newId());
    await next();
    c.res.headers.set("X-Request-Id", c.var.requestId);
  });
  app.use(logRequest);

  app.get("/health", async (c) => {
    try {
      await c.env.DB.prepare("select 1").first();
      return c.json({ status: "ok" });
    } catch {
      return c.json({ status: "unavailable" }, 503);
    }
  });

  app.use(
    "/v1/*",
    authentication({ openDb: (c) => openDb(c.env.DB), openReconcilers: (c) => openReconcilers(c.env.RECONCILER) }),
  );
  registerEndpoints(app, v1Door, v1Endpoints);

  let document: string | undefined;
  app.get("/openapi.json", (c) => {
    document ??= JSON.stringify(openApiDocument(app));
    return c.body(document, 200, { "Content-Type": "application/json" });
  });

  app.notFound((c) => {
    const allow = findMethods(c.req.path);
    return present(allow.length > 0 ? { kind: "method_not_allowed", allow } : { kind: "not_found" });

    function present(refusal: Refusal) {
      return doorOf().presentRefusal(refusal, c);
    }
  });

  app.onError((error, c) => {
    if (error instanceof Refused) return doorOf().presentRefusal(error.refusal, c);
    console.error(
      JSON.stringify({ message: "unexpected error", request_id: c.var.requestId, error: String(error.stack) }),
    );
    return doorOf().presentRefusal({ kind: "internal" }, c);
  });

  return app;
}

function doorOf(): Door {
  return v1Door;
}

const routes = [
  { pattern: /^\/(health|openapi\.json)$/, method: "GET" },
  ...v1Endpoints.map((endpoint: Endpoint) => ({
    pattern: new RegExp(`^${endpoint.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    method: endpoint.method.toUpperCase(),
  })),
];

function findMethods(path: string): string[] {
  return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
}
