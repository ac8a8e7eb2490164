import { newPaymentScene } from "./payments.ts";
import { must } from "./scene.ts";
import type { Tenant } from "./tenant.ts";

const PATH = "/api/expected_payments";

/** Asks for everything that there is to ask of expected payments, as one who looks at the statements behind it wants it. */
export async function useExpectedPayments(tenant: Tenant): Promise<void> {
  const scene = await newPaymentScene(tenant);
  const { api, account } = scene;
  const others = await must(api.post("/api/internal_accounts", { name: "Other", currency: "USD" }), 201);
  const texts = { external_id: "expected", metadata: { a: "b" }, line_items: [{ amount: 5 }] };
  const inline = { ledger_transaction: scene.booking(1_000) };
  const payment = await scene.expectPayment(1_000, { type: "ach" }, { ...texts, ...inline });
  const path = `${PATH}/${payment.id}`;
  const variables = (fields: Record<string, unknown>) => ({
    reconciliation_rule_variables: [{ ...payment.reconciliation_rule_variables[0], ...fields }],
  });
  await must(api.patch(path, { ...variables({ amount_upper_bound: 2_000 }), metadata: { a: "", c: "d" } }), 200);
  const part = await scene.receive(400);
  await must(scene.link(part.id, payment.id, 400), 201);
  await must(api.patch(path, { status: "reconciled" }), 200);
  const moved = await scene.expectPayment(1_000);
  await must(api.patch(`${PATH}/${moved.id}`, variables({ internal_account_id: others.body.id })), 200);
  const link = { ledgerable_type: "expected_payment", ledgerable_id: moved.id };
  const booking = await must(api.post("/api/ledger_transactions", { ...scene.booking(5), ...link }), 201);
  const unlinked = { ledgerable_type: null, ledgerable_id: null };
  await must(api.patch(`/api/ledger_transactions/${booking.body.id}`, unlinked), 200);
  await must(api.patch(`/api/ledger_transactions/${booking.body.id}`, link), 200);
  await must(api.delete(`${PATH}/${moved.id}`), 200);
  const [line] = (await must(api.get(`${path}/line_items`), 200)).body;
  await must(api.patch(`${path}/line_items/${line.id}`, { metadata: { a: "b" } }), 200);
  for (const query of [
    "",
    "external_id=expected",
    "status=archived&direction=credit&amount=5",
    `internal_account_id=${account}&type=ach&counterparty_id=c&amount[gte]=5`,
    "metadata[c]=d&created_at_lower_bound=2026-01-01T00:00:00Z&updated_at_upper_bound=2126-01-01T00:00:00Z",
  ]) {
    await must(api.get(`${PATH}?${query}`), 200);
  }
  const first = await must(api.get(`${PATH}?per_page=1`), 200);
  await must(api.get(`${PATH}?per_page=1&after_cursor=${first.headers.get("x-after-cursor")}`), 200);
}
