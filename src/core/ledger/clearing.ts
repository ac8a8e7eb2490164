import { MAX_MINOR_UNITS } from "../money.ts";
import type { EntryDraft, LedgerAccountFacts } from "./entries.ts";

/**
 * Completes the entries of a one-sided transaction by one entry of the ledger's clearing account over their whole sum.
 * Entries that have both sides, that are of another ledger or currency than the clearing account, or whose sum is
 * beyond what an entry may hold are answered as they are: they stand or fall by themselves.
 */
export function completeOneSided(
  drafts: readonly EntryDraft[],
  accounts: ReadonlyMap<string, LedgerAccountFacts>,
  clearing: LedgerAccountFacts | null,
): EntryDraft[] {
  const [first] = drafts;
  const isCompletable =
    clearing !== null &&
    drafts.every(({ direction, accountUid }) => {
      const account = accounts.get(accountUid);
      return (
        direction === first?.direction &&
        account?.ledgerUid === clearing.ledgerUid &&
        account.currency === clearing.currency
      );
    });
  const sum = drafts.reduce((sum, { amount }) => sum + amount, 0);
  if (!first || !isCompletable || sum > MAX_MINOR_UNITS) return [...drafts];
  const completing: EntryDraft = {
    accountUid: clearing.uid,
    direction: first.direction === "credit" ? "debit" : "credit",
    amount: sum,
    metadata: {},
    lockVersion: null,
    locks: [],
  };
  return [...drafts, completing];
}
