import { setTimeout as wait } from "node:timers/promises";

const REQUEST_LIMIT_MS = 30_000;
const LOST_RACE_MAX_TRIES = 5;
const PAGE_ROWS = 200;
const LIST_MAX_PAGES = 100;

export interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface Problem {
  detail: string;
  errors: { path: string; code: string; message: string; record_id?: string }[];
}

interface Page {
  data: unknown[];
  next_cursor: string | null;
}

/** An answer that is not one of success. */
export class AnswerError extends Error {
  readonly status: number;

  constructor(request: string, { status, body }: Reply) {
    super(`${request} was answered with ${status}: ${JSON.stringify(body)}`);
    this.status = status;
  }
}

/** A client of /v1 as a user would write one. What is not answered with 2xx is thrown, but for what `send` answers. */
export class TieoutClient {
  readonly url: string;
  readonly key: string;

  constructor(url: string, key: string) {
    this.url = url;
    this.key = key;
  }

  get<Body>(path: string): Promise<Body> {
    return this.#expectSuccess<Body>("GET", path);
  }

  post<Body>(path: string, body: unknown): Promise<Body> {
    return this.#expectSuccess<Body>("POST", path, body);
  }

  patch<Body>(path: string, body: unknown): Promise<Body> {
    return this.#expectSuccess<Body>("PATCH", path, body);
  }

  async delete(path: string): Promise<void> {
    await this.#expectSuccess("DELETE", path);
  }

  /** Walks through every page of a list. */
  async list<Row>(path: string): Promise<Row[]> {
    const rows: Row[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < LIST_MAX_PAGES; page++) {
      const query = `${path.includes("?") ? "&" : "?"}limit=${PAGE_ROWS}${cursor === null ? "" : `&cursor=${cursor}`}`;
      const found: Page = await this.get(`${path}${query}`);
      rows.push(...(found.data as Row[]));
      cursor = found.next_cursor;
      if (cursor === null) return rows;
    }
    throw new Error(`${path} has more than ${LIST_MAX_PAGES} pages.`);
  }

  /** Sends one request; an answer that asks to come again soon, as a lost race does, is taken at its word. */
  async send(method: string, path: string, body?: unknown): Promise<Reply> {
    for (let tries = 1; ; tries++) {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: { "X-API-KEY": this.key, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      });
      const text = await response.text();
      const retryAfter = response.headers.get("retry-after");
      if (response.ok || retryAfter === null || tries === LOST_RACE_MAX_TRIES) {
        return { status: response.status, headers: response.headers, body: parse(text) };
      }
      await wait(Number(retryAfter) * 1000);
    }
  }

  async #expectSuccess<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const reply = await this.send(method, path, body);
    if (reply.status >= 200 && reply.status < 300) return reply.body as Body;
    throw new AnswerError(`${method} ${path}`, reply);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
