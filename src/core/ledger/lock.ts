import type { FieldError } from "../result.ts";
import {
  addEntry,
  BALANCE_KINDS,
  type BalanceKind,
  computeBalances,
  type LedgerStatus,
  removeEntry,
} from "./balance.ts";
import type { EntryDraft, LedgerAccountFacts, WrittenEntry } from "./entries.ts";

export const COMPARISONS = ["gt", "gte", "lt", "lte", "eq"] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A bound, in minor units, that an account's balance must keep once the transaction is written. */
export interface BalanceLock {
  kind: BalanceKind;
  comparison: Comparison;
  bound: number;
}

const HOLDS: Record<Comparison, (amount: bigint, bound: bigint) => boolean> = {
  gt: (amount, bound) => amount > bound,
  gte: (amount, bound) => amount >= bound,
  lt: (amount, bound) => amount < bound,
  lte: (amount, bound) => amount <= bound,
  eq: (amount, bound) => amount === bound,
};

/** The locks of an entry as it is sent: `{"available_balance_amount": {"gte": 0}}`. */
export function readLocks(sent: Partial<Record<`${BalanceKind}_balance_amount`, BoundsOrNone>>): BalanceLock[] {
  return BALANCE_KINDS.flatMap((kind) => {
    const bounds = sent[`${kind}_balance_amount`] ?? {};
    return COMPARISONS.flatMap((comparison) => {
      const bound = bounds[comparison];
      return bound === undefined ? [] : [{ kind, comparison, bound }];
    });
  });
}

type BoundsOrNone = Partial<Record<Comparison, number | undefined>> | null | undefined;

/**
 * The entry locks that do not hold: a `lock_version` that is not the account's now, or a balance that would not keep
 * its bound once `drafts` are written in place of `replaced`. Balances count every entry, whenever it takes effect.
 */
export function listBrokenLocks(
  drafts: readonly EntryDraft[],
  status: LedgerStatus,
  replaced: readonly WrittenEntry[],
  accounts: ReadonlyMap<string, LedgerAccountFacts>,
): FieldError[] {
  const after = new Map([...accounts].map(([uid, account]) => [uid, account.sums]));
  for (const entry of replaced) {
    const sums = after.get(entry.accountUid);
    if (sums) after.set(entry.accountUid, removeEntry(sums, entry, entry.status));
  }
  for (const draft of drafts) {
    const sums = after.get(draft.accountUid);
    if (sums) after.set(draft.accountUid, addEntry(sums, draft, status));
  }
  return drafts.flatMap((draft, index) => {
    const account = accounts.get(draft.accountUid);
    const sums = after.get(draft.accountUid);
    if (!account || !sums) return [];
    const balances = computeBalances(sums, account.normalBalance);
    const broken = draft.locks.filter(
      ({ kind, comparison, bound }) => !HOLDS[comparison](balances[kind].amount, BigInt(bound)),
    );
    return [
      ...(draft.lockVersion === null || draft.lockVersion === account.lockVersion
        ? []
        : [refuse(index, "lock_version", `The account's lock version is ${account.lockVersion}.`)]),
      ...broken.map(({ kind, comparison }) =>
        refuse(index, `${kind}_balance_amount/${comparison}`, `The balance would be ${balances[kind].amount}.`),
      ),
    ];
  });
}

function refuse(index: number, field: string, message: string): FieldError {
  return { path: `/ledger_entries/${index}/${field}`, code: "lock_failed", message };
}
