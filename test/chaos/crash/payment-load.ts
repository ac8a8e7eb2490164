import { setTimeout as wait } from "node:timers/promises";
import type { SentPayment, Standing } from "./book.ts";
import { ABANDONED, type Lane } from "./record-load.ts";
import type { Stage } from "./stage.ts";

const LINKED_MAX_POLLS = 40;
const POLL_MS = 250;

/** Expects payments, each booked in the ledger from the start, and takes in the transactions that pay most of them. */
export async function sendPayments(lane: Lane, stage: Stage): Promise<void> {
  const { random, book } = lane;
  for (let turn = 0; !lane.isOver(); turn++) {
    // The text of one number must not contain another one's.
    const reference = `INV.${lane.name}.${turn}.`;
    const sent: SentPayment = {
      reference,
      amount: random.between(1, 900_000),
      payment: null,
      transaction: null,
      fate: "plain",
    };
    book.payments.push(sent);
    const drawn = random.next();
    if (drawn < 0.1) await playArchived(lane, stage, sent);
    else if (drawn < 0.2) await playUnlinked(lane, stage, sent);
    else if (drawn < 0.6) await playPaid(lane, stage, sent, "payment first");
    else await playPaid(lane, stage, sent, "transaction first");
  }
}

async function playPaid(
  lane: Lane,
  stage: Stage,
  sent: SentPayment,
  order: "payment first" | "transaction first",
): Promise<string | undefined> {
  if (order === "transaction first") await sendTransaction(lane, stage, sent);
  const id = await sendPayment(lane, stage, sent);
  if (order === "payment first") await sendTransaction(lane, stage, sent);
  return id;
}

async function playArchived(lane: Lane, stage: Stage, sent: SentPayment): Promise<void> {
  const id = await sendPayment(lane, stage, sent);
  if (id === undefined) return;
  const answer = await lane.client.send("DELETE", `/api/expected_payments/${id}`);
  if (answer?.status !== 200) throw new Error(`DELETE of ${sent.reference}: ${answer?.status}`);
  sent.fate = "archived";
}

async function playUnlinked(lane: Lane, stage: Stage, sent: SentPayment): Promise<void> {
  const id = await playPaid(lane, stage, sent, "payment first");
  if (id === undefined || sent.transaction !== "acknowledged") return;
  for (let polls = 0; polls < LINKED_MAX_POLLS; polls++) {
    const payment = await lane.client.get(`/api/expected_payments/${id}`);
    if (payment.status !== "reconciled") {
      await wait(POLL_MS);
      continue;
    }
    const link = payment.transaction_line_item_id;
    const answer = await lane.client.send("DELETE", `/api/transaction_line_items/${link}`);
    if (answer?.status !== 200) throw new Error(`DELETE of the link of ${sent.reference}: ${answer?.status}`);
    sent.fate = "unlinked";
    return;
  }
}

async function sendPayment(lane: Lane, stage: Stage, sent: SentPayment): Promise<string | undefined> {
  const { amount, reference } = sent;
  const body = {
    external_id: reference,
    reconciliation_rule_variables: [
      {
        internal_account_id: stage.accountId,
        direction: "credit",
        amount_lower_bound: amount,
        amount_upper_bound: amount,
        custom_identifiers: { invoice: reference },
      },
    ],
    ledger_transaction: {
      ledger_entries: [
        { amount, direction: "debit", ledger_account_id: stage.receivableId },
        { amount, direction: "credit", ledger_account_id: stage.revenueId },
      ],
    },
  };
  const { standing, id } = await send(lane, "/api/expected_payments", body, `payment-${reference}`);
  sent.payment = standing;
  return id;
}

async function sendTransaction(lane: Lane, stage: Stage, sent: SentPayment): Promise<void> {
  const { amount, reference } = sent;
  const body = {
    internal_account_id: stage.accountId,
    amount,
    direction: "credit",
    as_of_date: "2026-03-10",
    type: "ach",
    posted: true,
    vendor_description: `HARBOUR COFFEE ${reference} THANKS`,
    metadata: { reference },
  };
  sent.transaction = (await send(lane, "/api/transactions", body, `transaction-${reference}`)).standing;
}

async function send({ client, random }: Lane, path: string, body: unknown, key: string) {
  const answer = await client.send("POST", path, body, { key, abandons: () => random.chance(ABANDONED) });
  if (answer && answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  const standing: Standing = answer ? "acknowledged" : "unknown";
  return { standing, id: answer?.body.id as string | undefined };
}
