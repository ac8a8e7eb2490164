export type SourceKey =
  | "shop_orders"
  | "card_payments"
  | "card_payouts"
  | "bank_feed"
  | "terminal_entries"
  | "card_account"
  | "till_receipts"
  | "cash_account";

export const SOURCES: { key: SourceKey; name: string; noun: string; nouns: string }[] = [
  { key: "shop_orders", name: "Shop orders", noun: "order", nouns: "orders" },
  { key: "card_payments", name: "Card payments", noun: "card payment", nouns: "card payments" },
  { key: "card_payouts", name: "Payouts that the card processor announced", noun: "payout", nouns: "payouts" },
  { key: "bank_feed", name: "Bank feed", noun: "bank line", nouns: "bank lines" },
  {
    key: "terminal_entries",
    name: "Charges, refunds and fees of the card terminal",
    noun: "terminal entry",
    nouns: "terminal entries",
  },
  { key: "card_account", name: "Bank account for card money", noun: "bank line", nouns: "bank lines" },
  { key: "till_receipts", name: "Cash and cheques taken at the till", noun: "receipt", nouns: "receipts" },
  { key: "cash_account", name: "Bank account for cash and cheques", noun: "deposit", nouns: "deposits" },
];

export function sourceOf(key: SourceKey): (typeof SOURCES)[number] {
  return SOURCES.find((source) => source.key === key) as (typeof SOURCES)[number];
}
