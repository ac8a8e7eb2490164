import { setTimeout as wait } from "node:timers/promises";
import type { NewRecord, Side } from "./book.ts";
import { ABANDONED, drawAmount, type Lane, newRecord } from "./record-load.ts";

const MIN_ROWS = 20;
const MAX_ROWS = 400;
const PAUSE_MS = 3_000;
const MAPPING = {
  columns: { Id: "external_id", Day: "date", Sum: "amount", Ref: "metadata.ref" },
  direction: "credit",
};

/** Uploads files of orders and of their payments. */
export async function sendFiles(lane: Lane): Promise<void> {
  const { random, name, isOver } = lane;
  for (let turn = 0; !isOver(); turn++) {
    const pairs = Array.from({ length: random.between(MIN_ROWS, MAX_ROWS) }, (_, place) => {
      return { ref: `${name}-${turn}-${place}`, amount: drawAmount(random) };
    });
    for (const side of random.shuffle<Side>(["orders", "payments"])) {
      const records = random.shuffle(pairs.map(({ ref, amount }) => newRecord(side, ref, amount)));
      await sendFile(lane, side, records, `file-${name}-${turn}-${side}`);
    }
    await wait(PAUSE_MS);
  }
}

async function sendFile({ client, book, random }: Lane, side: Side, records: NewRecord[], key: string): Promise<void> {
  const rows = records.map(({ external_id, date, amount, metadata }) => [external_id, date, amount, metadata.ref]);
  const form = new FormData();
  form.append("file", new File([["Id,Day,Sum,Ref", ...rows.map((row) => row.join(","))].join("\n")], `${key}.csv`));
  form.append("mapping", JSON.stringify(MAPPING));
  const abandons = () => random.chance(ABANDONED);
  const answer = await client.send("POST", `/v1/data_sources/${side}/imports`, form, { key, abandons });
  if (answer && answer.status !== 202) {
    throw new Error(`POST of ${key}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  for (const record of records) book.note(record, answer ? "acknowledged" : "unknown", null);
  book.files.push({ id: answer?.body.id ?? null, rows: rows.length });
}
