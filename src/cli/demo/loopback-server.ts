import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const HOST = "127.0.0.1";
const PATH = "/webhooks";

/** The status with which a POST is answered. */
export type Judge = (request: IncomingMessage, body: string) => number;

/** A user's server that takes in webhooks, on loopback. */
export class LoopbackServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `refuse` hears of requests that could not be read, or that broke `judge`. */
  static async start(judge: Judge, refuse: (reason: string) => void): Promise<LoopbackServer> {
    const server = createServer((request, response) => {
      answer(request, judge).then(
        (status) => response.writeHead(status).end(),
        (error: Error) => {
          refuse(error.message);
          response.writeHead(500).end();
        },
      );
    });
    await once(server.listen(0, HOST), "listening");
    return new LoopbackServer(server);
  }

  get url(): string {
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}${PATH}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function answer(request: IncomingMessage, judge: Judge): Promise<number> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.method !== "POST" || request.url !== PATH) return 404;
  return judge(request, Buffer.concat(chunks).toString("utf8"));
}
