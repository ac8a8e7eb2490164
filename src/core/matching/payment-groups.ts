import type { Item } from "./item.ts";
import { sizeOf } from "./item-group.ts";
import { compareCandidates, type IndexedItem } from "./item-index.ts";
import { EVALUATION_STEPS, GROUP_MAX_MEMBERS, GROUP_MAX_RIVALS } from "./limits.ts";
import { conditionsHold, isUndone } from "./payment-fit.ts";
import { listLookupKeys, NO_RANK, paymentBucketOf } from "./payment-keys.ts";
import { type AmountBounds, listByRank, listTransactions } from "./payment-streams.ts";
import { watchBucket } from "./payment-watches.ts";
import { keyInBucket, planName } from "./plan-name.ts";
import { NOTHING, type Proposal, rankProposals } from "./proposal.ts";
import { type Search, spend } from "./search.ts";
import { paymentsKeyOf } from "./set-key.ts";

/** The groups of expected payments that a rule would match whole with a transaction, for either, best first. */
export function proposePaymentGroups(search: Search, item: IndexedItem, wanted: number): Proposal[] {
  const found: Proposal[] = [];
  for (const proposal of item.side === "a" ? listGroups(search, item) : listGroupsWith(search, item)) {
    found.push(proposal);
    if (search.rule.onAmbiguous === "skip" && found.length === wanted) break;
  }
  return rankProposals(found, item.side, search.index.order, wanted);
}

/** A match of the same transaction with another group, or of another transaction with some of the group. */
export function findGroupRival(search: Search, best: Proposal): Proposal | undefined {
  const [transaction] = best.a as [IndexedItem];
  for (const other of listGroups(search, transaction)) if (other.setKey !== best.setKey) return other;
  const members = new Set(best.b.map(({ id }) => id));
  for (const [bucket, rival] of listRivals(search, best)) {
    if (rival.id === transaction.id) continue;
    const group = formPaymentGroup(search, rival, bucket);
    if (group?.b.some(({ id }) => members.has(id))) return group;
  }
  return undefined;
}

/** Transactions that the keys of a group's members name, each once, whose amounts a part of their bucket may come to. */
function* listRivals(search: Search, { b }: Proposal): Generator<[bucket: string, rival: IndexedItem]> {
  const bucket = paymentBucketOf(search.rule, b[0] as IndexedItem);
  if (bucket === undefined) return;
  const amounts = { min: Math.min(...b.map(({ open }) => open)), max: totalOf(search, bucket) };
  const kinds = new Map(b.map((member) => [JSON.stringify(listLookupKeys(search.rule, member)), member]));
  const seen = new Set<number>();
  for (const member of kinds.values()) {
    for (const rival of listTransactions(search, member, amounts)) {
      if (!seen.has(rival.id)) yield [bucket, rival];
      seen.add(rival.id);
    }
  }
}

function* listGroups(search: Search, transaction: IndexedItem): Generator<Proposal> {
  for (const bucket of listBuckets(search, transaction)) {
    if (totalOf(search, bucket) < transaction.open) continue;
    const group = formPaymentGroup(search, transaction, bucket);
    if (group) yield group;
  }
}

function* listGroupsWith(search: Search, payment: IndexedItem): Generator<Proposal> {
  const bucket = paymentBucketOf(search.rule, payment);
  const amounts = amountsInGroup(search, payment);
  if (bucket === undefined || amounts === undefined) return;
  const seen = new Set<number>();
  for (const transaction of listTransactions(search, payment, amounts)) {
    if (seen.has(transaction.id)) continue;
    seen.add(transaction.id);
    const group = conditionsHold(search.rule, transaction, payment) && formPaymentGroup(search, transaction, bucket);
    if (group) yield group;
  }
}

/** The amounts of transactions that may pay a group with an expected payment in it; undefined if there is none. */
export function amountsInGroup(search: Search, payment: Item): AmountBounds | undefined {
  const bucket = paymentBucketOf(search.rule, payment);
  if (bucket === undefined || !isExact(payment)) return undefined;
  return { min: payment.open, max: totalOf(search, bucket) };
}

/** Groups that have members for a transaction. */
function listBuckets(search: Search, transaction: IndexedItem): Set<string> {
  const { rule, index } = search;
  const buckets = new Set<string>();
  for (const { branch, key } of listLookupKeys(rule, transaction)) {
    const plan = planName(rule, "member", branch);
    const prefix = keyInBucket(key, "");
    let at = index.nextKey(plan, "b", prefix, prefix);
    while (at !== undefined && spend(search, EVALUATION_STEPS)) {
      buckets.add(at.slice(prefix.length));
      if (buckets.size > GROUP_MAX_RIVALS) giveUp(search);
      at = index.nextKey(plan, "b", prefix, at);
    }
  }
  return buckets;
}

/** All open expected payments of a bucket that satisfy the conditions with a transaction, if it pays them exactly. */
function formPaymentGroup(search: Search, transaction: IndexedItem, bucket: string): Proposal | undefined {
  const name = JSON.stringify([search.rule.id, "payments", bucket, transaction.id]);
  const known = search.meter.groups.get(name);
  if (known) return known.found[0];
  const members = readGroup(search, transaction, bucket);
  const group = members && members.length > 0 ? proposeGroup(search, transaction, members) : undefined;
  // What is in the way may go. If more has to come, that finds the transaction itself.
  if (group || !members) watchBucket(search, transaction.id, bucket, group !== undefined);
  if (!search.allowance?.isSpent) search.meter.groups.set(name, { ...NOTHING, found: group ? [group] : [] });
  return group;
}

/** What a transaction pays of a bucket, nothing if that is not all there yet; undefined if something is in the way. */
function readGroup(search: Search, transaction: IndexedItem, bucket: string): IndexedItem[] | undefined {
  const members: IndexedItem[] = [];
  let sum = 0;
  for (const payment of listMembers(search, transaction, bucket)) {
    if (!conditionsHold(search.rule, transaction, payment)) continue;
    if (!isExact(payment) || isUndone(search, transaction, payment)) return undefined;
    // One that may belong to this group or another keeps it open: without it the sum might fit by chance.
    if (paymentBucketOf(search.rule, payment) === undefined) return undefined;
    sum += payment.open;
    if (sum > transaction.open) return undefined;
    members.push(payment);
    if (members.length > GROUP_MAX_MEMBERS) return giveUp(search);
  }
  if (search.allowance?.isSpent) return undefined;
  return sum < transaction.open ? [] : members;
}

function proposeGroup({ index }: Search, transaction: IndexedItem, members: readonly IndexedItem[]): Proposal {
  const b = members.toSorted((left, right) => compareCandidates(left, right, index.order));
  const setKey = paymentsKeyOf(
    transaction.id,
    members.map(({ id }) => id),
  );
  return { a: [transaction], b, distance: 0, isInFull: true, setKey };
}

/** Remembers that an item is ambiguous because of groups: it may be so no more when one of them is another. */
export function watchGroups(search: Search, { id }: IndexedItem, groups: readonly Proposal[]): void {
  for (const { b } of groups) {
    const bucket = paymentBucketOf(search.rule, b[0] as IndexedItem);
    if (bucket !== undefined) watchBucket(search, id, bucket, true);
  }
}

function* listMembers(search: Search, transaction: IndexedItem, bucket: string): Generator<IndexedItem> {
  const seen = new Set<number>();
  for (const { branch, key } of listLookupKeys(search.rule, transaction)) {
    const place = { plan: planName(search.rule, "member", branch), side: "b" as const, key: keyInBucket(key, bucket) };
    for (const payment of listByRank(search, place, NO_RANK, NO_RANK, "up")) {
      if (!seen.has(payment.id)) yield payment;
      seen.add(payment.id);
    }
  }
}

/** An expected payment that may be part of a group: it has no range, and nothing of it has been matched. */
function isExact({ matches, payment }: Item): boolean {
  return matches === 0 && payment?.slack === 0;
}

function giveUp({ allowance }: Search): undefined {
  if (allowance) allowance.isSpent = true;
}

/** What is open of a bucket, ranges up to their upper bounds; as much as a number holds at most. */
function totalOf({ rule, index }: Search, bucket: string): number {
  const [tally] = index.tally(planName(rule, "bucket"), "b", bucket, NO_RANK, NO_RANK);
  const total = sizeOf(tally?.sum ?? 0n);
  return total > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(total);
}
