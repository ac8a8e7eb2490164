import type { JobStatus } from "./job.ts";
import type { FieldError } from "./result.ts";

/** What becomes of a row whose `external_id` is there already, in the data source or further up in the request. */
export const CONFLICT_RULES = ["error", "skip", "update"] as const;
export type ConflictRule = (typeof CONFLICT_RULES)[number];

export const ROW_STATUSES = ["created", "updated", "skipped", "failed"] as const;
export type RowStatus = (typeof ROW_STATUSES)[number];

/** A bulk request as one SELECT reads it; times in ms. */
export interface BulkRequestSnapshot {
  uid: string;
  status: JobStatus;
  total: number;
  created: number;
  updated: number;
  skipped: number;
  failed: number;
  created_at: number;
  completed_at: number | null;
}

/** What has become of the row at a place of the request, counted from 0. */
export interface RowOutcome {
  no: number;
  status: RowStatus;
  /** The record that the row has made or changed, or that stands in its way. */
  recordUid: string | null;
  errors: FieldError[];
}

/** The bulk request as /v1 shows it. */
export function presentBulkRequest(request: BulkRequestSnapshot) {
  const { created, updated, skipped, failed } = request;
  return {
    id: request.uid,
    status: request.status,
    total_items: request.total,
    processed_items: created + updated + skipped + failed,
    successful_items: created + updated,
    failed_items: failed,
    skipped_items: skipped,
    created_at: new Date(request.created_at).toISOString(),
    completed_at: request.completed_at === null ? null : new Date(request.completed_at).toISOString(),
    url: `/v1/bulk_requests/${request.uid}`,
  };
}

export function presentRowOutcome({ no, status, recordUid, errors }: RowOutcome) {
  return { index: no, status, record_id: recordUid, errors };
}
