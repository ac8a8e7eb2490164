import { AGE_BUCKETS } from "./aging.ts";
import type { Day } from "./calendar.ts";
import type { Sign } from "./matching/item.ts";
import { getExponent, presentAmount } from "./money.ts";
import { joinSum, type SplitSum } from "./split-sum.ts";

export const EXCEPTION_STATUSES = ["open", "investigating", "resolved", "dismissed"] as const;
export type ExceptionStatus = (typeof EXCEPTION_STATUSES)[number];

export const EXCEPTION_KINDS = ["overdue", "ambiguous", "overdue_and_ambiguous"] as const;
export type ExceptionKind = (typeof EXCEPTION_KINDS)[number];

export const COMMENT_KINDS = ["comment", "opened", "closed", "changed"] as const;

/** What has been said of an exception, or has become of it; time in ms. */
export interface ExceptionComment {
  id: string;
  kind: (typeof COMMENT_KINDS)[number];
  body: string;
  key_id: string | null;
  created_at: number;
}

/** Its records of one currency, direction and age, with what is open of them. */
export interface ExceptionGroup extends SplitSum {
  currency: string;
  direction: Sign;
  /** The place in `AGE_BUCKETS`. */
  bucket: number;
  count: number;
  overdue: number;
  ambiguous: number;
  oldest: Day;
}

/** An exception as one SELECT reads it; times in ms. */
export interface ExceptionSnapshot {
  id: string;
  reconciliation_id: string;
  type_key: string;
  status: ExceptionStatus;
  assignee: string | null;
  opened_at: number;
  closed_at: number | null;
  created_at: number;
  updated_at: number;
  groups: ExceptionGroup[];
  /** The newest ones, newest first. */
  comments: ExceptionComment[];
  comment_count: number;
}

export function isClosed(status: ExceptionStatus): boolean {
  return status === "resolved" || status === "dismissed";
}

export function countRecords(exception: Pick<ExceptionSnapshot, "groups">): number {
  return sumOf(exception.groups, ({ count }) => count);
}

/** The exception as /v1 shows it: amounts in major units, times in RFC 3339. */
export function presentException(exception: ExceptionSnapshot) {
  const { groups, comments, ...facts } = exception;
  const kind = computeKind(groups);
  return {
    id: facts.id,
    reconciliation_id: facts.reconciliation_id,
    type_key: facts.type_key,
    kind,
    title: describe(exception),
    status: facts.status,
    assignee: facts.assignee,
    aggregates: presentAggregates(groups),
    comments: comments.map(presentComment),
    comment_count: facts.comment_count,
    opened_at: new Date(facts.opened_at).toISOString(),
    closed_at: facts.closed_at === null ? null : new Date(facts.closed_at).toISOString(),
    created_at: new Date(facts.created_at).toISOString(),
    updated_at: new Date(facts.updated_at).toISOString(),
  };
}

export function presentComment(comment: ExceptionComment) {
  return { ...comment, created_at: new Date(comment.created_at).toISOString() };
}

/** Null once nothing is left. */
function computeKind(groups: readonly ExceptionGroup[]): ExceptionKind | null {
  const isOverdue = groups.some(({ overdue }) => overdue > 0);
  const isAmbiguous = groups.some(({ ambiguous }) => ambiguous > 0);
  if (isOverdue && isAmbiguous) return "overdue_and_ambiguous";
  if (isOverdue) return "overdue";
  return isAmbiguous ? "ambiguous" : null;
}

function describe({ groups, type_key }: ExceptionSnapshot): string {
  const overdue = sumOf(groups, (group) => group.overdue);
  const ambiguous = sumOf(groups, (group) => group.ambiguous);
  const parts = [...(overdue > 0 ? [`${overdue} overdue`] : []), ...(ambiguous > 0 ? [`${ambiguous} ambiguous`] : [])];
  if (parts.length === 0) return `No overdue or ambiguous records of ${type_key}`;
  return `${parts.join(" and ")} ${overdue + ambiguous === 1 ? "record" : "records"} of ${type_key}`;
}

function presentAggregates(groups: readonly ExceptionGroup[]) {
  const isDebit = ({ direction }: ExceptionGroup) => direction === -1;
  const isCredit = ({ direction }: ExceptionGroup) => direction === 1;
  const count = (of: readonly ExceptionGroup[]) => sumOf(of, (group) => group.count);
  const currencies = [...new Set(groups.map(({ currency }) => currency))].sort();
  return {
    record_count: count(groups),
    overdue_count: sumOf(groups, ({ overdue }) => overdue),
    ambiguous_count: sumOf(groups, ({ ambiguous }) => ambiguous),
    debit_count: count(groups.filter(isDebit)),
    credit_count: count(groups.filter(isCredit)),
    by_currency: currencies.map((currency) => {
      const own = groups.filter((group) => group.currency === currency);
      const [debits, credits] = [own.filter(isDebit), own.filter(isCredit)];
      return {
        currency,
        debit_count: count(debits),
        debit_sum: presentSum(debits, currency),
        credit_count: count(credits),
        credit_sum: presentSum(credits, currency),
      };
    }),
    oldest: groups.map(({ oldest }) => oldest).sort()[0] ?? null,
    age_buckets: AGE_BUCKETS.map((bucket, place) => {
      return { ...bucket, record_count: count(groups.filter((group) => group.bucket === place)) };
    }),
  };
}

function presentSum(groups: readonly ExceptionGroup[], currency: string): number | string {
  const sum = groups.reduce((total, group) => total + joinSum(group), 0n);
  return presentAmount(sum, getExponent(currency));
}

function sumOf(groups: readonly ExceptionGroup[], value: (group: ExceptionGroup) => number): number {
  return groups.reduce((total, group) => total + value(group), 0);
}
