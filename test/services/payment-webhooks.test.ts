import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { signModernTreasury } from "../../src/core/signature.ts";
import { all } from "../../src/db/client.ts";
import { deliverWebhook } from "../../src/services/deliver-webhook.ts";
import { newBankAccount } from "../support/bank-account.ts";
import { credit, debit, newLedgerScene } from "../support/ledger.ts";
import { must } from "../support/scene.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";
import { answering, db, muteQueue, newEndpoint, Receiver } from "../support/webhooks.ts";

const FORMATS = ["standard", "modern_treasury"] as const;

interface Happening {
  type: string;
  path: string;
}

/** Makes one thing of each kind that has events, and archives the payment. */
async function makeThingsHappen(tenant: Tenant): Promise<Happening[]> {
  const bank = await newBankAccount(tenant);
  const ledger = await newLedgerScene(tenant);
  const [cash, revenue] = [await ledger.account(), await ledger.account()];
  const payment = await bank.payment();
  const transaction = await bank.transaction({ direction: "debit" });
  const booking = await ledger.transact([debit(cash, 100), credit(revenue, 100)]);
  return [
    { type: "expected_payment.created", path: `/api/expected_payments/${payment.id}` },
    { type: "transaction.created", path: `/api/transactions/${transaction.id}` },
    { type: "ledger_transaction.created", path: `/api/ledger_transactions/${booking.id}` },
  ];
}

async function deliverAll(tenant: Tenant, receiver: Receiver): Promise<void> {
  const rows = await all<{ uid: string }>(
    db,
    sql`select uid from deliveries where environment_id = ${tenant.environmentId} and status = 'pending' order by id`,
  );
  for (const { uid } of rows) await deliverWebhook(receiver.deps, uid);
}

describe.each(FORMATS)("events of the payments door in the format %s", (format) => {
  it("carry the resource as GET answers it, signed", async () => {
    muteQueue();
    const tenant = await newTenant();
    const { secret } = await newEndpoint(tenant.environmentId, { format });
    const receiver = new Receiver(answering(204));
    receiver.now = Date.now();
    const happenings = await makeThingsHappen(tenant);
    receiver.now = Date.now();
    await deliverAll(tenant, receiver);
    expect(receiver.received).toHaveLength(happenings.length);
    for (const [place, { type, path }] of happenings.entries()) {
      const { body, headers } = receiver.received[place] as Receiver["received"][number];
      const message = JSON.parse(body);
      expect(message.data).toEqual((await must(tenant.reader.get(path), 200)).body);
      const [event] = (await must(tenant.reader.get(`/api/events?entity_id=${message.data.id}`), 200)).body;
      if (format === "standard") {
        expect(message).toMatchObject({ id: event.id, event_type: type, timestamp: event.event_time });
        expect(new Webhook(secret).verify(body, Object.fromEntries(headers))).toEqual(message);
      } else {
        expect(message).toEqual({ event: event.event_name, data: event.data });
        expect(headers.get("x-topic")).toBe(event.resource);
        expect(headers.get("x-event-id")).toBe(event.id);
        expect(headers.get("x-event-time")).toBe(event.event_time.replace("Z", "000000Z"));
        expect(headers.get("x-live-mode")).toBe("false");
        expect(headers.get("x-signature")).toBe(await signModernTreasury(secret, body));
      }
    }
  });
});

it("recorded while nobody listens are there to be read and replayed", async () => {
  muteQueue();
  const tenant = await newTenant();
  const happenings = await makeThingsHappen(tenant);
  const listed = (await must(tenant.reader.get("/api/events"), 200)).body;
  const names = listed.map(
    (event: { resource: string; event_name: string }) => `${event.resource}.${event.event_name}`,
  );
  expect(names.reverse()).toEqual(happenings.map(({ type }) => type));
  const { uid } = await newEndpoint(tenant.environmentId, { eventTypes: ["transaction.created"] });
  const replay = await tenant.admin.post(`/v1/webhook_endpoints/${uid}/replay`, { since: "2026-01-15T00:00:00Z" });
  expect(replay.body).toMatchObject({ deliveries: 1 });
});
