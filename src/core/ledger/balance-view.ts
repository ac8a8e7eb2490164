import {
  BALANCE_KINDS,
  type Balance,
  type BalanceKind,
  computeBalances,
  type Direction,
  type EntrySums,
  presentMinorUnits,
} from "./balance.ts";

/** What an account counts in. */
export interface AccountUnit {
  normalBalance: Direction;
  currency: string;
  currencyExponent: number;
}

/** The three balances that follow from an account's sums, each as the payments door shows it. */
export function presentBalances(sums: EntrySums, unit: AccountUnit) {
  const balances = computeBalances(sums, unit.normalBalance);
  const shown = BALANCE_KINDS.map((kind) => [`${kind}_balance`, presentBalance(balances[kind], unit)]);
  return Object.fromEntries(shown) as Record<`${BalanceKind}_balance`, ReturnType<typeof presentBalance>>;
}

function presentBalance({ credits, debits, amount }: Balance, { currency, currencyExponent }: AccountUnit) {
  return {
    credits: presentMinorUnits(credits),
    credits_string: `${credits}`,
    debits: presentMinorUnits(debits),
    debits_string: `${debits}`,
    amount: presentMinorUnits(amount),
    amount_string: `${amount}`,
    currency,
    currency_exponent: currencyExponent,
  };
}
