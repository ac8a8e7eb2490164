// Choices:
// - A record without external_id sorts as if it were the empty text. Texts compare by code units.
// - The amount in a run's order is the record's own, unsigned, in minor units.
// - "Earliest date, then smallest external_id, then id" of a set of records: its records in that order, compared one by
//   one; a set that is the beginning of another comes first.

import type { OracleItem } from "./model.ts";

type Compare<T> = (x: T, y: T) => number;

function byText(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

/** (date, external_id, id): how candidates with the same amount difference are told apart in a run. */
export const byCandidateOrder: Compare<OracleItem> = ({ record: x }, { record: y }) =>
  byText(x.date, y.date) || byText(x.external_id ?? "", y.external_id ?? "") || byText(x.id, y.id);

/** (date, amount, external_id, id): the order in which a run takes records. */
export const byRunOrder: Compare<OracleItem> = (x, y) =>
  byText(x.record.date, y.record.date) || x.record.amount - y.record.amount || byCandidateOrder(x, y);

/** (date, arrival): how candidates with the same amount difference are told apart as records arrive. */
export const byArrivalOrder: Compare<OracleItem> = ({ record: x }, { record: y }) =>
  byText(x.date, y.date) || x.arrival - y.arrival;

/** Two sets of records, by their records in candidate order. */
export const bySetOrder: Compare<readonly OracleItem[]> = (x, y) => {
  const [left, right] = [[...x].sort(byCandidateOrder), [...y].sort(byCandidateOrder)];
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const order = byCandidateOrder(item, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
};
