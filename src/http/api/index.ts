import type { Endpoint } from "../endpoint.ts";
import { eventEndpoints } from "./events.ts";
import { expectedPaymentLineItemEndpoints } from "./expected-payment-line-items.ts";
import { expectedPaymentEndpoints } from "./expected-payments.ts";
import { internalAccountEndpoints } from "./internal-accounts.ts";
import { ledgerAccountEndpoints } from "./ledger-accounts.ts";
import { ledgerEntryEndpoints } from "./ledger-entries.ts";
import { ledgerTransactionEndpoints } from "./ledger-transactions.ts";
import { ledgerEndpoints } from "./ledgers.ts";
import { pingEndpoints } from "./ping.ts";
import { paymentRuleEndpoints } from "./reconciliation-rules.ts";
import { transactionLineItemEndpoints } from "./transaction-line-items.ts";
import { transactionEndpoints } from "./transactions.ts";

/** Every endpoint of the door for payments. */
export const apiEndpoints: readonly Endpoint[] = [
  ...pingEndpoints,
  ...internalAccountEndpoints,
  ...transactionEndpoints,
  ...transactionLineItemEndpoints,
  ...paymentRuleEndpoints,
  ...expectedPaymentEndpoints,
  ...expectedPaymentLineItemEndpoints,
  ...ledgerEndpoints,
  ...ledgerAccountEndpoints,
  ...ledgerTransactionEndpoints,
  ...ledgerEntryEndpoints,
  ...eventEndpoints,
];
