import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { type Db, first } from "../../src/db/client.ts";
import { archiveExpectedPayment } from "../../src/services/archive-expected-payment.ts";
import { createExpectedPayment } from "../../src/services/create-expected-payment.ts";
import { updateExpectedPayment } from "../../src/services/update-expected-payment.ts";
import { breakingAt } from "../support/breaking-db.ts";
import { newPaymentScene, type PaymentScene } from "../support/payments.ts";
import { must, silentContext } from "../support/scene.ts";

/** All that a write of an expected payment touches, as one text. */
async function readState({ db, tenant }: PaymentScene): Promise<string> {
  const rows = (table: string, columns: string, where = `environment_id = ${tenant.environmentId}`) =>
    sql.raw(`(select json_group_array(json_array(${columns}) order by id) from ${table} where ${where})`);
  const sources = `source_id in (select id from data_sources where environment_id = ${tenant.environmentId})`;
  const row = await first<Record<string, string>>(
    db,
    sql`select ${rows("expected_payments", "status, record_id, closed_at, ledger_transaction_id, variables")} as payments,
      ${rows("records", "version, amount, amount_lower, deleted_at", sources)} as records,
      ${rows("changes", "no", sources)} as changes, ${rows("events", "type")} as events,
      ${rows("data_sources", "record_count, change_no")} as sources,
      ${rows("ledger_transactions", "status, version, ledgerable_uid")} as transactions,
      ${rows("ledger_accounts", "lock_version, pending_debits, posted_debits")} as accounts`,
  );
  return JSON.stringify(row);
}

it("leaves nothing of a write that is killed between statements", async () => {
  const scene = await newPaymentScene();
  const other = await must(scene.api.post("/api/internal_accounts", { name: "Other", currency: "USD" }), 201);
  const inline = { ledger_transaction: scene.booking(1_000) };
  const [open, partial] = [await scene.expectPayment(1_000, {}, inline), await scene.expectPayment(1_000, {}, inline)];
  const part = await scene.receive(400);
  await must(scene.link(part.id, partial.id, 400), 201);
  const variable = (account: string, upper: number) => ({
    internal_account_id: account,
    direction: "credit" as const,
    amount_lower_bound: 900,
    amount_upper_bound: upper,
  });
  const entry = (accountUid: string, direction: "credit" | "debit") => {
    return { accountUid, direction, amount: 1_000, metadata: {}, lockVersion: null, locks: [] };
  };
  const ctx = (db: Db) => ({ ...silentContext(scene), db });
  const attempts: ((db: Db) => Promise<unknown>)[] = [
    (db) =>
      createExpectedPayment(ctx(db), {
        variables: [variable(scene.account, 900)],
        description: null,
        externalId: "new",
        metadata: {},
        statementDescriptor: null,
        remittanceInformation: null,
        accountingLines: [],
        ledger: {
          description: null,
          metadata: {},
          effectiveAt: null,
          externalId: null,
          entries: [entry(scene.receivable, "debit"), entry(scene.revenue, "credit")],
        },
      }),
    (db) => updateExpectedPayment(ctx(db), partial.id, { isClosed: true, texts: { description: "short" } }),
    ...[variable(scene.account, 950), variable(other.body.id, 950)].map(
      (changed) => (db: Db) =>
        updateExpectedPayment(ctx(db), open.id, { isClosed: false, variables: [changed], texts: { externalId: "x" } }),
    ),
    (db) => archiveExpectedPayment(ctx(db), open.id),
  ];
  const before = await readState(scene);
  for (const attempt of attempts) {
    let statements = 1;
    for (let place = 0; place < statements; place++) {
      const broken = breakingAt(scene.db, place);
      await expect(attempt(broken.db)).rejects.toThrow("guard.ok");
      statements = broken.statements();
      expect(await readState(scene)).toBe(before);
    }
    expect(statements).toBeGreaterThan(5);
  }
});
