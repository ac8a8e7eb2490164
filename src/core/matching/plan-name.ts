import type { EngineRule } from "./rule.ts";

/** What a look-up plan of a rule is for. */
type PlanUse =
  /** The other side of a single record, by open amount. */
  | "single"
  /** As `single`, by day, where a lookback makes each anchor's sum another one. */
  | "anchor"
  /** The members of a bucket, with their sums. */
  | "bucket"
  /** Buckets that have members for an anchor. */
  | "member"
  /** As `single`, transactions that are not posted yet. */
  | "pending";

export function planName(rule: EngineRule, use: PlanUse, branch = 0): string {
  return `${rule.id}.${rule.version}.${use}.${branch}`;
}

/** A key of a plan within one bucket; the empty bucket is that of records which lack a field of it. */
export function keyInBucket(key: string, bucket: string): string {
  return `${key}\u001e${bucket}`;
}
