const JOB_KINDS = ["bulk_request", "import"] as const;
/** Work that is written down by a request and done in slices, after its answer. */
export type JobKind = (typeof JOB_KINDS)[number];

export interface JobName {
  kind: JobKind;
  uid: string;
}

export const JOB_STATUSES = ["pending", "processing", "completed", "failed", "cancelled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Whether nothing will happen to a job any more, unless somebody asks for it. */
export function isJobOver(status: JobStatus): boolean {
  return status !== "pending" && status !== "processing";
}

/** A job as one text, `<kind>/<uid>`. */
export function formatJobName({ kind, uid }: JobName): string {
  return `${kind}/${uid}`;
}

/** Reads what `formatJobName` has written; undefined for any other text. */
export function parseJobName(text: string): JobName | undefined {
  const end = text.indexOf("/");
  const kind = JOB_KINDS.find((known) => known === text.slice(0, end));
  return kind && { kind, uid: text.slice(end + 1) };
}

/** How long a job waits in ms after this many failures in a row, of which there is at least one: each time twice as long. */
export function computeJobDelay(failures: number, minMs: number, maxMs: number): number {
  return Math.min(maxMs, minMs * 2 ** (failures - 1));
}
