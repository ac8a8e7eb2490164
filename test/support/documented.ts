import { apiEndpoints } from "../../src/http/api/index.ts";
import type { Endpoint } from "../../src/http/endpoint.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";

const routes = [...v1Endpoints, ...apiEndpoints].map((endpoint) => ({
  endpoint,
  method: endpoint.method.toUpperCase(),
  pattern: new RegExp(`^${endpoint.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** In what an answer of either door is not what the document says of its endpoint; undefined if it is. */
export function findMismatch(method: string, path: string, status: number, body: unknown): string | undefined {
  const { pathname } = new URL(path, "https://tieout.test");
  const route = routes.find((route) => route.method === method && route.pattern.test(pathname));
  if (!route || status === 500) return undefined;
  const name = `${route.endpoint.operationId} answered ${status}`;
  const answer = route.endpoint.answers[status];
  if (!answer) return refusalsOf(route.endpoint).includes(status) ? undefined : `${name}, which it does not document`;
  if (!answer.schema) return body === "" ? undefined : `${name} with a body, which it does not document`;
  const parsed = answer.schema.safeParse(body);
  if (!parsed.success) return `${name} with a body that its schema refuses: ${parsed.error.message}`;
  // A schema drops what it does not know.
  return canonical(parsed.data) === canonical(body) ? undefined : `${name} with members that its schema does not know`;
}

function refusalsOf(endpoint: Endpoint): number[] {
  return [
    ...[401, 403, 422, 429],
    ...(endpoint.params ? [404] : []),
    ...(endpoint.body ? [400, 413, 415] : []),
    ...(endpoint.method === "post" ? [409] : []),
    ...(endpoint.refusals ?? []),
  ];
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
