import { exports } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import type { ModernTreasury } from "modern-treasury";
import { NotFoundError, UnprocessableEntityError } from "modern-treasury";
import { describe, expect, it } from "vitest";
import { all } from "../../src/db/client.ts";
import { deliverWebhook } from "../../src/services/deliver-webhook.ts";
import { must } from "../support/scene.ts";
import { newTenant } from "../support/tenant.ts";
import { answering, db, muteQueue, Receiver } from "../support/webhooks.ts";
import { errorOf, newClient } from "./client.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

/** A book of two accounts, in which an amount is moved from one to the other. */
async function newBook(client: ModernTreasury) {
  const { id: ledger_id } = await client.ledgers.create({ name: "Main" });
  const account = { name: "Account", normal_balance: "credit", currency: "USD", ledger_id } as const;
  const [from, to] = [await client.ledgerAccounts.create(account), await client.ledgerAccounts.create(account)];
  return (amount: number, status: "pending" | "posted" = "pending") =>
    client.ledgerTransactions.create({
      status,
      ledger_entries: [
        { amount, direction: "debit", ledger_account_id: from.id },
        { amount, direction: "credit", ledger_account_id: to.id },
      ],
    });
}

describe("events of Modern Treasury's SDK", () => {
  it("are listed page by page by themselves, with the filters of the first page, and retrieved", async () => {
    const { keys } = await newTenant();
    const { client, sent } = newClient(keys.writer);
    const move = await newBook(client);
    const made = [];
    for (let amount = 1; amount <= 5; amount++) made.unshift(await move(amount));
    sent.length = 0;
    const query = { per_page: 2, resource: "ledger_transaction", event_name: "created" };
    const listed = [];
    for await (const event of client.events.list({ ...query, event_time_start: "2026-01-01T00:00:00Z" })) {
      listed.push(event);
    }
    expect(listed.map(({ data }) => data)).toEqual(made);
    expect(sent.map(({ url }) => url.searchParams.get("event_name"))).toEqual(["created", "created", "created"]);
    const [latest] = listed;
    expect(latest).toMatchObject({ object: "event", live_mode: false, entity_id: made[0]?.id });
    expect(await client.events.retrieve(latest?.id as string)).toEqual(latest);
    const about = await client.events.list({ entity_id: made[4]?.id as string });
    expect(about.items).toEqual([listed[4]]);
    expect(await errorOf(client.events.retrieve(UNKNOWN_ID))).toBeInstanceOf(NotFoundError);
    expect(await errorOf(client.events.list({ event_time_end: "soon" }))).toBeInstanceOf(UnprocessableEntityError);
  });

  it("are delivered with a signature that the SDK validates", async () => {
    muteQueue();
    const tenant = await newTenant();
    const hook = { url: "https://hooks.example.com/", event_types: ["ledger_transaction.posted"] };
    const { body } = await must(
      tenant.admin.post("/v1/webhook_endpoints", { ...hook, format: "modern_treasury" }),
      201,
    );
    const { client } = newClient(tenant.keys.writer, { webhookKey: body.secret });
    const posted = await (await newBook(client))(100, "posted");
    const deliveries = await all<{ uid: string }>(
      db,
      sql`select uid from deliveries where environment_id = ${tenant.environmentId}`,
    );
    const receiver = new Receiver(answering(204));
    receiver.now = Date.now();
    for (const { uid } of deliveries) await deliverWebhook(receiver.deps, uid);
    expect(receiver.received).toHaveLength(1);
    const [received] = receiver.received as [Receiver["received"][number]];
    expect(client.webhooks.validateSignature(received.body, received.headers)).toBe(true);
    expect(client.webhooks.validateSignature(`${received.body} `, received.headers)).toBe(false);
    expect(client.webhooks.validateSignature(received.body, received.headers, { key: "whsec_AAAA" })).toBe(false);
    expect(JSON.parse(received.body)).toEqual({ event: "posted", data: posted });
  });
});

describe("idempotency keys of Modern Treasury's SDK", () => {
  it("are sent with every call that writes, and change nothing but what a POST does twice", async () => {
    const { keys } = await newTenant();
    const { client, sent } = newClient(keys.writer);
    const { id } = await client.ledgers.create({ name: "Main" });
    await client.ledgers.update(id, { name: "Renamed" });
    await client.ledgers.delete(id);
    for (const { headers } of sent) expect(headers.get("idempotency-key")).toMatch(/^stainless-node-retry-/);
    expect(sent.map(({ method }) => method)).toEqual(["POST", "PATCH", "DELETE"]);
    const once = { idempotencyKey: "once" };
    const made = await client.ledgers.create({ name: "Once" }, once);
    expect(await client.ledgers.create({ name: "Once" }, once)).toEqual(made);
    expect((await client.ledgers.list()).items).toEqual([made]);
    const { response } = await client.ledgers.create({ name: "Once" }, once).withResponse();
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(await errorOf(client.ledgers.create({ name: "Other" }, once))).toBeInstanceOf(UnprocessableEntityError);
  });

  it("let the SDK ask again by itself for what is under way", async () => {
    const { keys } = await newTenant();
    const once = { idempotencyKey: "under-way" };
    const made = await newClient(keys.writer).client.ledgers.create({ name: "Main" }, once);
    const setState = (state: string) =>
      all(db, sql`update idempotency_keys set state = ${state}, locked_at = ${Date.now()} where key = 'under-way'`);
    const answered: [number, string | null][] = [];
    const worker = (exports as unknown as { default: Fetcher }).default;
    const { client } = newClient(keys.writer, {
      fetch: (async (input: string, init: RequestInit) => {
        const response = await worker.fetch(input, init as never);
        answered.push([response.status, response.headers.get("retry-after")]);
        await setState("answered");
        return response;
      }) as never,
    });
    await setState("running");
    expect(await client.ledgers.create({ name: "Main" }, once)).toEqual(made);
    expect(answered).toEqual([
      [409, "1"],
      [201, null],
    ]);
  });
});
