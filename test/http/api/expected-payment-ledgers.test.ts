import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { all } from "../../../src/db/client.ts";
import type { Reply } from "../../support/api.ts";
import { refusalOf } from "../../support/bank-account.ts";
import { credit, debit } from "../../support/ledger.ts";
import { newPaymentScene, type PaymentScene } from "../../support/payments.ts";
import { must } from "../../support/scene.ts";

const PATH = "/api/expected_payments";
const LEDGER_PATH = "/api/ledger_transactions";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const EXPECTED_PAYMENT = "expected_payment";

const times = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));
const statusesOf = (replies: Reply[]) => replies.map(({ status }) => status).sort((a, b) => a - b);

function expecting(scene: PaymentScene, fields: Record<string, unknown>, amount = 1_000) {
  const amounts = { amount_lower_bound: amount, amount_upper_bound: amount };
  const variable = { internal_account_id: scene.account, direction: "credit", ...amounts };
  return scene.api.post(PATH, { reconciliation_rule_variables: [variable], ...fields });
}

const ledgerOf = async (scene: PaymentScene, id: string) =>
  (await must(scene.api.get(`${LEDGER_PATH}/${id}`), 200)).body;

async function newBooking(scene: PaymentScene, fields: Record<string, unknown> = {}) {
  return (await must(scene.api.post(LEDGER_PATH, { ...scene.booking(1_000), ...fields }), 201)).body;
}

async function newEuros(scene: PaymentScene): Promise<string> {
  const { ledger_id } = (await must(scene.api.get(`/api/ledger_accounts/${scene.revenue}`), 200)).body;
  const body = { name: "Euros", normal_balance: "credit", currency: "EUR", ledger_id };
  return (await must(scene.api.post("/api/ledger_accounts", body), 201)).body.id;
}

/** Makes `receivable` the clearing account of the scene's ledger. */
async function clear(scene: PaymentScene): Promise<void> {
  const { ledger_id } = (await must(scene.api.get(`/api/ledger_accounts/${scene.receivable}`), 200)).body;
  const body = { clearing_ledger_account_id: scene.receivable };
  await must(scene.api.patch(`/api/ledgers/${ledger_id}`, body), 200);
}

/** Everything of the environment that making an expected payment could write. */
async function countRows({ db, tenant }: PaymentScene) {
  const count = (table: string) =>
    sql.raw(`(select count(*) from ${table} where environment_id = ${tenant.environmentId})`);
  const [row] = await all(
    db,
    sql`select ${count("expected_payments")} as payments, ${count("ledger_transactions")} as transactions,
      ${count("ledger_entries")} as entries, ${count("events")} as events, (select sum(record_count) from data_sources
        where environment_id = ${tenant.environmentId}) as records, (select sum(lock_version) from ledger_accounts
        where environment_id = ${tenant.environmentId}) as locks`,
  );
  return row;
}

async function eventsOf({ db }: PaymentScene, id: string): Promise<string[]> {
  const rows = await all<{ type: string }>(db, sql`select type from events where entity_uid = ${id} order by id`);
  return rows.map(({ type }) => type);
}

describe("a ledger transaction sent with an expected payment", () => {
  it("is made with it, pending and linked", async () => {
    const scene = await newPaymentScene();
    const inline = {
      ...scene.booking(1_000),
      description: "Invoice 1001",
      metadata: { invoice: "1001" },
      effective_date: "2026-03-01",
      external_id: "booking-1",
      status: "pending",
    };
    const { body } = await must(expecting(scene, { ledger_transaction: inline }), 201);
    const ledger = await ledgerOf(scene, body.ledger_transaction_id);
    expect(ledger).toMatchObject({
      status: "pending",
      description: "Invoice 1001",
      metadata: { invoice: "1001" },
      effective_at: "2026-03-01T00:00:00.000000Z",
      external_id: "booking-1",
      ledgerable_type: EXPECTED_PAYMENT,
      ledgerable_id: body.id,
    });
    expect(ledger.ledger_entries).toHaveLength(2);
    expect(await scene.balancesOf(scene.revenue)).toEqual([1_000, 0, 0]);
    expect(await eventsOf(scene, ledger.id)).toEqual(["ledger_transaction.created"]);
  });

  it("is refused whole with the payment where the example has one entry", async () => {
    const scene = await newPaymentScene();
    const before = await countRows(scene);
    const inline = {
      description: "Sample Ledger Transaction Description",
      ledger_entries: [credit(scene.revenue, 1_000)],
    };
    const reply = await expecting(scene, { ledger_transaction: inline });
    expect(refusalOf(reply)).toEqual([422, "parameter_invalid", "ledger_transaction.ledger_entries"]);
    expect(await countRows(scene)).toEqual(before);
    await clear(scene);
    const { body } = await must(expecting(scene, { ledger_transaction: inline }), 201);
    const { ledger_entries, description } = await ledgerOf(scene, body.ledger_transaction_id);
    expect(description).toBe(inline.description);
    expect(ledger_entries).toMatchObject([credit(scene.revenue, 1_000), debit(scene.receivable, 1_000)]);
  });

  it("is completed over the whole of one side, in the clearing account's own currency", async () => {
    const scene = await newPaymentScene();
    await clear(scene);
    const euros = await newEuros(scene);
    const oneSided = { ledger_entries: [credit(scene.revenue, 700), credit(scene.revenue, 300)] };
    const { body } = await must(expecting(scene, { ledger_transaction: oneSided }), 201);
    const { ledger_entries } = await ledgerOf(scene, body.ledger_transaction_id);
    expect(ledger_entries[2]).toMatchObject(debit(scene.receivable, 1_000));
    for (const entries of [
      [credit(scene.revenue, 1_000), debit(scene.receivable, 999)],
      [credit(euros, 1_000)],
      [credit(scene.revenue, 1_000), credit(euros, 5)],
    ]) {
      const refused = await expecting(scene, { ledger_transaction: { ledger_entries: entries } });
      expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "ledger_transaction.ledger_entries"]);
    }
  });

  it.each<[string, (scene: PaymentScene) => Record<string, unknown>, string, string]>([
    ["posted", ({ booking }) => ({ ...booking(5), status: "posted" }), "parameter_invalid", "status"],
    ["without entries", () => ({}), "parameter_missing", "ledger_entries"],
    [
      "of another day than its time",
      ({ booking }) => ({ ...booking(5), effective_at: "2026-03-01T00:00:00Z", effective_date: "2026-03-02" }),
      "parameter_invalid",
      "effective_date",
    ],
    [
      "of an unknown account",
      (scene) => ({ ledger_entries: [credit(scene.revenue, 5), debit(UNKNOWN_ID, 5)] }),
      "resource_not_found",
      "ledger_entries[1].ledger_account_id",
    ],
    [
      "under a lock that does not hold",
      (scene) => ({ ledger_entries: [credit(scene.revenue, 5), debit(scene.receivable, 5, { lock_version: 7 })] }),
      "parameter_invalid",
      "ledger_entries[1].lock_version",
    ],
    [
      "linked to something",
      ({ booking }) => ({ ...booking(5), ledgerable_id: UNKNOWN_ID }),
      "parameter_invalid",
      "ledgerable_id",
    ],
  ])("refuses the payment when it is %s", async (_, inline, code, parameter) => {
    const scene = await newPaymentScene();
    const before = await countRows(scene);
    const reply = await expecting(scene, { ledger_transaction: inline(scene) });
    expect(refusalOf(reply)).toEqual([422, code, `ledger_transaction.${parameter}`]);
    expect(await countRows(scene)).toEqual(before);
  });

  it("leaves no payment behind when its external_id is taken, nor does the payment's", async () => {
    const scene = await newPaymentScene();
    const inline = (external_id: string) => ({ ledger_transaction: { ...scene.booking(1_000), external_id } });
    await must(expecting(scene, { ...inline("b"), external_id: "p" }), 201);
    const before = await countRows(scene);
    const booking = await expecting(scene, { ...inline("b"), external_id: "q" });
    expect(refusalOf(booking)).toEqual([409, "conflict", "ledger_transaction.external_id"]);
    expect(booking.headers.get("x-should-retry")).toBe("false");
    const payment = await expecting(scene, { ...inline("c"), external_id: "p" });
    expect(refusalOf(payment)).toEqual([409, "conflict", "external_id"]);
    expect(await countRows(scene)).toEqual(before);
  });

  it("overdraws no account that its entries insist on, however many are made at once", async () => {
    const scene = await newPaymentScene();
    await newBooking(scene, { status: "posted" });
    const entries = [
      debit(scene.revenue, 400, { available_balance_amount: { gte: 0 } }),
      credit(scene.receivable, 400),
    ];
    const replies = await times(8, () => expecting(scene, { ledger_transaction: { ledger_entries: entries } }));
    expect(statusesOf(replies)).toEqual([201, 201, 422, 422, 422, 422, 422, 422]);
    expect((await must(scene.api.get(PATH), 200)).body).toHaveLength(2);
    expect((await scene.balancesOf(scene.revenue))[2]).toBe(200);
  });
});

describe("a ledger transaction that is there before its expected payment", () => {
  it("is linked by its id", async () => {
    const scene = await newPaymentScene();
    const booking = await newBooking(scene);
    const { body } = await must(expecting(scene, { ledger_transaction_id: booking.id }), 201);
    expect(body.ledger_transaction_id).toBe(booking.id);
    expect(await ledgerOf(scene, booking.id)).toMatchObject({
      ledgerable_type: EXPECTED_PAYMENT,
      ledgerable_id: body.id,
      status: "pending",
      ledger_entries: booking.ledger_entries,
    });
  });

  it.each(["posted", "archived"])("is refused when it is %s", async (status) => {
    const scene = await newPaymentScene();
    const booking = await newBooking(scene);
    await must(scene.api.patch(`${LEDGER_PATH}/${booking.id}`, { status }), 200);
    const before = await countRows(scene);
    const refused = await expecting(scene, { ledger_transaction_id: booking.id });
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "ledger_transaction_id"]);
    expect(await countRows(scene)).toEqual(before);
  });

  it("is refused when it is unknown, of another environment, or sent beside another one", async () => {
    const [scene, other] = await Promise.all([newPaymentScene(), newPaymentScene()]);
    for (const ledger_transaction_id of [UNKNOWN_ID, (await newBooking(other)).id]) {
      const refused = await expecting(scene, { ledger_transaction_id });
      expect(refusalOf(refused)).toEqual([422, "resource_not_found", "ledger_transaction_id"]);
    }
    const { id } = await newBooking(scene);
    const both = { ledger_transaction_id: id, ledger_transaction: scene.booking(1_000) };
    expect(refusalOf(await expecting(scene, both))).toEqual([422, "parameter_invalid", "ledger_transaction_id"]);
    await must(expecting(scene, { ...both, ledger_transaction: null }), 201);
  });

  it("belongs to one of the payments that are made with it at once", async () => {
    const scene = await newPaymentScene();
    const { id } = await newBooking(scene);
    const replies = await times(8, () => expecting(scene, { ledger_transaction_id: id }));
    expect(statusesOf(replies)).toEqual([201, ...Array.from({ length: 7 }, () => 422)]);
    expect((await must(scene.api.get(PATH), 200)).body).toHaveLength(1);
    const [refused] = replies.filter(({ status }) => status === 422) as [Reply];
    expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "ledger_transaction_id"]);
  });
});

describe("a link that a ledger transaction asks for", () => {
  const link = (id: string) => ({ ledgerable_type: EXPECTED_PAYMENT, ledgerable_id: id });

  it("is made with it, or later", async () => {
    const scene = await newPaymentScene();
    const [one, two] = [await scene.expectPayment(1_000), await scene.expectPayment(1_000)];
    const made = await newBooking(scene, link(one.id));
    expect((await scene.payment(one.id)).ledger_transaction_id).toBe(made.id);
    const later = await newBooking(scene);
    await must(scene.api.patch(`${LEDGER_PATH}/${later.id}`, link(two.id)), 200);
    expect((await scene.payment(two.id)).ledger_transaction_id).toBe(later.id);
    expect((await must(scene.api.patch(`${LEDGER_PATH}/${later.id}`, link(two.id)), 200)).body.ledgerable_id).toBe(
      two.id,
    );
    await must(scene.api.delete(`${PATH}/${two.id}`), 200);
    expect((await ledgerOf(scene, later.id)).status).toBe("archived");
  });

  it("is taken back, or moved, while it is pending", async () => {
    const scene = await newPaymentScene();
    const [one, two] = [await scene.expectPayment(1_000), await scene.expectPayment(1_000)];
    const { id } = await newBooking(scene, link(one.id));
    await must(scene.api.patch(`${LEDGER_PATH}/${id}`, link(two.id)), 200);
    const pointers = async () => [
      (await scene.payment(one.id)).ledger_transaction_id,
      (await scene.payment(two.id)).ledger_transaction_id,
    ];
    expect(await pointers()).toEqual([null, id]);
    await must(scene.api.patch(`${LEDGER_PATH}/${id}`, { ledgerable_type: null, ledgerable_id: null }), 200);
    expect(await pointers()).toEqual([null, null]);
    await must(scene.api.patch(`${LEDGER_PATH}/${id}`, { status: "posted" }), 200);
    expect((await scene.payment(two.id)).status).toBe("unreconciled");
  });

  it("is refused where statuses do not correspond or the payment has one", async () => {
    const scene = await newPaymentScene();
    const [open, taken, gone] = [
      await scene.expectPayment(1_000),
      await scene.expectPayment(1_000, {}, { ledger_transaction: scene.booking(1_000) }),
      await scene.expectPayment(1_000),
    ];
    await must(scene.api.delete(`${PATH}/${gone.id}`), 200);
    const pending = await newBooking(scene);
    for (const [payment, status, code] of [
      [UNKNOWN_ID, "pending", "resource_not_found"],
      [taken.id, "pending", "parameter_invalid"],
      [gone.id, "pending", "parameter_invalid"],
      [open.id, "posted", "parameter_invalid"],
      [open.id, "archived", "parameter_invalid"],
    ] as const) {
      const body = { ...link(payment), status };
      const made = await scene.api.post(LEDGER_PATH, { ...scene.booking(1_000), ...body });
      expect(refusalOf(made)).toEqual([422, code, "ledgerable_id"]);
      const changed = await scene.api.patch(`${LEDGER_PATH}/${pending.id}`, body);
      expect(refusalOf(changed)).toEqual([422, code, "ledgerable_id"]);
    }
    expect((await scene.payment(open.id)).ledger_transaction_id).toBe(null);
  });

  it("does not know another environment's payment", async () => {
    const [scene, other] = await Promise.all([newPaymentScene(), newPaymentScene()]);
    const { id } = await other.expectPayment(1_000);
    const refused = await scene.api.post(LEDGER_PATH, { ...scene.booking(1_000), ...link(id) });
    expect(refusalOf(refused)).toEqual([422, "resource_not_found", "ledgerable_id"]);
  });

  it("is had by one of those that ask for it at once", async () => {
    const scene = await newPaymentScene();
    const { id } = await scene.expectPayment(1_000);
    const made = await times(4, () => scene.api.post(LEDGER_PATH, { ...scene.booking(1_000), ...link(id) }));
    expect(statusesOf(made)).toEqual([201, 422, 422, 422]);
    const other = await scene.expectPayment(1_000);
    const bookings = await times(4, () => newBooking(scene));
    const changed = await Promise.all(
      bookings.map((booking) => scene.api.patch(`${LEDGER_PATH}/${booking.id}`, link(other.id))),
    );
    expect(statusesOf(changed)).toEqual([200, 422, 422, 422]);
    const winner = changed.find(({ status }) => status === 200) as Reply;
    expect((await scene.payment(other.id)).ledger_transaction_id).toBe(winner.body.id);
  });

  it("and archiving the payment at the same moment leave both archived, or unlinked", async () => {
    const scene = await newPaymentScene();
    for (let n = 0; n < 5; n++) {
      const [{ id }, booking] = [await scene.expectPayment(1_000), await newBooking(scene)];
      const [linked, archived] = await Promise.all([
        scene.api.patch(`${LEDGER_PATH}/${booking.id}`, link(id)),
        scene.api.delete(`${PATH}/${id}`),
      ]);
      expect(archived.status).toBe(200);
      const payment = await scene.payment(id);
      const { status } = await ledgerOf(scene, booking.id);
      const isLinked = linked.status === 200;
      expect([payment.ledger_transaction_id, status]).toEqual(isLinked ? [booking.id, "archived"] : [null, "pending"]);
    }
  });
});

describe("a linked ledger transaction", () => {
  it("has the status that its payment gives it, and no other", async () => {
    const scene = await newPaymentScene();
    const { ledger_transaction_id: id } = await scene.expectPayment(
      1_000,
      {},
      {
        ledger_transaction: scene.booking(1_000),
      },
    );
    for (const status of ["posted", "archived"]) {
      const refused = await scene.api.patch(`${LEDGER_PATH}/${id}`, { status });
      expect(refusalOf(refused)).toEqual([422, "parameter_invalid", "status"]);
    }
    const entries = [debit(scene.receivable, 900), credit(scene.revenue, 900)];
    await must(scene.api.patch(`${LEDGER_PATH}/${id}`, { ledger_entries: entries, description: "less" }), 200);
    expect(await scene.balancesOf(scene.revenue)).toEqual([900, 0, 0]);
  });

  it("is archived with its payment in one write", async () => {
    const scene = await newPaymentScene();
    const payment = await scene.expectPayment(1_000, {}, { ledger_transaction: scene.booking(1_000) });
    await must(scene.api.delete(`${PATH}/${payment.id}`), 200);
    const { status } = await ledgerOf(scene, payment.ledger_transaction_id);
    expect([status, await scene.balancesOf(scene.revenue)]).toEqual(["archived", [0, 0, 0]]);
    expect(await eventsOf(scene, payment.ledger_transaction_id)).toEqual([
      "ledger_transaction.created",
      "ledger_transaction.archived",
    ]);
  });

  it("stays pending while a part has come, and is posted in full when the payment is closed short", async () => {
    const scene = await newPaymentScene();
    const payment = await scene.expectPayment(1_000, {}, { ledger_transaction: scene.booking(1_000) });
    const part = await scene.receive(400);
    await must(scene.link(part.id, payment.id, 400), 201);
    expect((await ledgerOf(scene, payment.ledger_transaction_id)).status).toBe("pending");
    await must(scene.api.patch(`${PATH}/${payment.id}`, { status: "reconciled" }), 200);
    expect((await ledgerOf(scene, payment.ledger_transaction_id)).status).toBe("posted");
    expect(await scene.balancesOf(scene.revenue)).toEqual([1_000, 1_000, 1_000]);
    expect(await eventsOf(scene, payment.ledger_transaction_id)).toEqual([
      "ledger_transaction.created",
      "ledger_transaction.posted",
    ]);
  });

  it("is not carried along by a reversal or a partial post", async () => {
    const scene = await newPaymentScene();
    const payment = await scene.expectPayment(1_000, {}, { ledger_transaction: scene.booking(1_000) });
    const id = payment.ledger_transaction_id;
    const part = { posted_ledger_entries: scene.booking(400).ledger_entries };
    expect((await scene.api.post(`${LEDGER_PATH}/${id}/partial_post`, part)).status).toBe(422);
    const whole = await scene.receive(1_000);
    await must(scene.link(whole.id, payment.id, 1_000), 201);
    expect((await ledgerOf(scene, id)).status).toBe("posted");
    expect((await scene.api.post(`${LEDGER_PATH}/${id}/reversal`, {})).status).toBe(422);
    expect((await scene.payment(payment.id)).ledger_transaction_id).toBe(id);
  });
});
