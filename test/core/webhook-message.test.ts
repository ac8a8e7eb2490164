import { describe, expect, it } from "vitest";
import {
  EVENT_TYPES,
  listEventTypes,
  presentEvent,
  presentPaymentEvent,
  type StoredEvent,
  subjectOf,
} from "../../src/core/event.ts";
import { type ExpectedPaymentSnapshot, presentExpectedPayment } from "../../src/core/payment/expected-payment-view.ts";
import { presentRecord, type RecordSnapshot } from "../../src/core/record-view.ts";
import { signModernTreasury } from "../../src/core/signature.ts";
import { composeMessage, type WebhookAttempt } from "../../src/core/webhook-message.ts";

const record: RecordSnapshot = {
  id: "0198b1f2-7c3a-7d4e-8f5a-000000000001",
  type_key: "stripe",
  date: "2026-01-15",
  amount: 25_050,
  currency: "USD",
  direction: 1,
  description: null,
  external_id: "pi_1",
  metadata: { b: 1, a: 2 },
  expected_by: null,
  created_at: 1_768_469_400_000,
  updated_at: 1_768_469_400_000,
  reconciliations: [{ reconciliation_id: "c1", status: 2, matched: 25_050, overdue_at: null, match_ids: ["m1"] }],
};

const event: StoredEvent = {
  uid: "0198b1f2-7c3a-7d4e-8f5a-0000000000aa",
  type: "record.reconciled",
  subject: "record",
  snapshot: { ...record, about_reconciliation_id: "c1" },
  createdAt: 1_768_469_400_123,
};

const attempt: WebhookAttempt = {
  event,
  deliveryUid: "d1",
  attemptUid: "a1",
  secrets: ["whsec_AAAA"],
  at: 1_768_470_000_999,
  isLive: false,
};

const payment: ExpectedPaymentSnapshot = {
  id: "0198b1f2-7c3a-7d4e-8f5a-0000000000bb",
  is_live: 1,
  status: "reconciled",
  method: "automatic",
  variables: [],
  direction: 1,
  amount: 1_000,
  matched: 1_000,
  transaction_id: "0198b1f2-7c3a-7d4e-8f5a-0000000000cc",
  line_item_id: null,
  ledger_transaction_id: null,
  description: null,
  external_id: null,
  metadata: {},
  statement_descriptor: null,
  remittance_information: null,
  created_at: 1_768_469_400_000,
  updated_at: 1_768_469_400_000,
};
const paid: StoredEvent = {
  ...event,
  type: "expected_payment.reconciled",
  subject: "expected_payment",
  snapshot: payment,
};

describe("events", () => {
  it("show a record as GET does, with the reconciliation they are about", () => {
    expect(presentEvent(event)).toEqual({
      id: event.uid,
      event_type: "record.reconciled",
      timestamp: "2026-01-15T09:30:00.123Z",
      data: { ...presentRecord(record), reconciliation_id: "c1" },
    });
  });

  it("show a match in major units", () => {
    const snapshot = {
      id: "m1",
      currency: "USD",
      variance: -50,
      records: [{ record_id: "r1", side: "a", amount: 25_050 }],
      explanation: [],
      created_at: 0,
      voided_at: null,
    };
    const shown = presentEvent({ ...event, type: "reconciliation_match.created", subject: "match", snapshot });
    expect(shown.data).toMatchObject({ id: "m1", variance: -0.5, records: [{ amount: 250.5 }], voided_at: null });
  });

  it("show an expected payment as GET /api does, at both doors", () => {
    expect(presentEvent(paid).data).toEqual(presentExpectedPayment(payment));
    expect(presentPaymentEvent({ ...paid, entityUid: payment.id }, true)).toEqual({
      id: paid.uid,
      object: "event",
      live_mode: true,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      resource: "expected_payment",
      event_name: "reconciled",
      event_time: "2026-01-15T09:30:00.123Z",
      data: presentExpectedPayment(payment),
      entity_id: payment.id,
    });
  });

  it("are found by topic, bare name or both", () => {
    expect(listEventTypes("ledger_transaction", undefined)).toHaveLength(3);
    expect(listEventTypes(undefined, "created")).toContain("transaction.created");
    expect(listEventTypes("expected_payment", "overdue")).toEqual(["expected_payment.overdue"]);
    expect(listEventTypes("payment_order", undefined)).toEqual([]);
  });

  it("show what is stored as it is shown", () => {
    const data = { endpoint_id: "e1" };
    expect(presentEvent({ ...event, type: "ping", subject: "ping", snapshot: data }).data).toEqual(data);
  });

  it("have the types that the contract lists", () => {
    expect(EVENT_TYPES).toHaveLength(22);
    expect(subjectOf("reconciliation_match.voided")).toBe("match");
    expect(subjectOf("ping")).toBe("ping");
  });
});

describe("messages in the format standard", () => {
  it("carry the event's id and instant in the body, and the attempt's instant in the header", async () => {
    const { headers, body } = await composeMessage("standard", attempt);
    expect(JSON.parse(body)).toEqual(presentEvent(event));
    expect(headers).toMatchObject({
      "Content-Type": "application/json",
      "webhook-id": event.uid,
      "webhook-timestamp": "1768470000",
      "webhook-signature": expect.stringMatching(/^v1,\S+$/),
    });
  });

  it("have the same body and id at every attempt", async () => {
    const first = await composeMessage("standard", attempt);
    const second = await composeMessage("standard", { ...attempt, attemptUid: "a2", at: attempt.at + 3_600_000 });
    expect(second.body).toBe(first.body);
    expect(second.headers["webhook-id"]).toBe(first.headers["webhook-id"]);
    expect(second.headers["webhook-signature"]).not.toBe(first.headers["webhook-signature"]);
  });
});

describe("messages in the format modern_treasury", () => {
  it("have the bare event name, and its topic in a header", async () => {
    const { headers, body } = await composeMessage("modern_treasury", { ...attempt, event: paid, isLive: true });
    expect(JSON.parse(body)).toEqual({ event: "reconciled", data: presentExpectedPayment(payment) });
    expect(headers).toEqual({
      "Content-Type": "application/json",
      "User-Agent": "Tieout-Webhooks/1.0",
      "X-Topic": "expected_payment",
      "X-Event-ID": event.uid,
      "X-Event-Time": "2026-01-15T09:30:00.123000000Z",
      "X-Webhook-ID": "d1",
      "X-Delivery-ID": "a1",
      "X-Live-Mode": "true",
      "X-Signature": await signModernTreasury("whsec_AAAA", body),
    });
  });

  it("are signed with the secret before in a header of its own", async () => {
    const { headers, body } = await composeMessage("modern_treasury", {
      ...attempt,
      secrets: ["whsec_BBBB", "whsec_AAAA"],
    });
    expect(headers["X-Signature"]).toBe(await signModernTreasury("whsec_BBBB", body));
    expect(headers["X-Previous-Signature"]).toBe(await signModernTreasury("whsec_AAAA", body));
  });
});
