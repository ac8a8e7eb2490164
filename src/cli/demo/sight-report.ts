import type { RecordView } from "./account.ts";
import { formatCents, sumCents, sumSignedCents } from "./cents.ts";
import { describeCondition, describeSet } from "./record-report.ts";
import type { RuleSight, Sight } from "./sight.ts";

/** What the API answers when it is asked why a record is open; `records` are those that it may name. */
export function describeSight({ record, nearest }: Sight, records: readonly RecordView[]): string[] {
  const [first] = nearest;
  if (!first) return ["candidates: there are none"];
  const head =
    first.finding === "ambiguous"
      ? "candidates: ambiguous, more than one set fits and the rule does not guess; with this record"
      : "candidates: nothing fits, the nearest is";
  return [
    head,
    ...nearest.flatMap((sight) => describeGroups(sight, record, records)),
    ...first.conditions.map((line) => `  ${describeCondition(line)}`),
  ];
}

function describeGroups({ matched, groups }: RuleSight, record: RecordView, records: readonly RecordView[]): string[] {
  return groups.map(({ record_ids: ids }) => {
    const set = ids.flatMap((id) => records.find((one) => one.id === id) ?? []);
    // Of a record's own group there is nothing to compare it with.
    const gap = set.some(({ id }) => id === record.id) ? 0 : sumSignedCents(set) - sumSignedCents([record]);
    if (matched || gap === 0) return `  ${describeSet(set)}`;
    const amount = formatCents(sumCents([record.amount]));
    return `  ${describeSet(set)}, which is ${formatCents(Math.abs(gap))} ${gap < 0 ? "less" : "more"} than ${amount}`;
  });
}
