import type { MatchView, RecordView } from "./account.ts";
import { formatCents, sumCents, sumSignedCents } from "./cents.ts";
import { sourceOf } from "./sources.ts";

const LISTED_MAX_RECORDS = 6;

export function nameRecord(
  record: Pick<RecordView, "external_id" | "type_key" | "amount" | "currency" | "date">,
): string {
  const { noun } = sourceOf(record.type_key);
  return `${noun} ${record.external_id}, ${record.date}, ${record.currency} ${formatCents(sumCents([record.amount]))}`;
}

/** Records that count as one: each with its amount if they are few, and how their signed sum comes about. */
export function describeSet(
  records: readonly Pick<RecordView, "external_id" | "type_key" | "amount" | "direction">[],
): string {
  const sorted = [...records].sort((left, right) => (left.external_id < right.external_id ? -1 : 1));
  const [first] = sorted;
  if (!first) return "nothing";
  const { noun, nouns } = sourceOf(first.type_key);
  const count = `${records.length} ${records.length === 1 ? noun : nouns}`;
  const hasDebits = records.some(({ direction }) => direction === "debit");
  const parts = hasDebits || records.length > LISTED_MAX_RECORDS ? sumByDirection(sorted) : sorted.map(nameAmount);
  return `${count}: ${parts.join(" + ").replaceAll("+ −", "− ")} = ${formatCents(sumSignedCents(records))}`;
}

function nameAmount({ external_id: id, amount }: Pick<RecordView, "external_id" | "amount">): string {
  return `${id} ${formatCents(sumCents([amount]))}`;
}

function sumByDirection(records: readonly Pick<RecordView, "amount" | "direction">[]): string[] {
  return (["credit", "debit"] as const).flatMap((direction) => {
    const some = records.filter((record) => record.direction === direction);
    if (some.length === 0) return [];
    const sum = formatCents(sumCents(some.map(({ amount }) => amount)));
    return [`${direction === "debit" ? "−" : ""}${sum} (${some.length} ${direction}${some.length === 1 ? "" : "s"})`];
  });
}

/** One condition of an explanation with both values, as the API answers it. */
export function describeCondition({ condition, a, b, outcome }: MatchView["explanation"][number]): string {
  const { key, value, operand, constant, tolerance_amount: amount, tolerance_unit: unit } = condition;
  const isTwoSided = key !== undefined && value !== undefined;
  const tolerance = unit === undefined ? "" : ` (± ${amount === undefined ? "" : `${amount} `}${unit})`;
  const fixed = constant === undefined ? [] : [JSON.stringify(constant)];
  const text = isTwoSided
    ? `A's ${key} ${operand} B's ${value}${tolerance}`
    : [`${key === undefined ? "B" : "A"}'s ${key ?? value} ${operand}${tolerance}`, ...fixed].join(" ");
  const seen = isTwoSided ? [a, b] : [key === undefined ? b : a];
  return `${outcome}: ${text}: ${seen.map((side) => JSON.stringify(side)).join(", ")}`;
}
