import type { ChaosClient } from "./chaos-client.ts";

/** Ids of what the load needs to be there. */
export interface Stage {
  reconciliationId: string;
  endpointId: string;
  secret: string;
  accountId: string;
  receivableId: string;
  revenueId: string;
}

const SAME_REFERENCE_AND_AMOUNT = {
  operand: "and",
  rules: [
    { key: "metadata.ref", operand: "eq", value: "metadata.ref" },
    { key: "amount", operand: "eq", value: "amount" },
  ],
};

const INVOICE_IN_TEXT = {
  operator: "and",
  blocks: [
    {
      operator: "and",
      conditions: [
        {
          field: "transaction.vendor_description",
          operator: "contains",
          value_field: "expected_payment.custom_identifiers.invoice",
        },
      ],
    },
  ],
};

/** A reconciliation, an internal account with a ledger, the rules of both, and somebody who listens. */
export async function setStage(client: ChaosClient, webhookUrl: string): Promise<Stage> {
  const make = (path: string, body: unknown) => client.make(path, body, `stage-${path}-${JSON.stringify(body).length}`);
  const endpoint = await make("/v1/webhook_endpoints", { url: webhookUrl, event_types: ["*"] });
  await make("/v1/data_sources", { key: "orders", name: "Orders" });
  await make("/v1/data_sources", { key: "payments", name: "Card payments" });
  const sides = { name: "Orders against payments", side_a: ["orders"], side_b: ["payments"] };
  const { id: reconciliationId } = await make("/v1/reconciliations", sides);
  const rule = { reconciliation_id: reconciliationId, filters: SAME_REFERENCE_AND_AMOUNT };
  await make("/v1/reconciliation_rules", rule);
  const { id: accountId } = await make("/api/internal_accounts", { name: "Operating", currency: "USD" });
  const { id: ledger_id } = await make("/api/ledgers", { name: "Company" });
  const account = { ledger_id, currency: "USD" };
  const receivable = { ...account, name: "Receivable", normal_balance: "debit" };
  const { id: receivableId } = await make("/api/ledger_accounts", receivable);
  const { id: revenueId } = await make("/api/ledger_accounts", { ...account, name: "Sales", normal_balance: "credit" });
  const byInvoice = { name: "Invoice number", strategy: "one_to_one", conditions: INVOICE_IN_TEXT };
  await make("/api/reconciliation_rules", byInvoice);
  return {
    reconciliationId,
    endpointId: endpoint.id,
    secret: endpoint.secret,
    accountId,
    receivableId,
    revenueId,
  };
}
