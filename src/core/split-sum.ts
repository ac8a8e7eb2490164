/** A sum of minor units as the day tables keep it: `high` × 1,000,000,000 + `low`, each as text. */
export interface SplitSum {
  high: string;
  low: string;
}

const PART = 1_000_000_000n;

export function joinSum({ high, low }: SplitSum): bigint {
  return BigInt(high) * PART + BigInt(low);
}
