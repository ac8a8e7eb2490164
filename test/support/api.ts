import { exports } from "cloudflare:workers";
import { findMismatch } from "./documented.ts";
import { findStrangeKeys } from "./reference-keys.ts";

export const BOOTSTRAP_KEY = "test-bootstrap-key";

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/**
 * A client of the Worker under test that sends one API key. It throws on an answer of either door that is not as the OpenAPI
 * document has it, and on an object of the payments door whose keys are not those of Modern Treasury's reference, so that
 * every test is a test of these, too.
 */
export class Api {
  readonly #key: string | null;

  constructor(key: string | null) {
    this.#key = key;
  }

  get(path: string): Promise<Reply> {
    return this.send("GET", path);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send("POST", path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
  }

  patch(path: string, body: unknown): Promise<Reply> {
    return this.send("PATCH", path, JSON.stringify(body), { "Content-Type": "application/json" });
  }

  delete(path: string): Promise<Reply> {
    return this.send("DELETE", path);
  }

  async send(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<Reply> {
    const worker = (exports as unknown as { default: Fetcher }).default;
    const response = await worker.fetch(`https://tieout.test${path}`, {
      method,
      headers: { ...(this.#key === null ? {} : { "X-API-KEY": this.#key }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    const reply = {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : text,
    };
    const strange = path.startsWith("/api/") && reply.status < 300 ? findStrangeKeys(reply.body) : undefined;
    const mismatch = strange ?? findMismatch(method, path, reply.status, reply.body);
    if (mismatch) throw new Error(mismatch);
    return reply;
  }
}

export const bootstrap = new Api(BOOTSTRAP_KEY);
