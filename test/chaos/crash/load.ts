import { setTimeout as wait } from "node:timers/promises";
import { triggerCron } from "../../../src/cli/local-worker.ts";
import type { Book } from "./book.ts";
import { sendBulks } from "./bulk-load.ts";
import type { ChaosClient } from "./chaos-client.ts";
import { sendFiles } from "./import-load.ts";
import { sendPayments } from "./payment-load.ts";
import type { Random } from "./random.ts";
import { type Basket, type Lane, sendRecords } from "./record-load.ts";
import type { Stage } from "./stage.ts";
import type { WorkerUnderFire } from "./worker-under-fire.ts";

const RECORD_LANES = 12;
const PAYMENT_LANES = 4;
const CRON_INTERVAL_MS = 3_000;
const LIFE_MIN_MS = 500;
const LIFE_MAX_MS = 6_000;
const LAST_LIFE_MS = 5_000;

/** Sends everything at once while the Worker is killed so many times; settles when the last answer is there. */
export async function loadUnderFire(
  fire: WorkerUnderFire,
  client: ChaosClient,
  book: Book,
  stage: Stage,
  random: Random,
  kills: number,
): Promise<void> {
  let isOver = false;
  let fork = 0;
  const newLane = (name: string): Lane => ({ client, book, random: random.fork(fork++), name, isOver: () => isOver });
  const basket: Basket = [];
  let isBasketClosed = false;
  const records = Promise.all(named("s", RECORD_LANES).map((name) => sendRecords(newLane(name), basket))).finally(
    () => {
      isBasketClosed = true;
    },
  );
  const work = [
    records,
    sendBulks(newLane("b"), basket, () => isBasketClosed),
    sendFiles(newLane("f")),
    ...named("p", PAYMENT_LANES).map((name) => sendPayments(newLane(name), stage)),
    runCron(fire, () => isOver),
  ];
  const all = Promise.all(work);
  const attack = attackAgainAndAgain(fire, random.fork(fork++), kills).finally(() => {
    isOver = true;
  });
  await Promise.all([attack, all]).finally(() => {
    isOver = true;
  });
}

async function attackAgainAndAgain(fire: WorkerUnderFire, random: Random, kills: number): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await wait(random.between(LIFE_MIN_MS, LIFE_MAX_MS));
    await fire.kill();
    await fire.restart();
  }
  await wait(LAST_LIFE_MS);
}

/** More often than each minute, so that it is killed at its work, too. */
async function runCron(fire: WorkerUnderFire, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await wait(CRON_INTERVAL_MS);
    await fire.whenUp();
    // Killed in the middle of it; the next one finds what it has left.
    await triggerCron(fire.url).catch(() => undefined);
  }
}

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, place) => `${prefix}${place}`);
}
