import { exports } from "cloudflare:workers";

export const BOOTSTRAP_KEY = "test-bootstrap-key";

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** A client of the Worker under test that sends one API key. */
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

  async send(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Reply> {
    const worker = (exports as unknown as { default: Fetcher }).default;
    const response = await worker.fetch(`https://tieout.test${path}`, {
      method,
      headers: { ...(this.#key === null ? {} : { "X-API-KEY": this.#key }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }
}

export const bootstrap = new Api(BOOTSTRAP_KEY);
