import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AppEnv } from "./app-env.ts";
import { openApiDocument } from "./openapi.ts";

const TAG = "Service";

const health = z.object({ status: z.enum(["ok", "unavailable"]) }).meta({ id: "Health", example: { status: "ok" } });

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags: [TAG],
  summary: "Say whether the service and its database answer",
  security: [],
  responses: {
    200: { description: "They do", content: { "application/json": { schema: health } } },
    503: { description: "The database does not", content: { "application/json": { schema: health } } },
  },
});

const documentRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApiDocument",
  tags: [TAG],
  summary: "This document",
  security: [],
  responses: {
    200: {
      description: "OpenAPI 3.1",
      content: {
        "application/json": {
          schema: z.looseObject({ openapi: z.string() }).meta({ id: "OpenApiDocument", example: { openapi: "3.1.0" } }),
        },
      },
    },
  },
});

const docsRoute = createRoute({
  method: "get",
  path: "/docs",
  operationId: "getDocs",
  tags: [TAG],
  summary: "Show this document to a person",
  security: [],
  responses: {
    200: {
      description: "A page that fetches nothing from elsewhere",
      content: { "text/html": { schema: z.string() } },
    },
  },
});

/** The viewer's page under its other address, and its files. */
const docsFiles = { method: "get", path: "/docs/{file}" } as const;
const docsPage = { method: "get", path: "/docs/" } as const;

/** The routes that need no key, as the 405 of their addresses names them. */
export const openRoutes = [healthRoute, documentRoute, docsRoute, docsPage, docsFiles];

export function registerOpenRoutes(app: OpenAPIHono<AppEnv>): void {
  app.openAPIRegistry.registerPath(healthRoute);
  app.get(healthRoute.path, async (c) => {
    try {
      await c.env.DB.prepare("select 1").first();
      return c.json({ status: "ok" });
    } catch {
      return c.json({ status: "unavailable" }, 503);
    }
  });

  app.openAPIRegistry.registerPath(docsRoute);
  app.get("/docs", (c) => c.env.ASSETS.fetch(new URL("/docs/", c.req.url)));
  app.get("/docs/*", (c) => c.env.ASSETS.fetch(c.req.raw));

  app.openAPIRegistry.registerPath(documentRoute);
  let document: string | undefined;
  app.get(documentRoute.path, (c) => {
    document ??= JSON.stringify(openApiDocument(app));
    return c.body(document, 200, { "Content-Type": "application/json" });
  });
}
