import type { Api, Reply } from "./api.ts";
import { muteJobs, workOffBulk } from "./jobs.ts";
import { must } from "./scene.ts";

export const BULK = "/v1/records/bulk";

/** A record of the data source `left` as it is sent, 100.00 USD. */
export function newRow(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { type_key: "left", date: "2026-03-10", amount: 100, direction: "credit", ...fields };
}

export function newRows(count: number, fields: (n: number) => Record<string, unknown> = () => ({})) {
  return Array.from({ length: count }, (_, n) => newRow({ external_id: `row-${n}`, ...fields(n) }));
}

/** Sends rows; answers the bulk request as it was accepted. */
export async function sendRows(api: Api, records: unknown[], onConflict?: string): Promise<Reply["body"]> {
  const body = { records, ...(onConflict === undefined ? {} : { on_conflict: onConflict }) };
  return (await must(api.post(BULK, body), 202)).body;
}

/** Each row's status, with the codes of its errors. */
export function statusesOf({ results }: Reply["body"]): string[] {
  return results.data.map(({ status, errors }: { status: string; errors: { code: string }[] }) =>
    [status, ...errors.map(({ code }) => code)].join(" "),
  );
}

/** Total, processed, successful, failed, skipped. */
export function countsOf(bulk: Reply["body"]): number[] {
  return [bulk.total_items, bulk.processed_items, bulk.successful_items, bulk.failed_items, bulk.skipped_items];
}

export async function listExternalIds(api: Api, query = ""): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await must(api.get(`/v1/records?limit=200${query}${cursor}`), 200);
    ids.push(...body.data.map((record: { external_id: string }) => record.external_id));
    if (body.next_cursor === null) return ids.reverse();
    cursor = `&cursor=${body.next_cursor}`;
  }
}

/** Does all that bulk requests can, without their JobRunners. */
export async function useBulkRequests(api: Api): Promise<void> {
  muteJobs();
  const rows = [newRow({ external_id: "bulk-a" }), newRow({ external_id: "bulk-b" }), {}];
  const { id } = await sendRows(api, rows);
  await workOffBulk(id);
  await workOffBulk((await sendRows(api, [newRow({ external_id: "bulk-a", amount: 7 })], "update")).id);
  await must(api.post(`/v1/bulk_requests/${id}/retry`, undefined), 202);
  await must(api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 202);
  await must(api.post(`/v1/bulk_requests/${id}/retry`, undefined), 409);
  await must(api.get("/v1/bulk_requests?limit=1"), 200);
  await must(api.get(`/v1/bulk_requests/${id}?limit=1`), 200);
  await must(api.get(`/v1/records?bulk_request_id=${id}`), 200);
}
