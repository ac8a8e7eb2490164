/** What a rule would match by itself of what is open in an internal account, in wire form; amounts in minor units. */
export interface RulePreview {
  transactions_evaluated: number;
  expected_payments_evaluated: number;
  is_complete: boolean;
  matches: {
    transaction_id: string;
    amount: number;
    expected_payments: { id: string; amount: number }[];
  }[];
  ambiguous_transaction_ids: string[];
}

export const NO_PREVIEW: RulePreview = {
  transactions_evaluated: 0,
  expected_payments_evaluated: 0,
  is_complete: true,
  matches: [],
  ambiguous_transaction_ids: [],
};

/** The preview of one account after that of others. */
export function joinPreviews(left: RulePreview, right: RulePreview): RulePreview {
  return {
    transactions_evaluated: left.transactions_evaluated + right.transactions_evaluated,
    expected_payments_evaluated: left.expected_payments_evaluated + right.expected_payments_evaluated,
    is_complete: left.is_complete && right.is_complete,
    matches: [...left.matches, ...right.matches],
    ambiguous_transaction_ids: [...left.ambiguous_transaction_ids, ...right.ambiguous_transaction_ids],
  };
}
