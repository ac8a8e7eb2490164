import { ACCOUNT_NAMES, type AccountName, LEDGER_ACCOUNTS } from "./balances.ts";
import type { PaymentsClient } from "./payments-client.ts";
import { RULES } from "./rules.ts";

/** Ids of what the shop has set up. */
export interface Books {
  internalAccountId: string;
  ledgerId: string;
  ledgerAccountIds: Record<AccountName, string>;
  ruleIds: string[];
}

/** An account at the bank, a ledger with a clearing account, and the rules by which payments are reconciled. */
export async function openBooks(client: PaymentsClient): Promise<Books> {
  const name = "Operating account";
  const account = { name, party_name: "Harbour Coffee", currency: "USD", connection_id: "bank" } as const;
  const { id: internalAccountId } = await client.internalAccounts.create(account);
  const { id: ledgerId } = await client.ledgers.create({ name: "Harbour Coffee" });
  const ids: [AccountName, string][] = [];
  for (const name of ACCOUNT_NAMES) {
    const draft = { name, normal_balance: LEDGER_ACCOUNTS[name], currency: "USD", ledger_id: ledgerId };
    ids.push([name, (await client.ledgerAccounts.create(draft)).id]);
  }
  const ledgerAccountIds = Object.fromEntries(ids) as Books["ledgerAccountIds"];
  // An extension that the client's types do not know.
  await client.patch(`/api/ledgers/${ledgerId}`, { body: { clearing_ledger_account_id: ledgerAccountIds.Clearing } });
  const ruleIds: string[] = [];
  for (const rule of RULES) {
    const body = { ...rule, internal_account_ids: [internalAccountId] };
    ruleIds.push((await client.post<{ id: string }>("/api/reconciliation_rules", { body })).id);
  }
  return { internalAccountId, ledgerId, ledgerAccountIds, ruleIds };
}
