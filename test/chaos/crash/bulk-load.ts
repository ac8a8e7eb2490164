import { setTimeout as wait } from "node:timers/promises";
import type { NewRecord } from "./book.ts";
import { ABANDONED, type Basket, drawAmount, type Lane, newRecord } from "./record-load.ts";

const BASKET_MAX_ROWS = 300;
const OWN_MAX_PAIRS = 60;
const PAUSE_MS = 400;
const WRONG = 0.02;

/** Sends what has gathered in the basket, with pairs of its own, until nothing is left once the load is over. */
export async function sendBulks(lane: Lane, basket: Basket, isBasketClosed: () => boolean): Promise<void> {
  for (let turn = 0; !(lane.isOver() && isBasketClosed() && basket.length === 0); turn++) {
    const rows = basket.splice(0, BASKET_MAX_ROWS);
    if (!lane.isOver()) rows.push(...listOwnPairs(lane, turn));
    if (rows.length > 0) await sendBulk(lane, rows, turn);
    await wait(PAUSE_MS);
  }
}

function listOwnPairs({ random, name }: Lane, turn: number): NewRecord[] {
  const pairs = Array.from({ length: random.between(0, OWN_MAX_PAIRS) }, (_, place) => {
    const [ref, amount] = [`${name}-${turn}-${place}`, drawAmount(random)];
    return [newRecord("orders", ref, amount), newRecord("payments", ref, amount)];
  });
  return random.shuffle(pairs.flat());
}

/** Some rows come twice, and some are wrong. */
async function sendBulk({ client, book, random, name }: Lane, records: NewRecord[], turn: number): Promise<void> {
  const repeated = records.filter(() => random.chance(WRONG));
  const wrong = records.filter(() => random.chance(WRONG)).map(({ amount, ...record }) => ({ ...record, bad: amount }));
  const rows = random.shuffle<unknown>([...records, ...repeated, ...wrong]);
  const answer = await client.send(
    "POST",
    "/v1/records/bulk",
    { records: rows, on_conflict: "skip" },
    { key: `bulk-${name}-${turn}`, abandons: () => random.chance(ABANDONED) },
  );
  if (answer && answer.status !== 202) throw new Error(`POST of a bulk request: ${answer.status}`);
  for (const record of records) book.note(record, answer ? "acknowledged" : "unknown", null);
  book.bulks.push({ id: answer?.body.id ?? null, rows: rows.length, wrong: wrong.length });
}
