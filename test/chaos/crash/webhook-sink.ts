import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import type { Random } from "./random.ts";

const HOST = "127.0.0.1";

/** A receiver of webhooks that now and then answers 500 or not at all; what it remembers no kill takes away. */
export class WebhookSink {
  readonly #random: Random;
  readonly #server: Server;
  #webhook: Webhook | undefined;
  /** The first body that came under each `webhook-id`. */
  readonly bodies = new Map<string, string>();
  /** Those of them that were answered with 204. */
  readonly accepted = new Set<string>();
  readonly wrong: string[] = [];
  posts = 0;
  refused = 0;
  hung = 0;
  /** From here on it answers everything well. */
  isKind = false;

  private constructor(random: Random) {
    this.#random = random;
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch(() => response.destroy());
    });
  }

  static async start(random: Random): Promise<WebhookSink> {
    const sink = new WebhookSink(random);
    await once(sink.#server.listen(0, HOST), "listening");
    return sink;
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}/webhooks`;
  }

  trust(secret: string): void {
    this.#webhook = new Webhook(secret);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    this.posts += 1;
    const id = this.#verify(request, body);
    if (id === undefined) return void response.writeHead(400).end();
    const isFirst = !this.bodies.has(id);
    if (isFirst) this.bodies.set(id, body);
    else if (this.bodies.get(id) !== body) this.wrong.push(`${id} came with two bodies`);
    // A second failure would put the delivery off by minutes.
    if (isFirst && !this.isKind && this.#random.chance(0.04)) return this.#fail(response);
    this.accepted.add(id);
    response.writeHead(204).end();
  }

  #fail(response: ServerResponse): void {
    if (this.#random.chance(0.1)) {
      this.hung += 1;
      return;
    }
    this.refused += 1;
    response.writeHead(500).end();
  }

  #verify(request: IncomingMessage, body: string): string | undefined {
    const id = String(request.headers["webhook-id"]);
    try {
      const event = this.#webhook?.verify(body, request.headers as Record<string, string>) as { id: string };
      if (event.id === id) return id;
      this.wrong.push(`the body of ${id} says that it is ${event.id}`);
    } catch (error) {
      this.wrong.push(`${id}: ${(error as Error).message}`);
    }
    return undefined;
  }
}
