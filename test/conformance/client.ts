import { exports } from "cloudflare:workers";
import ModernTreasury, { type ClientOptions } from "modern-treasury";

export interface SentRequest {
  method: string;
  url: URL;
  headers: Headers;
}

/** Modern Treasury's own SDK with nothing changed but its address, and what it has sent. */
export function newClient(apiKey: string, options: ClientOptions = {}) {
  const worker = (exports as unknown as { default: Fetcher }).default;
  const sent: SentRequest[] = [];
  const client = new ModernTreasury({
    baseURL: "https://tieout.test",
    organizationID: "my-organisation",
    apiKey,
    fetch: (async (input: string, init: RequestInit) => {
      sent.push({ method: init.method ?? "GET", url: new URL(input), headers: new Headers(init.headers) });
      return worker.fetch(input, init as never);
    }) as unknown as NonNullable<ClientOptions["fetch"]>,
    ...options,
  });
  return { client, sent };
}

/** The error with which a call is refused. */
export async function errorOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call was not refused");
}

/** Everything that a list of the SDK has, on all its pages. */
export async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}
