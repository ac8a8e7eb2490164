import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

const HOST = "127.0.0.1";
const PATH = "/webhooks";

export interface ReceivedWebhook {
  id: string;
  event_type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/**
 * Takes in signed webhooks as a user's server would, on loopback. It answers the very first one with 503, to see it
 * come again.
 */
export class WebhookReceiver {
  /** By `webhook-id`: what comes twice counts once. */
  readonly received = new Map<string, ReceivedWebhook>();
  readonly rejected: string[] = [];
  readonly #server: Server;
  #webhook: Webhook | undefined;
  #turnedAway: { id: string; at: number } | undefined;
  /** How long after the 503 the same webhook was there again. */
  cameAgainAfterMs: number | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: Error) => {
        this.rejected.push(error.message);
        response.writeHead(500).end();
      });
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    await once(receiver.#server.listen(0, HOST), "listening");
    return receiver;
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}${PATH}`;
  }

  /** From here on nothing is believed that this secret has not signed. */
  trust(secret: string): void {
    this.#webhook = new Webhook(secret);
  }

  countByType(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { event_type: type } of this.received.values()) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const status = this.#judge(request, Buffer.concat(chunks).toString("utf8"));
    response.writeHead(status).end();
  }

  #judge(request: IncomingMessage, body: string): number {
    if (request.method !== "POST" || request.url !== PATH) return 404;
    let webhook: ReceivedWebhook;
    try {
      if (!this.#webhook) throw new Error("a webhook came before its secret was known");
      webhook = this.#webhook.verify(body, request.headers as Record<string, string>) as ReceivedWebhook;
    } catch (error) {
      this.rejected.push((error as Error).message);
      return 400;
    }
    const id = request.headers["webhook-id"];
    if (webhook.id !== id) {
      this.rejected.push(`the body's id ${webhook.id} is not the header's ${id}`);
      return 400;
    }
    if (!this.#turnedAway) {
      this.#turnedAway = { id: webhook.id, at: Date.now() };
      return 503;
    }
    if (this.#turnedAway.id === webhook.id) this.cameAgainAfterMs ??= Date.now() - this.#turnedAway.at;
    this.received.set(webhook.id, webhook);
    return 204;
  }
}
