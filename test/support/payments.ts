import type { Reply } from "./api.ts";
import { type BankAccount, newBankAccount } from "./bank-account.ts";
import { credit, debit, type Entry, type LedgerScene, newLedgerScene } from "./ledger.ts";
import type { Tenant } from "./tenant.ts";

/** A tenant with an internal account in USD, and a ledger in which what is expected can be booked. */
export interface PaymentScene extends Pick<BankAccount, "tenant" | "api" | "db" | "account" | "link"> {
  receivable: string;
  revenue: string;
  balancesOf: LedgerScene["balancesOf"];
  /** The ledger transaction of a payment of this amount. */
  booking(amount: number): { ledger_entries: Entry[] };
  /** Expects a credit of exactly this amount unless the rule variable says otherwise. */
  expectPayment(
    amount: number,
    variable?: Record<string, unknown>,
    fields?: Record<string, unknown>,
  ): Promise<Reply["body"]>;
  /** Takes in a posted credit. */
  receive(amount: number, fields?: Record<string, unknown>): Promise<Reply["body"]>;
  payment(id: string): Promise<Reply["body"]>;
  transaction(id: string): Promise<Reply["body"]>;
}

export async function newPaymentScene(tenant?: Tenant): Promise<PaymentScene> {
  const bank = await newBankAccount(tenant);
  const ledger = await newLedgerScene(bank.tenant);
  const [receivable, revenue] = [await ledger.account({ normal_balance: "debit" }), await ledger.account()];
  return {
    tenant: bank.tenant,
    api: bank.api,
    db: bank.db,
    account: bank.account,
    link: bank.link,
    receivable,
    revenue,
    balancesOf: ledger.balancesOf,
    booking: (amount) => ({ ledger_entries: [debit(receivable, amount), credit(revenue, amount)] }),
    expectPayment: (amount, variable, fields) =>
      bank.payment({ amount_lower_bound: amount, amount_upper_bound: amount, ...variable }, fields),
    receive: (amount, fields) => bank.transaction({ amount, ...fields }),
    payment: (id) => bank.read(`/api/expected_payments/${id}`),
    transaction: (id) => bank.read(`/api/transactions/${id}`),
  };
}
