import { exports } from "cloudflare:workers";
import { untilQuiet } from "./background.ts";
import type { Json } from "./document.ts";
import type { FuzzRequest } from "./requests.ts";

const SHOWN_CHARS = 2_000;

export interface FuzzReply {
  status: number;
  headers: Headers;
  text: string;
  /** What the text says, where it is JSON; else the text. */
  body: Json;
}

/** The answer, once nobody is at work for it any more. */
export async function send({ method, path, headers, body }: Sendable): Promise<FuzzReply> {
  const worker = (exports as unknown as { default: Fetcher }).default;
  const init = { method, headers, redirect: "manual" as const, ...(body === null ? {} : { body }) };
  const response = await worker.fetch(`https://tieout.test${path}`, init);
  const text = await response.text();
  await untilQuiet();
  return { status: response.status, headers: response.headers, text, body: readBody(response.headers, text) };
}

type Sendable = Pick<FuzzRequest, "method" | "path" | "headers" | "body">;

function readBody(headers: Headers, text: string): unknown {
  if (!headers.get("content-type")?.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What was sent and answered, for who wants to send it again. */
export function describeExchange({ client, method, path, headers, body }: FuzzRequest, reply: FuzzReply): string {
  const content = typeof body === "string" ? body : body === null ? "" : new TextDecoder().decode(body);
  const sent = `${client.name}: ${method} ${path} ${JSON.stringify(headers)}\n${content}`.slice(0, SHOWN_CHARS);
  return `${sent}\n=> ${reply.status} ${reply.text.slice(0, SHOWN_CHARS)}`;
}

export function pathnameOf(path: string): string {
  return new URL(`https://tieout.test${path}`).pathname;
}
