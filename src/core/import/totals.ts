import type { Day } from "../calendar.ts";
import { getExponent, presentAmount } from "../money.ts";
import type { RecordFields } from "../record.ts";

/** What rows of a file come to: minor units as decimal integers, since a sum may be too large for a JSON number. */
export interface ImportTotals {
  currencies: Record<string, { credits: string; debits: string }>;
  from: Day | null;
  to: Day | null;
}

export const NO_TOTALS: ImportTotals = { currencies: {}, from: null, to: null };

/** The totals with further rows. */
export function addToTotals(totals: ImportTotals, rows: readonly RecordFields[]): ImportTotals {
  const currencies = { ...totals.currencies };
  let { from, to } = totals;
  for (const { currency, amount, direction, date } of rows) {
    const { credits, debits } = currencies[currency] ?? { credits: "0", debits: "0" };
    const add = (sum: string) => (BigInt(sum) + BigInt(amount)).toString();
    currencies[currency] =
      direction === "credit" ? { credits: add(credits), debits } : { credits, debits: add(debits) };
    if (from === null || date < from) from = date;
    if (to === null || date > to) to = date;
  }
  return { currencies, from, to };
}

/** Totals in major units; of rows in several currencies there is no sum, only one for each. */
export function presentTotals({ currencies, from, to }: ImportTotals) {
  const byCurrency = Object.entries(currencies)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([currency, { credits, debits }]) => {
      const [plus, minus] = [BigInt(credits), BigInt(debits)];
      const present = (sum: bigint) => presentAmount(sum, getExponent(currency));
      return {
        currency,
        total_credits: present(plus),
        total_debits: present(minus),
        net_amount: present(plus - minus),
      };
    });
  const { currency: _, ...sums } = byCurrency[0] ?? { currency: "", total_credits: 0, total_debits: 0, net_amount: 0 };
  const none = { total_credits: null, total_debits: null, net_amount: null };
  return { ...(byCurrency.length > 1 ? none : sums), totals_by_currency: byCurrency, date_from: from, date_to: to };
}
