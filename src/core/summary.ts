import { AGE_BUCKETS } from "./aging.ts";
import type { Day } from "./calendar.ts";
import type { Side, Sign } from "./matching/item.ts";
import { getExponent, presentAmount } from "./money.ts";
import { RECORD_STATUSES, type RecordStatus } from "./reconciliation.ts";
import { directionOf } from "./record.ts";
import { joinSum } from "./split-sum.ts";

/** Records of one side, currency, direction and age. Sums are minor units in two parts. */
export interface SummaryRow {
  side: Side;
  currency: string;
  direction: Sign;
  /** The place of their age in `AGE_BUCKETS`. */
  bucket: number;
  /** Null: all of them, whatever their status. */
  status: RecordStatus | null;
  count: number;
  amount_high: string;
  amount_low: string;
  matched_high: string;
  matched_low: string;
}

/** What a rule's live matches come to; null stands for matches by hand. */
export interface RuleRow {
  rule_id: string | null;
  matches: number;
  records: number;
}

export interface SummaryFacts {
  reconciliationUid: string;
  asOf: Day;
  typeKeys: Record<Side, string[]>;
  rows: readonly SummaryRow[];
  rules: readonly RuleRow[];
}

/** Records of a kind: how many, and in minor units what they come to and what of that is matched. */
interface Cell {
  side: Side;
  currency: string;
  direction: Sign;
  bucket: number;
  status: RecordStatus;
  count: number;
  amount: bigint;
  matched: bigint;
}

/** The state of a reconciliation at the end of a day as /v1 shows it: amounts in major units. */
export function presentSummary({ reconciliationUid, asOf, typeKeys, rows, rules }: SummaryFacts) {
  const cells = listCells(rows);
  const sideOf = (side: Side) =>
    presentSide(
      typeKeys[side],
      cells.filter((cell) => cell.side === side),
    );
  return {
    reconciliation_id: reconciliationUid,
    as_of: asOf,
    side_a: sideOf("a"),
    side_b: sideOf("b"),
    difference: presentDifference(cells),
    match_rate: presentMatchRate(cells, rules),
  };
}

/** What nothing is matched with is what the other statuses leave of all. */
function listCells(rows: readonly SummaryRow[]): Cell[] {
  const all = rows.filter(({ status }) => status === null);
  const touched = rows.flatMap((row) => (row.status === null ? [] : [{ ...toCell(row, row.status) }]));
  const untouched = new Map<string, Cell>();
  for (const row of all) untouched.set(nameOf(row), toCell(row, "unreconciled"));
  for (const cell of touched) {
    const rest = untouched.get(nameOf(cell));
    if (!rest) continue;
    rest.count -= cell.count;
    rest.amount -= cell.amount;
  }
  return [...untouched.values(), ...touched].filter(({ count }) => count > 0);
}

function toCell(row: SummaryRow, status: RecordStatus): Cell {
  const { side, currency, direction, bucket, count } = row;
  const amount = joinSum({ high: row.amount_high, low: row.amount_low });
  const matched = joinSum({ high: row.matched_high, low: row.matched_low });
  return { side, currency, direction, bucket, status, count, amount, matched };
}

function nameOf({ side, currency, direction, bucket }: Pick<Cell, "side" | "currency" | "direction" | "bucket">) {
  return `${side} ${currency} ${direction} ${bucket}`;
}

function presentSide(typeKeys: string[], cells: readonly Cell[]) {
  const counted = (status: RecordStatus) => sumCounts(cells.filter((cell) => cell.status === status));
  return {
    type_keys: typeKeys,
    records: sumCounts(cells),
    counts: {
      unreconciled: counted("unreconciled"),
      partially_reconciled: counted("partially_reconciled"),
      reconciled: counted("reconciled"),
    },
    totals: presentTotals(cells),
    aging: presentAging(cells.filter(({ status }) => status !== "reconciled")),
  };
}

function presentTotals(cells: readonly Cell[]) {
  return listCurrencies(cells).flatMap((currency) =>
    RECORD_STATUSES.flatMap((status) =>
      ([1, -1] as const).flatMap((direction) => {
        const own = cells.filter(
          (cell) => cell.currency === currency && cell.status === status && cell.direction === direction,
        );
        if (own.length === 0) return [];
        return [
          {
            currency,
            status,
            direction: directionOf(direction),
            count: sumCounts(own),
            amount: present(sumAmounts(own), currency),
            reconciled_amount: present(sumMatched(own), currency),
          },
        ];
      }),
    ),
  );
}

function presentAging(open: readonly Cell[]) {
  return AGE_BUCKETS.map((bucket, place) => {
    const own = open.filter((cell) => cell.bucket === place);
    return {
      ...bucket,
      count: sumCounts(own),
      open: listCurrencies(own).map((currency) => {
        const openOf = (direction: Sign) => {
          const some = own.filter((cell) => cell.currency === currency && cell.direction === direction);
          return present(sumAmounts(some) - sumMatched(some), currency);
        };
        return { currency, credit: openOf(1), debit: openOf(-1) };
      }),
    };
  });
}

function presentDifference(cells: readonly Cell[]) {
  return listCurrencies(cells).map((currency) => {
    const own = cells.filter((cell) => cell.currency === currency);
    const signed = (side: Side, value: (cell: Cell) => bigint) =>
      own.reduce((sum, cell) => (cell.side === side ? sum + BigInt(cell.direction) * value(cell) : sum), 0n);
    const amountOf = (side: Side) => signed(side, ({ amount }) => amount);
    const openOf = (side: Side) => signed(side, ({ amount, matched }) => amount - matched);
    return {
      currency,
      side_a: present(amountOf("a"), currency),
      side_b: present(amountOf("b"), currency),
      difference: present(amountOf("a") - amountOf("b"), currency),
      open_difference: present(openOf("a") - openOf("b"), currency),
    };
  });
}

function presentMatchRate(cells: readonly Cell[], rules: readonly RuleRow[]) {
  const records = sumCounts(cells);
  const reconciled = sumCounts(cells.filter(({ status }) => status === "reconciled"));
  const matched = rules.reduce((sum, rule) => sum + rule.records, 0);
  return {
    records,
    reconciled,
    rate: rateOf(reconciled, records),
    by_rule: rules.map((rule) => ({ ...rule, rate: rateOf(rule.records, matched) })),
  };
}

const RATE_DECIMALS = 6;

function rateOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Number((part / whole).toFixed(RATE_DECIMALS));
}

function listCurrencies(cells: readonly Cell[]): string[] {
  return [...new Set(cells.map(({ currency }) => currency))].sort();
}

function sumCounts(cells: readonly Cell[]): number {
  return cells.reduce((sum, { count }) => sum + count, 0);
}

function sumAmounts(cells: readonly Cell[]): bigint {
  return cells.reduce((sum, { amount }) => sum + amount, 0n);
}

function sumMatched(cells: readonly Cell[]): bigint {
  return cells.reduce((sum, { matched }) => sum + matched, 0n);
}

function present(minor: bigint, currency: string): number | string {
  return presentAmount(minor, getExponent(currency));
}
