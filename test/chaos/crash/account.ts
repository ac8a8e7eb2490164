import type { ChaosClient } from "./chaos-client.ts";
import type { Stage } from "./stage.ts";

export interface RecordView {
  id: string;
  type_key: string;
  external_id: string;
  amount: number;
  metadata: { ref: string };
  status: string;
  reconciliations: { match_ids: string[] }[];
}

export interface MatchView {
  id: string;
  status: "matched" | "voided";
  records: { record_id: string; side: "a" | "b"; amount: number }[];
}

export interface BulkView {
  id: string;
  status: string;
  total_items: number;
  processed_items: number;
  successful_items: number;
  failed_items: number;
  skipped_items: number;
  results: { index: number; status: string; record_id: string | null }[];
}

export interface ImportView {
  id: string;
  status: string;
  row_count: number;
  created: number;
  skipped: number;
  failed: number;
}

export interface EventView {
  id: string;
  event_type: string;
  data: { id: string; reconciliation_id?: string };
}

export interface DeliveryView {
  id: string;
  event_id: string;
  status: string;
  attempts: { number: number }[];
}

export interface PaymentView {
  id: string;
  external_id: string;
  status: string;
  amount_reconciled: number;
  ledger_transaction_id: string;
}

export interface TransactionView {
  id: string;
  amount: number;
  reconciled: boolean;
  metadata: { reference: string };
}

export interface LineItemView {
  id: string;
  amount: number;
  expected_payment_id: string;
  transaction_id: string;
}

export interface LedgerTransactionView {
  id: string;
  status: string;
  ledgerable_id: string | null;
}

/** Both balances of a ledger account on its normal side, in cents. */
export interface LedgerBalances {
  posted: number;
  pending: number;
}

/** Everything that a client can read after the load. */
export interface Account {
  records: RecordView[];
  matches: MatchView[];
  bulks: BulkView[];
  imports: ImportView[];
  chain: string;
  events: EventView[];
  deliveries: DeliveryView[];
  payments: PaymentView[];
  transactions: TransactionView[];
  lineItems: LineItemView[];
  ledgerTransactions: LedgerTransactionView[];
  balances: { receivable: LedgerBalances; revenue: LedgerBalances };
}

export async function readAccount(client: ChaosClient, stage: Stage): Promise<Account> {
  const { reconciliationId, receivableId, revenueId } = stage;
  const bulks: BulkView[] = [];
  for (const bulk of await client.list("/v1/bulk_requests")) {
    bulks.push({ ...bulk, results: await client.list(`/v1/bulk_requests/${bulk.id}`) });
  }
  return {
    records: [
      ...(await client.list("/v1/records?type_key=orders")),
      ...(await client.list("/v1/records?type_key=payments")),
    ],
    matches: await client.list(`/v1/reconciliation_matches?reconciliation_id=${reconciliationId}`),
    bulks,
    imports: await client.list("/v1/imports"),
    chain: await readChain(client, reconciliationId),
    events: await client.list("/v1/events"),
    deliveries: await client.list("/v1/webhook_deliveries"),
    payments: await client.listApi("/api/expected_payments"),
    transactions: await client.listApi("/api/transactions"),
    lineItems: await client.listApi("/api/transaction_line_items"),
    ledgerTransactions: await client.listApi("/api/ledger_transactions"),
    balances: {
      receivable: await readBalances(client, receivableId),
      revenue: await readBalances(client, revenueId),
    },
  };
}

async function readChain(client: ChaosClient, reconciliationId: string): Promise<string> {
  for (let cursor = ""; ; ) {
    const page = await client.get(`/v1/reconciliations/${reconciliationId}/audit${cursor}`);
    if (!page.valid) return JSON.stringify(page.first_broken);
    if (page.next_cursor === null) return "valid";
    cursor = `?cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}

async function readBalances(client: ChaosClient, id: string): Promise<LedgerBalances> {
  const { balances } = await client.get(`/api/ledger_accounts/${id}`);
  return { posted: balances.posted_balance.amount, pending: balances.pending_balance.amount };
}
