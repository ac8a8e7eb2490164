import { describe, expect, it } from "vitest";
import type { Endpoint } from "../../src/http/endpoint.ts";
import { Api, type Reply } from "./api.ts";
import { newTenant, type Tenant } from "./tenant.ts";

export interface Guarded {
  endpoints: readonly Endpoint[];
  /**
   * Makes what the paths name in the tenant's environment and answers with the values of their parameters, such as
   * `{ id }`. Left out where no path has a parameter.
   */
  prepare?: (owner: Tenant) => Promise<Record<string, string>>;
  /** Required query parameters by operation id; their values are among those that `prepare` answers with. */
  queries?: Record<string, string[]>;
  /** Bodies by operation id, where the example of the body's schema would be refused in a fresh environment. */
  bodies?: Record<string, unknown>;
}

/**
 * What every endpoint owes its callers: no answer without a valid key, none beyond the key's scope, and nothing of
 * another environment.
 */
export function itIsGuarded({ endpoints, prepare, queries = {}, bodies = {} }: Guarded): void {
  describe.each(endpoints.map((endpoint) => [endpoint.operationId, endpoint] as const))("%s", (_, endpoint) => {
    const namesResource = endpoint.path.includes("{");
    const body = bodies[endpoint.operationId] ?? endpoint.body?.meta()?.example;
    const send = (api: Api, names: Record<string, string> = {}) =>
      sendRequest(api, endpoint, names, queries[endpoint.operationId] ?? [], body);

    it("asks for a key", async () => {
      const reply = await send(new Api(null));
      expect(refusalOf(endpoint, reply)).toEqual([401, "invalid_key"]);
    });

    it("refuses a key that nobody made", async () => {
      const reply = await send(new Api("tk_live_nobody-made-this-one"));
      expect(refusalOf(endpoint, reply)).toEqual([401, "invalid_key"]);
    });

    if (endpoint.scope !== "read") {
      it("refuses a read-only key", async () => {
        const { reader } = await newTenant();
        const reply = await send(reader);
        expect(refusalOf(endpoint, reply)).toEqual([403, isPayments(endpoint) ? "forbidden" : "missing_scope"]);
      });
    }

    if (endpoint.scope === "admin") {
      it("refuses a key that may write but not administer", async () => {
        const { writer } = await newTenant();
        const reply = await send(writer);
        expect(refusalOf(endpoint, reply)).toEqual([403, isPayments(endpoint) ? "forbidden" : "missing_scope"]);
      });
    }

    if (namesResource) {
      it("does not know what belongs to another environment", async () => {
        const [owner, stranger] = await Promise.all([newTenant(), newTenant()]);
        if (!prepare) throw new Error(`${endpoint.operationId} names a resource: itIsGuarded needs prepare()`);
        const names = await prepare(owner);
        const refused = await send(stranger.admin, names);
        expect(refusalOf(endpoint, refused)).toEqual([404, isPayments(endpoint) ? "resource_not_found" : "not_found"]);
        const answered = await send(owner.admin, names);
        expect(answered.status).not.toBe(404);
        expect(answered.status).toBeLessThan(500);
      });
    }
  });
}

function sendRequest(
  api: Api,
  endpoint: Endpoint,
  names: Record<string, string>,
  queries: readonly string[],
  body: unknown,
) {
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? UNKNOWN));
  const query = queries.map((name) => `${name}=${encodeURIComponent(names[name] ?? UNKNOWN)}`).join("&");
  const address = query === "" ? path : `${path}?${query}`;
  const method = endpoint.method.toUpperCase();
  return endpoint.body === undefined
    ? api.send(method, address)
    : api.send(method, address, JSON.stringify(body), { "Content-Type": "application/json" });
}

function isPayments(endpoint: Endpoint): boolean {
  return endpoint.path.startsWith("/api/");
}

/** Status and code of a refusal, each of which the door's own envelope must have. */
function refusalOf(endpoint: Endpoint, { status, body }: Reply): unknown[] {
  if (isPayments(endpoint)) return [status, body.errors.code];
  expect(body.status).toBe(status);
  return [status, body.code];
}

const UNKNOWN = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
