export type Side = "orders" | "payments";

/**
 * `acknowledged`: it was answered for, so it has to be there once. `unknown`: its answer was lost and nobody asked again.
 * `deleted`: its deletion was answered for.
 */
export type Standing = "acknowledged" | "unknown" | "deleted";

export interface NewRecord {
  type_key: Side;
  external_id: string;
  date: string;
  amount: string;
  direction: "credit";
  metadata: { ref: string };
}

export interface SentRecord {
  record: NewRecord;
  standing: Standing;
  /** Where it was answered with its id. */
  id: string | null;
}

export interface SentBulk {
  /** Null where its answer was lost. */
  id: string | null;
  rows: number;
  /** Rows without an amount. */
  wrong: number;
}

export interface SentFile {
  /** Null where its answer was lost. */
  id: string | null;
  rows: number;
}

export interface SentPayment {
  reference: string;
  amount: number;
  /** Null where it was never sent. */
  payment: Standing | null;
  transaction: Standing | null;
  /** The link was deleted by hand, or the payment archived. */
  fate: "plain" | "unlinked" | "archived";
}

/** What was sent, and what has to be true of it whatever happened to the Worker. */
export class Book {
  /** By `external_id`. */
  readonly records = new Map<string, SentRecord>();
  readonly bulks: SentBulk[] = [];
  readonly files: SentFile[] = [];
  readonly payments: SentPayment[] = [];
  /** Matches that were voided, by id; the value is the reference of their records. */
  readonly voided = new Map<string, string>();
  /** Records that were changed, and the change answered for. */
  patched = 0;

  note(record: NewRecord, standing: Standing, id: string | null): void {
    this.records.set(record.external_id, { record, standing, id });
  }

  count(standing: Standing): number {
    return [...this.records.values()].filter((sent) => sent.standing === standing).length;
  }
}
