import { describe, expect, it } from "vitest";
import { PAGE_SCAN_MAX_ROWS } from "../../../src/config.ts";
import { eventEndpoints } from "../../../src/http/api/events.ts";
import type { Reply } from "../../support/api.ts";
import { credit, debit, newLedgerScene } from "../../support/ledger.ts";
import { must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant, type Tenant } from "../../support/tenant.ts";
import { bindings, newEvent } from "../../support/webhooks.ts";

const PATH = "/api/events";
const TRANSACTIONS = "/api/ledger_transactions";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const refusalOf = ({ status, body }: Reply) => [status, body.errors.code, body.errors.parameter];
const namesOf = (reply: Reply) =>
  reply.body.map((event: { resource: string; event_name: string }) => `${event.resource}.${event.event_name}`);

/** Two accounts of a ledger, and an entry in each of them for the same amount. */
async function newBook(tenant?: Tenant) {
  const scene = await newLedgerScene(tenant);
  const [cash, wallet] = [await scene.account({ normal_balance: "debit" }), await scene.account()];
  const entries = (amount: number) => [debit(cash, amount), credit(wallet, amount)];
  const namesAbout = async (id: string) => namesOf(await must(scene.api.get(`${PATH}?entity_id=${id}`), 200));
  return { ...scene, entries, namesAbout };
}

/** Moves the events about a resource to another time. */
async function moveEvents(entityUid: string, at: string): Promise<void> {
  await bindings.DB.prepare("update events set created_at = ? where entity_uid = ?")
    .bind(Date.parse(at), entityUid)
    .run();
}

describe("events of the payments door", () => {
  itIsGuarded({
    endpoints: eventEndpoints,
    prepare: async (owner) => {
      const book = await newBook(owner);
      await book.transact(book.entries(1));
      return { id: (await book.api.get(PATH)).body[0].id };
    },
  });

  it("are answered with every key of Modern Treasury's, and what GET answered at the time", async () => {
    const book = await newBook();
    const made = await book.transact(book.entries(100), { description: "Deposit" });
    await must(book.api.patch(`${TRANSACTIONS}/${made.id}`, { description: "Later" }), 200);
    const [event] = (await must(book.api.get(PATH), 200)).body;
    expect(event).toEqual({
      id: event.id,
      object: "event",
      live_mode: false,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updated_at: event.created_at,
      resource: "ledger_transaction",
      event_name: "created",
      event_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      data: made,
      entity_id: made.id,
    });
    expect((await must(book.api.get(`${PATH}/${event.id}`), 200)).body).toEqual(event);
  });

  it("are listed at /v1, too, with the same data", async () => {
    const book = await newBook();
    const made = await book.transact(book.entries(100));
    const { data } = (await must(book.api.get("/v1/events"), 200)).body;
    expect(data).toMatchObject([{ event_type: "ledger_transaction.created", data: made }]);
    expect((await must(book.api.get(PATH), 200)).body[0].id).toBe(data[0].id);
  });

  it("are none of those that /v1 alone has", async () => {
    const { reader, environmentId } = await newTenant();
    const { eventUid } = await newEvent(environmentId);
    expect((await reader.get(PATH)).body).toEqual([]);
    expect((await reader.get(`${PATH}/${eventUid}`)).status).toBe(404);
  });

  it("do not know an id that nobody gave", async () => {
    const { reader } = await newTenant();
    expect((await reader.get(`${PATH}/${UNKNOWN_ID}`)).status).toBe(404);
    expect((await reader.get(`${PATH}/nonsense`)).status).toBe(404);
  });

  it("are found by resource, name, entity and time, bounds included", async () => {
    const book = await newBook();
    const [early, late] = [await book.transact(book.entries(1)), await book.transact(book.entries(2))];
    await must(book.api.patch(`${TRANSACTIONS}/${early.id}`, { status: "posted" }), 200);
    await must(book.api.patch(`${TRANSACTIONS}/${late.id}`, { status: "archived" }), 200);
    await moveEvents(early.id, "2026-01-15T09:30:00.123Z");
    await moveEvents(late.id, "2026-01-16T09:30:00Z");
    const [created, posted, archived] = ["created", "posted", "archived"].map((name) => `ledger_transaction.${name}`);
    for (const [query, names] of [
      ["", [archived, posted, created, created]],
      ["resource=ledger_transaction", [archived, posted, created, created]],
      ["resource=expected_payment", []],
      ["resource=payment_order", []],
      ["event_name=posted", [posted]],
      ["resource=ledger_transaction&event_name=created", [created, created]],
      [`entity_id=${early.id}`, [posted, created]],
      [`entity_id=${UNKNOWN_ID}`, []],
      [`entity_id=${late.id}&event_name=archived`, [archived]],
      ["event_time_start=2026-01-15T09:30:00.123Z&event_time_end=2026-01-15T09:30:00.123Z", [posted, created]],
      ["event_time_start=2026-01-15T09:30:00.124Z", [archived, created]],
      ["event_time_end=2026-01-15T10:30:00.122%2B01:00", []],
      ["event_time_end=2026-01-16T09:30:00Z&event_name=created", [created, created]],
      [`event_time_end=2026-01-15T23:59:59Z&entity_id=${late.id}`, []],
    ] as const) {
      expect([query, namesOf(await must(book.api.get(`${PATH}?${query}`), 200))]).toEqual([query, names]);
    }
  });

  it.each([
    "",
    "event_time_start=2026-01-01T00:00:00Z&",
  ])("are walked newest first, page by page: %s", async (query) => {
    const book = await newBook();
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++) ids.unshift((await book.transact(book.entries(n))).id);
    const walked: string[] = [];
    let cursor = "";
    do {
      const page: Reply = await must(
        book.api.get(`${PATH}?${query}per_page=2${cursor && `&after_cursor=${cursor}`}`),
        200,
      );
      walked.push(...page.body.map((event: { entity_id: string }) => event.entity_id));
      cursor = page.headers.get("x-after-cursor") ?? "";
      if (walked.length === 2) await book.transact(book.entries(9));
    } while (cursor !== "");
    expect(walked).toEqual(ids);
  });

  it("are found far back, over pages that are short", async () => {
    const book = await newBook();
    const made = await book.transact(book.entries(1), { status: "posted" });
    await bindings.DB.prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
        insert into events (uid, environment_id, type, occurrence, subject, snapshot, entity_uid, created_at)
        select ? || i, ?, 'transaction.created', ? || i, 'ping', '{}', ?, 0 from n`,
    )
      .bind(PAGE_SCAN_MAX_ROWS, made.id, book.tenant.environmentId, made.id, UNKNOWN_ID)
      .run();
    const first = await must(book.api.get(`${PATH}?event_name=posted`), 200);
    expect(first.body).toEqual([]);
    const cursor = first.headers.get("x-after-cursor");
    expect(namesOf(await must(book.api.get(`${PATH}?event_name=posted&after_cursor=${cursor}`), 200))).toEqual([
      "ledger_transaction.posted",
    ]);
  });

  it.each([
    ["event_time_start=yesterday", "event_time_start"],
    ["event_time_end=2026-02-30T00:00:00Z", "event_time_end"],
    ["entity_id=nonsense", "entity_id"],
    ["per_page=0", "per_page"],
    ["after_cursor=nonsense", "after_cursor"],
    ["nope=1", "nope"],
  ])("refuse ?%s", async (query, parameter) => {
    const { reader } = await newTenant();
    expect(refusalOf(await reader.get(`${PATH}?${query}`))).toEqual([422, "parameter_invalid", parameter]);
  });

  it("keep the cursor of a list by time from one that is not", async () => {
    const book = await newBook();
    for (let n = 1; n <= 2; n++) await book.transact(book.entries(n));
    const cursor = (await book.api.get(`${PATH}?per_page=1`)).headers.get("x-after-cursor");
    const other = await book.api.get(`${PATH}?event_time_start=2026-01-01T00:00:00Z&after_cursor=${cursor}`);
    expect(refusalOf(other)).toEqual([422, "parameter_invalid", "after_cursor"]);
  });
});

describe("events of ledger transactions", () => {
  it("tell that one was made, and once each that it was posted or archived", async () => {
    const book = await newBook();
    const { id } = await book.transact(book.entries(100));
    expect(await book.namesAbout(id)).toEqual(["ledger_transaction.created"]);
    await must(book.api.patch(`${TRANSACTIONS}/${id}`, { metadata: { a: "b" } }), 200);
    expect(await book.namesAbout(id)).toEqual(["ledger_transaction.created"]);
    for (const _ of [1, 2]) await must(book.api.patch(`${TRANSACTIONS}/${id}`, { status: "posted" }), 200);
    await must(book.api.patch(`${TRANSACTIONS}/${id}`, { metadata: { a: "c" } }), 200);
    expect(await book.namesAbout(id)).toEqual(["ledger_transaction.posted", "ledger_transaction.created"]);
    const other = await book.transact(book.entries(100));
    const archived = await must(book.api.patch(`${TRANSACTIONS}/${other.id}`, { status: "archived" }), 200);
    const [event] = (await must(book.api.get(`${PATH}?entity_id=${other.id}`), 200)).body;
    expect(event).toMatchObject({ event_name: "archived", data: archived.body });
  });

  it("tell both at once of one that is made as posted, as its reversal and a part of it are", async () => {
    const book = await newBook();
    const both = ["ledger_transaction.posted", "ledger_transaction.created"];
    const posted = await book.transact(book.entries(100), { status: "posted" });
    expect(await book.namesAbout(posted.id)).toEqual(both);
    const reversal = await must(book.api.post(`${TRANSACTIONS}/${posted.id}/reversal`, {}), 201);
    expect(await book.namesAbout(reversal.body.id)).toEqual(both);
    const pending = await book.transact(book.entries(100));
    const part = { posted_ledger_entries: book.entries(40) };
    const partial = await must(book.api.post(`${TRANSACTIONS}/${pending.id}/partial_post`, part), 201);
    expect(await book.namesAbout(partial.body.id)).toEqual(both);
    expect(await book.namesAbout(pending.id)).toEqual(["ledger_transaction.created"]);
  });

  it("are not there of one that was refused", async () => {
    const book = await newBook();
    const [entry] = book.entries(100);
    await must(book.api.post(TRANSACTIONS, { ledger_entries: [entry] }), 422);
    expect((await must(book.api.get(PATH), 200)).body).toEqual([]);
  });
});
