import type { Endpoint } from "../endpoint.ts";
import { internalAccountEndpoints } from "./internal-accounts.ts";
import { ledgerAccountEndpoints } from "./ledger-accounts.ts";
import { ledgerEntryEndpoints } from "./ledger-entries.ts";
import { ledgerTransactionEndpoints } from "./ledger-transactions.ts";
import { ledgerEndpoints } from "./ledgers.ts";
import { pingEndpoints } from "./ping.ts";

/** Every endpoint of the door for payments. */
export const apiEndpoints: readonly Endpoint[] = [
  ...pingEndpoints,
  ...internalAccountEndpoints,
  ...ledgerEndpoints,
  ...ledgerAccountEndpoints,
  ...ledgerTransactionEndpoints,
  ...ledgerEntryEndpoints,
];
