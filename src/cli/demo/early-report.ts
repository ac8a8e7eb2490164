import type { ReconciliationAccount } from "./account.ts";
import { describeMatchOf } from "./example-report.ts";
import { nameRecord } from "./record-report.ts";
import type { Sight } from "./sight.ts";
import { describeSight } from "./sight-report.ts";

/** A group whose last record was sent when the other side was there already. */
export interface EarlyLine {
  /** Why the line was open before. */
  before: Sight;
  /** The last record, with the status in the answer to its POST. */
  last: { external_id: string; status: string };
}

export function describeEarly({ before, last }: EarlyLine, account: ReconciliationAccount): string[] {
  const [head, ...why] = describeSight(before, account.sideA);
  return [
    `  completed: ${nameRecord(before.record)} (at the bank before its last charge was listed)`,
    `    before ${last.external_id} came, ${head}`,
    ...why.map((line) => `    ${line}`),
    `    then it came, and the answer to its POST said ${last.status}`,
    ...describeMatchOf(before.record.id, account),
  ];
}
