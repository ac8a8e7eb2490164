import { setTimeout as wait } from "node:timers/promises";
import type { Book, NewRecord, Side } from "./book.ts";
import type { ChaosClient } from "./chaos-client.ts";
import type { Random } from "./random.ts";

/** Of the requests whose connection was lost, how many are let be. */
export const ABANDONED = 0.25;
const IN_BULK = 0.3;
const CROWD_MAX = 6;
const MATCHED_MAX_POLLS = 40;
const POLL_MS = 250;

export interface Lane {
  client: ChaosClient;
  book: Book;
  random: Random;
  /** Names what this lane sends. */
  name: string;
  isOver: () => boolean;
}

/** Records that wait for the next bulk request. */
export type Basket = NewRecord[];

type Play = (lane: Lane, ref: string, basket: Basket) => Promise<void>;

/** Sends records of both sides one by one, or by way of the basket, and changes, deletes and unmatches some. */
export async function sendRecords(lane: Lane, basket: Basket): Promise<void> {
  for (let turn = 0; !lane.isOver(); turn++) await choosePlay(lane.random)(lane, `${lane.name}-${turn}`, basket);
}

function choosePlay(random: Random): Play {
  const drawn = random.next();
  if (drawn < 0.7) return playPair;
  if (drawn < 0.75) return playCrowd;
  if (drawn < 0.85) return playPatched;
  if (drawn < 0.93) return playVoided;
  return playDeleted;
}

async function playPair(lane: Lane, ref: string, basket: Basket): Promise<void> {
  const amount = drawAmount(lane.random);
  const pair = lane.random.shuffle([newRecord("orders", ref, amount), newRecord("payments", ref, amount)]);
  for (const record of pair) {
    if (lane.random.chance(IN_BULK)) basket.push(record);
    else await sendRecord(lane, record);
  }
}

/** Records that nothing tells apart but their external ids, all at once. */
async function playCrowd(lane: Lane, ref: string, basket: Basket): Promise<void> {
  const size = lane.random.between(2, CROWD_MAX);
  const places = Array.from({ length: size }, (_, place) => place);
  const crowd = places.flatMap((place) =>
    (["orders", "payments"] as const).map((side) => newRecord(side, ref, "77.00", `${ref}-${place}`)),
  );
  await Promise.all(
    lane.random.shuffle(crowd).map((record) => {
      if (lane.random.chance(IN_BULK)) return basket.push(record);
      return sendRecord(lane, record);
    }),
  );
}

/** An order of a wrong amount, put right before its payment comes or after it. */
async function playPatched(lane: Lane, ref: string): Promise<void> {
  const { client, book, random } = lane;
  const [order, payment] = [newRecord("orders", ref, "1.00"), newRecord("payments", ref, drawAmount(random))];
  const isEarly = random.chance(0.5);
  if (!isEarly) await sendRecord(lane, payment);
  const id = await sendRecord(lane, order);
  if (id !== undefined) {
    const answer = await client.send("PATCH", `/v1/records/${id}`, { amount: payment.amount });
    // The change whose answer was lost has matched it.
    if (answer?.status !== 200 && answer?.status !== 409) throw new Error(`PATCH ${ref}: ${answer?.status}`);
    book.note({ ...order, amount: payment.amount }, "acknowledged", id);
    book.patched += 1;
  }
  if (isEarly) await sendRecord(lane, payment);
}

/** A pair whose match is voided, if it comes in time. */
async function playVoided(lane: Lane, ref: string): Promise<void> {
  const { client, book } = lane;
  const ids: (string | undefined)[] = [];
  for (const side of ["orders", "payments"] as const) ids.push(await sendRecord(lane, newRecord(side, ref, "12.50")));
  if (ids.includes(undefined)) return;
  for (let polls = 0; polls < MATCHED_MAX_POLLS; polls++) {
    const record = await client.get(`/v1/records/${ids[0]}`);
    const match = record.reconciliations[0]?.match_ids[0];
    if (match === undefined) {
      await wait(POLL_MS);
      continue;
    }
    const answer = await client.send("DELETE", `/v1/reconciliation_matches/${match}?reason=Charged+back`);
    if (answer?.status !== 200) throw new Error(`DELETE of the match ${match}: ${answer?.status}`);
    book.voided.set(match, ref);
    return;
  }
}

async function playDeleted(lane: Lane, ref: string): Promise<void> {
  const { client, book } = lane;
  const record = newRecord("orders", ref, drawAmount(lane.random));
  const id = await sendRecord(lane, record);
  if (id === undefined) return;
  const lostBefore = client.lost;
  const answer = await client.send("DELETE", `/v1/records/${id}`);
  const isGone = answer?.status === 204 || (answer?.status === 404 && client.lost > lostBefore);
  if (!isGone) throw new Error(`DELETE of the record ${ref}: ${answer?.status}`);
  book.note(record, "deleted", id);
}

/** Answers the record's id; undefined if its answer was lost and it was let be. */
async function sendRecord({ client, book, random }: Lane, record: NewRecord): Promise<string | undefined> {
  const answer = await client.send("POST", "/v1/records", record, {
    key: `record ${record.external_id} ${record.type_key}`.replaceAll(" ", "-"),
    abandons: () => random.chance(ABANDONED),
  });
  if (answer && answer.status !== 201) {
    throw new Error(`POST of ${record.external_id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  book.note(record, answer ? "acknowledged" : "unknown", answer?.body.id ?? null);
  return answer?.body.id;
}

export function newRecord(side: Side, ref: string, amount: string, name = ref): NewRecord {
  return {
    type_key: side,
    external_id: `${side}-${name}`,
    date: "2026-03-10",
    amount,
    direction: "credit",
    metadata: { ref },
  };
}

export function drawAmount(random: Random): string {
  const cents = random.between(100, 5_000_000);
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}
