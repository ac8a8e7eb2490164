export function formatCents(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** Amounts are dollars, JSON numbers or texts; sums are taken in cents. */
export function sumCents(amounts: readonly (number | string)[]): number {
  return amounts.reduce<number>((sum, amount) => sum + Math.round(Number(amount) * 100), 0);
}

/** As a ledger has it: credits less debits. */
export function sumSignedCents(records: readonly { amount: number | string; direction: "credit" | "debit" }[]): number {
  return records.reduce((sum, { amount, direction }) => {
    const cents = sumCents([amount]);
    return sum + (direction === "credit" ? cents : -cents);
  }, 0);
}
