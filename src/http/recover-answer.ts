import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import type { Endpoint } from "./endpoint.ts";

/** A POST that was carried out, and whose answer is not there. */
export interface LostExchange {
  app: OpenAPIHono<AppEnv>;
  c: Context<AppEnv>;
  spec: Endpoint;
  /** Those of the same door. */
  endpoints: readonly Endpoint[];
  body: Uint8Array;
}

/** Answers with what the POST has made, as its caller can read it; undefined if nothing shows that, or it is gone. */
export async function recoverAnswer(lost: LostExchange, resourceUid: string): Promise<Response | undefined> {
  const { app, c, spec } = lost;
  const address = locate(lost, resourceUid);
  if (address === null) return undefined;
  const request = new Request(new URL(address, c.req.url), { headers: { "X-API-KEY": c.var.apiKey } });
  // This is the POST's reading, which has been counted: it must not be one request too many.
  const read = await app.fetch(request, { ...c.env, NO_RATE_LIMITS: "true" }, c.executionCtx);
  if (read.status === 404) return undefined;
  if (read.status !== 200) throw new Error(`what was made is not readable: ${read.status}`);
  // Where there are several, the one that says that something was made comes last.
  const status = Number(Object.keys(spec.answers).at(-1));
  return new Response(read.body, { status, headers: { "Content-Type": "application/json", Location: address } });
}

function locate({ c, spec, endpoints, body }: LostExchange, uid: string): string | null {
  const { path } = c.req;
  if (spec.locate) return spec.locate({ uid, path, body: readJson(body) });
  const isBelow = ({ method, path }: Endpoint) => method === "get" && path.replace(/\/\{\w+\}$/, "") === spec.path;
  return endpoints.some((endpoint) => isBelow(endpoint) && endpoint.path !== spec.path) ? `${path}/${uid}` : null;
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
