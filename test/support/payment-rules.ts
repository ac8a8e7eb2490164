import { newBankAccount } from "./bank-account.ts";
import { must } from "./scene.ts";
import type { Tenant } from "./tenant.ts";

/** Asks a rule of the payments door everything that can be asked of it. */
export async function usePaymentRules(tenant: Tenant): Promise<void> {
  const bank = await newBankAccount(tenant);
  const path = "/api/reconciliation_rules";
  const account = { field: "transaction.internal_account_id", operator: "equals", value: bank.account };
  const conditions = { operator: "and", blocks: [{ operator: "and", conditions: [account] }] };
  const rule = { name: "By amount", strategy: "one_to_one", conditions, status: "inactive" };
  const { body: made } = await must(bank.api.post(path, { ...rule, internal_account_ids: [bank.account] }), 201);
  await bank.transaction();
  await bank.payment();
  await must(bank.api.post(`${path}/${made.id}/preview`, { internal_account_id: bank.account }), 200);
  await must(bank.api.patch(`${path}/${made.id}`, { internal_account_ids: null }), 200);
  await must(bank.api.post(`${path}/${made.id}/preview`, {}), 200);
  await must(bank.api.patch(`${path}/${made.id}`, { status: "active", on_ambiguous: "earliest" }), 200);
  await bank.read(path);
  await bank.read(`${path}?status=active&internal_account_id=${bank.account}`);
  await must(bank.api.delete(`${path}/${made.id}`), 204);
}
