import type { Account } from "./account.ts";
import type { Book } from "./book.ts";
import type { ChaosClient } from "./chaos-client.ts";
import type { Settling } from "./settle.ts";
import type { WebhookSink } from "./webhook-sink.ts";
import type { WorkerUnderFire } from "./worker-under-fire.ts";

export interface Run {
  fire: WorkerUnderFire;
  client: ChaosClient;
  book: Book;
  sink: WebhookSink;
  account: Account;
  settling: Settling;
  loadSeconds: number;
}

/** What a run has done, in figures. */
export function describeRun({ fire, client, book, sink, account, settling, loadSeconds }: Run): string[] {
  const { records, matches, bulks, imports, events, deliveries, payments, lineItems } = account;
  const rows = bulks.reduce((sum, bulk) => sum + bulk.total_items, 0);
  const live = matches.filter(({ status }) => status === "matched").length;
  const attempts = deliveries.reduce((sum, delivery) => sum + delivery.attempts.length, 0);
  const lines: [string, string][] = [
    [
      "load",
      `${loadSeconds.toFixed(0)} s, killed ${fire.kills} times; of which it was down for ${seconds(fire.downMs)}`,
    ],
    [
      "requests",
      `${n(client.requests)}, ${n(client.lost)} of them cut off, ${n(client.replayed)} replayed under their key`,
    ],
    [
      "records",
      `${n(records.length)} there: ${n(book.count("acknowledged"))} acknowledged, the others of ${n(book.count("unknown"))} never answered`,
    ],
    ["bulk requests", `${n(bulks.length)} of ${n(rows)} rows`],
    ["imports", `${n(imports.length)} of ${n(imports.reduce((sum, { row_count }) => sum + row_count, 0))} rows`],
    ["matches", `${n(live)}, and ${n(matches.length - live)} voided`],
    ["payments", `${n(payments.length)} expected, ${n(lineItems.length)} linked`],
    ["events", `${n(events.length)}`],
    [
      "deliveries",
      `${n(deliveries.length)}, ${n(attempts)} attempts, ${n(sink.posts)} arrived; ${n(sink.refused)} refused, ${n(sink.hung)} not answered`,
    ],
    [
      "settled",
      `${settling.seconds.toFixed(0)} s after the load${settling.asked === 0 ? "" : `, ${settling.asked} deliveries asked for by hand`}`,
    ],
  ];
  return lines.map(([name, text]) => `  ${name.padEnd(14)} ${text}`);
}

function n(count: number): string {
  return count.toLocaleString("en-US");
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(0)} s`;
}
