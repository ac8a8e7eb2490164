import type { IncomingMessage } from "node:http";
import { Webhook } from "standardwebhooks";
import { LoopbackServer } from "./loopback-server.ts";

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
  #server: LoopbackServer | undefined;
  #webhook: Webhook | undefined;
  #turnedAway: { id: string; at: number } | undefined;
  /** How long after the 503 the same webhook was there again. */
  cameAgainAfterMs: number | undefined;

  /** Listens from here on; answers the address. */
  async start(): Promise<string> {
    this.#server = await LoopbackServer.start(
      (request, body) => this.#judge(request, body),
      (reason) => this.rejected.push(reason),
    );
    return this.#server.url;
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

  stop(): void {
    this.#server?.stop();
  }

  #judge(request: IncomingMessage, body: string): number {
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
