const COMMON = ["id", "object", "live_mode", "created_at", "updated_at"];

/** The keys that Modern Treasury's reference gives each object, all of them always there; `ledger` has one of ours. */
const KEYS: Record<string, readonly string[]> = {
  expected_payment: [
    ...COMMON,
    ...["external_id", "status", "reconciliation_method", "reconciliation_rule_variables"],
    ...["amount_reconciled", "amount_reconciled_direction", "amount_unreconciled", "amount_unreconciled_direction"],
    ...["transaction_id", "transaction_line_item_id", "ledger_transaction_id", "description", "metadata"],
    ...["statement_descriptor", "remittance_information", "counterparty_id", "internal_account_id", "direction"],
    ...["amount_lower_bound", "amount_upper_bound", "currency", "type", "date_lower_bound", "date_upper_bound"],
    ...["reconciliation_groups", "reconciliation_filters"],
  ],
  transaction: [
    ...COMMON,
    ...["discarded_at", "amount", "amount_string", "currency", "direction", "vendor_code", "vendor_code_type"],
    ...["vendor_id", "vendor_customer_id", "as_of_date", "as_of_time", "as_of_timezone", "internal_account_id"],
    ...["metadata", "posted", "reconciled", "type", "foreign_exchange_rate", "custom_identifiers"],
    ...["vendor_description", "details"],
  ],
  transaction_line_item: [
    ...COMMON,
    ...["discarded_at", "type", "transactable_type", "transactable_id", "amount", "description", "counterparty_id"],
    ...["expected_payment_id", "transaction_id", "reconciliation_group_id", "reconcilable"],
  ],
  internal_account: [
    ...COMMON,
    ...["name", "party_name", "party_type", "party_address", "account_type", "account_details", "routing_details"],
    ...["account_capabilities", "connection", "currency", "metadata", "parent_account_id", "counterparty_id"],
    ...["vendor_id", "legal_entity_id", "status", "ledger_account_id", "contra_ledger_account_id", "external_id"],
    "debitable",
  ],
  ledger: [...COMMON, "discarded_at", "name", "description", "metadata", "clearing_ledger_account_id"],
  ledger_account: [
    ...COMMON,
    ...["name", "description", "normal_balance", "balances", "lock_version", "ledger_id", "ledgerable_id"],
    ...["ledgerable_type", "external_id", "metadata", "discarded_at"],
  ],
  ledger_transaction: [
    ...COMMON,
    ...["description", "status", "metadata", "effective_at", "effective_date", "ledger_entries", "posted_at"],
    ...["ledger_id", "ledgerable_type", "ledgerable_id", "external_id", "reverses_ledger_transaction_id"],
    ...["reversed_by_ledger_transaction_id", "partially_posts_ledger_transaction_id", "archived_reason"],
  ],
  ledger_entry: [
    ...COMMON,
    ...["amount", "amount_string", "direction", "status", "ledger_account_id", "ledger_account_lock_version"],
    ...["ledger_account_currency", "ledger_account_currency_exponent", "ledger_transaction_id"],
    ...["resulting_ledger_account_balances", "effective_at", "metadata", "discarded_at"],
  ],
  event: [...COMMON, "resource", "event_name", "event_time", "data", "entity_id"],
};

const RULE_VARIABLE = [
  ...["internal_account_id", "direction", "amount_lower_bound", "amount_upper_bound", "currency", "type"],
  ...["date_lower_bound", "date_upper_bound", "counterparty_id", "custom_identifiers"],
];

const BALANCE_KINDS = ["pending_balance", "posted_balance", "available_balance"];
const BALANCES = ["effective_at_lower_bound", "effective_at_upper_bound", ...BALANCE_KINDS];

const BALANCE = [
  ...["credits", "credits_string", "debits", "debits_string", "amount", "amount_string"],
  ...["currency", "currency_exponent"],
];

/** Which object in an answer of the payments door has other keys than the reference gives it; undefined if none has. */
export function findStrangeKeys(answer: unknown): string | undefined {
  if (Array.isArray(answer)) return firstOf(answer.map(findStrangeKeys));
  if (typeof answer !== "object" || answer === null) return undefined;
  const fields = answer as Record<string, unknown>;
  const name = typeof fields.object === "string" ? fields.object : "";
  // A version shows its entries in a form of their own.
  if (name === "ledger_transaction_version") return undefined;
  const known = KEYS[name];
  return firstOf([
    known && compare(name, fields, known),
    ...listOf(fields.reconciliation_rule_variables).map((one) => compare("rule variable", one, RULE_VARIABLE)),
    ...compareBalances(fields.balances, BALANCES),
    ...compareBalances(fields.resulting_ledger_account_balances, BALANCE_KINDS),
    ...Object.values(fields).map(findStrangeKeys),
  ]);
}

function compareBalances(balances: unknown, wanted: readonly string[]): (string | undefined)[] {
  if (typeof balances !== "object" || balances === null) return [];
  const shown = balances as Record<string, object>;
  const each = BALANCE_KINDS.map((kind) => compare(kind, shown[kind] ?? {}, BALANCE));
  return [compare("balances", shown, wanted), ...each];
}

function listOf(value: unknown): object[] {
  return Array.isArray(value) ? value : [];
}

function compare(name: string, shown: object, wanted: readonly string[]): string | undefined {
  const keys = Object.keys(shown);
  const missing = wanted.filter((key) => !keys.includes(key));
  const strange = keys.filter((key) => !wanted.includes(key));
  if (missing.length + strange.length === 0) return undefined;
  return `${name}: missing [${missing.join(", ")}], strange [${strange.join(", ")}]`;
}

function firstOf(findings: readonly (string | undefined)[]): string | undefined {
  return findings.find((finding) => finding !== undefined);
}
