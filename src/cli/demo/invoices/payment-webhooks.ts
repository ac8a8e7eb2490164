import type { IncomingMessage } from "node:http";
import { LoopbackServer } from "../loopback-server.ts";
import type { PaymentsClient } from "./payments-client.ts";

/** Takes in webhooks in Modern Treasury's format; its client checks their signatures. */
export class PaymentWebhooks {
  /** The event's name with its topic, by `X-Event-ID`: what comes twice counts once. */
  readonly received = new Map<string, string>();
  readonly rejected: string[] = [];
  #server: LoopbackServer | undefined;
  #client: PaymentsClient | undefined;
  #secret: string | undefined;

  /** Listens from here on; answers the address. */
  async start(): Promise<string> {
    this.#server = await LoopbackServer.start(
      (request, body) => this.#judge(request, body),
      (reason) => this.rejected.push(reason),
    );
    return this.#server.url;
  }

  /** From here on nothing is believed that `client` does not find signed with `secret`. */
  trust(client: PaymentsClient, secret: string): void {
    this.#client = client;
    this.#secret = secret;
  }

  countByType(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const type of this.received.values()) counts[type] = (counts[type] ?? 0) + 1;
    return counts;
  }

  stop(): void {
    this.#server?.stop();
  }

  #judge({ headers }: IncomingMessage, body: string): number {
    const [id, topic, signature] = ["x-event-id", "x-topic", "x-signature"].map((name) => String(headers[name] ?? ""));
    const isSigned = signature && this.#client?.webhooks.validateSignature(body, signature, { key: this.#secret });
    if (!isSigned || !id) {
      this.rejected.push(`an event of the topic ${topic || "?"} whose signature is wrong`);
      return 400;
    }
    this.received.set(id, `${topic}.${(JSON.parse(body) as { event: string }).event}`);
    return 204;
  }
}
