const TEXT = "transaction.vendor_description";

const NAMES_INVOICE = {
  field: TEXT,
  operator: "contains",
  value_field: "expected_payment.custom_identifiers.invoice_number",
};
const NAMES_BATCH = {
  field: TEXT,
  operator: "contains",
  value_field: "expected_payment.custom_identifiers.batch_id",
};
const NAMES_CUSTOMER = {
  field: TEXT,
  operator: "contains",
  value_field: "expected_payment.custom_identifiers.customer_number",
};
const IN_TIME = {
  field: "transaction.as_of_date",
  operator: "less_than_or_equals",
  value_field: "expected_payment.date_upper_bound",
};

/** One rule of each strategy; the lower priority goes first. */
export const RULES = [
  {
    name: "The text names the invoice, in time",
    priority: 10,
    strategy: "one_to_one",
    conditions: all(NAMES_INVOICE, IN_TIME),
  },
  {
    name: "The text names the batch: all its invoices",
    priority: 20,
    strategy: "one_transaction_to_many_expected_payments",
    conditions: all(NAMES_BATCH),
    group_by: ["custom_identifiers.batch_id"],
  },
  {
    name: "The text names the customer: instalments",
    priority: 30,
    strategy: "many_transactions_to_one_expected_payment",
    conditions: all(NAMES_CUSTOMER),
  },
];

function all(...conditions: Record<string, string>[]) {
  return { operator: "and", blocks: [{ operator: "and", conditions }] };
}
