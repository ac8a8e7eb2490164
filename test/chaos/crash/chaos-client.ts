import { setTimeout as wait } from "node:timers/promises";
import type { WorkerUnderFire } from "./worker-under-fire.ts";

const REQUEST_LIMIT_MS = 30_000;
const MAX_SERVER_ERRORS = 5;
const MAX_TRIES = 200;
const PAGE_ROWS = 200;
const LIST_MAX_PAGES = 1_000;
const API_PAGE_ROWS = 100;

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers have every shape, and the checks name what they expect
  body: any;
}

interface SendOptions {
  key?: string;
  /** Asked when the connection is lost: true lets the request be, whatever became of it. */
  abandons?: () => boolean;
}

/** A client that does what its user can: after a lost connection it asks again, with the same `Idempotency-Key`. */
export class ChaosClient {
  readonly #fire: WorkerUnderFire;
  requests = 0;
  lost = 0;
  replayed = 0;
  /** Answers that nothing explains. */
  readonly strange: string[] = [];

  constructor(fire: WorkerUnderFire) {
    this.#fire = fire;
  }

  get url(): string {
    return this.#fire.url;
  }

  async get(path: string): Promise<Answer["body"]> {
    const answer = await this.send("GET", path);
    if (answer?.status === 200) return answer.body;
    throw new Error(`GET ${path} was answered with ${answer?.status}: ${JSON.stringify(answer?.body)}`);
  }

  /** Makes something that has to be made. */
  async make(path: string, body: unknown, key: string): Promise<Answer["body"]> {
    const answer = await this.send("POST", path, body, { key });
    if (answer && answer.status < 300) return answer.body;
    throw new Error(`POST ${path} was answered with ${answer?.status}: ${JSON.stringify(answer?.body)}`);
  }

  /** All pages of a list of /v1, newest first. */
  async list(path: string): Promise<Answer["body"][]> {
    const rows: Answer["body"][] = [];
    let cursor = "";
    for (let page = 0; page < LIST_MAX_PAGES; page++) {
      const body = await this.get(`${path}${path.includes("?") ? "&" : "?"}limit=${PAGE_ROWS}${cursor}`);
      const { data, next_cursor } = body.results ?? body;
      rows.push(...data);
      if (next_cursor === null) return rows;
      cursor = `&cursor=${encodeURIComponent(next_cursor)}`;
    }
    throw new Error(`${path} does not end`);
  }

  /** All pages of a list of /api. */
  async listApi(path: string): Promise<Answer["body"][]> {
    const rows: Answer["body"][] = [];
    let cursor = "";
    for (let page = 0; page < LIST_MAX_PAGES; page++) {
      const answer = await this.send(
        "GET",
        `${path}${path.includes("?") ? "&" : "?"}per_page=${API_PAGE_ROWS}${cursor}`,
      );
      if (answer?.status !== 200) throw new Error(`GET ${path} was answered with ${answer?.status}`);
      rows.push(...answer.body);
      const next = answer.headers.get("x-after-cursor");
      if (!next) return rows;
      cursor = `&after_cursor=${encodeURIComponent(next)}`;
    }
    throw new Error(`${path} does not end`);
  }

  /** Asks until there is an answer that settles the matter; undefined if the request was abandoned. */
  async send(method: string, path: string, body?: unknown, options: SendOptions = {}): Promise<Answer | undefined> {
    let serverErrors = 0;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      await this.#fire.whenUp();
      const kills = this.#fire.kills;
      const answer = await this.#ask(method, path, body, options.key);
      const wasHit = this.#fire.kills !== kills;
      if (answer === undefined || (wasHit && answer.status >= 500)) {
        this.lost += 1;
        if (!wasHit) this.#note(`${method} ${path}: the connection was lost though nobody killed the Worker`);
        if (options.abandons?.()) return undefined;
        continue;
      }
      if (answer.status >= 500) {
        this.#note(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
        serverErrors += 1;
        if (serverErrors === MAX_SERVER_ERRORS) throw new Error(`${method} ${path} keeps failing`);
        await wait(500);
        continue;
      }
      const retryAfter = answer.status < 400 ? null : answer.headers.get("retry-after");
      if (retryAfter !== null) {
        await wait(Number(retryAfter) * 1_000);
        continue;
      }
      if (answer.headers.get("idempotent-replayed") === "true") this.replayed += 1;
      return answer;
    }
    throw new Error(`${method} ${path} was never answered`);
  }

  #note(text: string): void {
    this.strange.push(text.slice(0, 500));
  }

  async #ask(method: string, path: string, body: unknown, key: string | undefined): Promise<Answer | undefined> {
    this.requests += 1;
    try {
      const response = await fetch(`${this.#fire.url}${path}`, {
        method,
        headers: {
          "X-API-KEY": this.#fire.key,
          ...(body === undefined || body instanceof FormData ? {} : { "Content-Type": "application/json" }),
          ...(key === undefined ? {} : { "Idempotency-Key": key }),
        },
        ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: parse(text) };
    } catch {
      return undefined;
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
