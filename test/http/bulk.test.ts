import { afterEach, describe, expect, it } from "vitest";
import { BULK_MAX_BYTES } from "../../src/config.ts";
import { bulkRequestEndpoints } from "../../src/http/v1/bulk-requests.ts";
import { workOffBulkRequest } from "../../src/services/work-off-bulk-request.ts";
import { newBankAccount } from "../support/bank-account.ts";
import { BULK, countsOf, listExternalIds, newRow, newRows, sendRows, statusesOf } from "../support/bulk-requests.ts";
import { finishBulk, muteJobs, quietDependencies, readBulk, unmuteJobs, workOffBulk } from "../support/jobs.ts";
import { must, newScene, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

afterEach(unmuteJobs);

const JSON_TYPE = { "Content-Type": "application/json" };

async function bring(scene: Pick<Scene, "api">, rows: unknown[], onConflict?: string) {
  const { id } = await sendRows(scene.api, rows, onConflict);
  return finishBulk(scene.api, id);
}

itIsGuarded({
  endpoints: bulkRequestEndpoints,
  prepare: async ({ writer }) => {
    muteJobs();
    return { id: (await sendRows(writer, [newRow()])).id };
  },
});

describe("a bulk request", () => {
  it("is accepted at once, and each record becomes one", async () => {
    const scene = await newScene();
    const made = await must(scene.api.post(BULK, { records: newRows(3) }), 202);
    expect(made.headers.get("location")).toBe(`/v1/bulk_requests/${made.body.id}`);
    expect(made.body).toEqual({
      id: expect.any(String),
      status: "pending",
      total_items: 3,
      processed_items: 0,
      successful_items: 0,
      failed_items: 0,
      skipped_items: 0,
      created_at: expect.any(String),
      completed_at: null,
      url: `/v1/bulk_requests/${made.body.id}`,
    });
    const done = await finishBulk(scene.api, made.body.id);
    expect([done.status, countsOf(done)]).toEqual(["completed", [3, 3, 3, 0, 0]]);
    expect(statusesOf(done)).toEqual(["created", "created", "created"]);
    expect(done.results.data.map((row: { index: number }) => row.index)).toEqual([0, 1, 2]);
    const record = await must(scene.record(done.results.data[1].record_id), 200);
    expect(record.body).toMatchObject({ external_id: "row-1", amount: 100, currency: "USD", type_key: "left" });
    const source = await must(scene.api.get("/v1/data_sources/left"), 200);
    expect(source.body.record_count).toBe(3);
  });

  it("has its records matched", async () => {
    const scene = await newScene();
    const refs = (n: number) => ({ metadata: { ref: `r${n}` } });
    await bring(scene, newRows(300, refs));
    await bring(
      scene,
      newRows(300, (n) => ({ ...refs(n), type_key: "right" })),
    );
    const open = async () => (await scene.api.get("/v1/records?status=unreconciled")).body.data;
    await expect.poll(open, { timeout: 20_000 }).toEqual([]);
    expect(await listExternalIds(scene.api, "&status=reconciled")).toHaveLength(600);
  });

  it("lists its records, and those of no other", async () => {
    const scene = await newScene();
    const [first, second] = [await bring(scene, newRows(2)), await bring(scene, [newRow({ external_id: "other" })])];
    expect(await listExternalIds(scene.api, `&bulk_request_id=${first.id}`)).toEqual(["row-0", "row-1"]);
    expect(await listExternalIds(scene.api, `&bulk_request_id=${second.id}&type_key=left`)).toEqual(["other"]);
    expect(await listExternalIds(scene.api, `&bulk_request_id=${second.id}&type_key=right`)).toEqual([]);
  });

  it("is unknown as a filter elsewhere", async () => {
    const scene = await newScene();
    const { id } = await bring(scene, newRows(1));
    const { reader } = await newTenant();
    const refused = await must(reader.get(`/v1/records?bulk_request_id=${id}`), 422);
    expect(refused.body.errors).toMatchObject([{ path: "bulk_request_id", code: "unknown" }]);
  });

  it("is made once for an Idempotency-Key", async () => {
    const scene = await newScene();
    const body = { records: newRows(2) };
    const headers = { "Idempotency-Key": "once" };
    const first = await must(scene.api.post(BULK, body, headers), 202);
    const again = await must(scene.api.post(BULK, body, headers), 202);
    expect([again.body, again.headers.get("idempotent-replayed")]).toEqual([first.body, "true"]);
    await finishBulk(scene.api, first.body.id);
    expect((await scene.api.get("/v1/bulk_requests")).body.data).toHaveLength(1);
    expect(await listExternalIds(scene.api)).toEqual(["row-0", "row-1"]);
  });
});

describe("the envelope", () => {
  it.each<[string, unknown, string[]]>([
    ["without records", {}, ["/records required"]],
    ["with records that are none", { records: {} }, ["/records invalid_type"]],
    ["with no record", { records: [] }, ["/records too_small"]],
    ["with too many records", { records: Array(1_001).fill({}) }, ["/records too_big"]],
    ["with another on_conflict", { records: [{}], on_conflict: "merge" }, ["/on_conflict invalid_value"]],
    ["with no on_conflict", { records: [{}], on_conflict: null }, ["/on_conflict invalid_value"]],
    ["with unknown fields", { records: [{}], type_key: "left", a: 1 }, ["/type_key unknown_field", "/a unknown_field"]],
    ["with a name that cannot be kept", { records: [{}], "a\0": 1 }, ["/a\0 unknown_field"]],
    ["of another kind", [newRow()], [" invalid_type"]],
  ])("is refused %s", async (_, body, errors) => {
    const { writer } = await newTenant();
    const refused = await must(writer.post(BULK, body), 422);
    const found = refused.body.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`);
    expect(found).toEqual(errors);
    expect((await writer.get("/v1/bulk_requests")).body.data).toEqual([]);
  });

  it("is refused with a member that would set a prototype", async () => {
    const { writer } = await newTenant();
    const refused = await must(writer.send("POST", BULK, '{"records":[1],"__proto__":{}}', JSON_TYPE), 422);
    expect(refused.body.errors).toMatchObject([{ path: "/__proto__", code: "unknown_field" }]);
  });

  it("is refused as every body is that is none", async () => {
    const { writer } = await newTenant();
    await must(writer.send("POST", BULK, "{", JSON_TYPE), 400);
    await must(writer.send("POST", BULK, '{"records":[{}]}', { "Content-Type": "text/csv" }), 415);
    const large = await must(writer.send("POST", BULK, " ".repeat(BULK_MAX_BYTES + 1), JSON_TYPE), 413);
    expect(large.body.detail).toBe("The body may have at most 8 MB.");
    await must(writer.post(`${BULK}?dry_run=true`, { records: [{}] }), 422);
  });

  it("may hold megabytes", async () => {
    const scene = await newScene();
    const text = '"\\ü'.repeat(8_000);
    const done = await bring(
      scene,
      newRows(100, () => ({ metadata: { text } })),
    );
    expect([done.status, countsOf(done)]).toEqual(["completed", [100, 100, 100, 0, 0]]);
    expect((await must(scene.record(done.results.data[99].record_id), 200)).body.metadata).toEqual({ text });
  });
});

describe("a record that is wrong", () => {
  it.each<[string, unknown, string]>([
    ["lacks what is required", {}, "failed required required required required"],
    ["is no object", "text", "failed invalid_type"],
    ["is null", null, "failed invalid_type"],
    ["has an unknown field", newRow({ colour: "red" }), "failed unknown_field"],
    ["names no data source", newRow({ type_key: "nope" }), "failed unknown_data_source"],
    ["has a negative amount", newRow({ amount: -1 }), "failed negative"],
    ["has an amount that is too exact", newRow({ amount: 1.234 }), "failed too_many_decimals"],
    ["has a date that is none", newRow({ date: "2026-02-30" }), "failed invalid_date"],
    ["has a currency that is none", newRow({ currency: "XXY" }), "failed invalid_currency"],
    ["has a text that cannot be kept", newRow({ description: "a\0" }), "failed invalid_text"],
    ["has a text too long", newRow({ external_id: "x".repeat(256) }), "failed too_big"],
    ["is too large to be kept", newRow({ description: "x".repeat(100_000) }), "failed too_large"],
    ["lacks a required property", newRow({ type_key: "right" }), "failed required"],
    ["has a property of another type", newRow({ type_key: "right", metadata: { batch: 5 } }), "failed invalid_type"],
  ])("fails alone if it %s", async (_, row, status) => {
    const scene = await newScene();
    const definition = { type_key: "right", key: "batch", name: "Batch", type: "string", optional: false };
    await must(scene.api.post("/v1/property_definitions", definition), 201);
    const done = await bring(scene, [newRow({ external_id: "a" }), row, newRow({ external_id: "b" })]);
    expect(statusesOf(done)).toEqual(["created", status, "created"]);
    expect(countsOf(done)).toEqual([3, 3, 2, 1, 0]);
    expect(done.results.data[1].record_id).toBeNull();
    expect(await listExternalIds(scene.api)).toEqual(["a", "b"]);
  });

  it("fails with what it would be refused with alone, by pointers into it", async () => {
    const scene = await newScene();
    const row = newRow({ amount: "x", date: 5, metadata: { a: { b: "\0" } }, type_key: "nope", more: 1 });
    const refused = await must(scene.api.post("/v1/records", row), 422);
    const done = await bring(scene, [row]);
    const sorted = (errors: { path: string }[]) => [...errors].sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(sorted(done.results.data[0].errors)).toEqual(sorted(refused.body.errors));
    expect(done.results.data[0].errors).toHaveLength(5);
  });

  it("fails for a number that JavaScript cannot hold", async () => {
    const scene = await newScene();
    const rows = ["1e400", "12345678901234567890"].map((n) => JSON.stringify(newRow()).replace("100", n));
    const sent = await must(scene.api.send("POST", BULK, `{"records":[${rows}]}`, JSON_TYPE), 202);
    const done = await finishBulk(scene.api, sent.body.id);
    expect(statusesOf(done)).toEqual(["failed not_a_number", "failed not_a_number"]);
  });

  it("fails if it is nested deeper than anything that is kept", async () => {
    const scene = await newScene();
    const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
    const done = await bring(scene, [newRow({ metadata: { a: deep(9) } }), newRow({ metadata: { a: deep(500) } })]);
    expect(statusesOf(done)).toEqual(["failed too_deep", "failed too_large"]);
  });

  it("is told its first hundred errors", async () => {
    const scene = await newScene();
    const members = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`m${n}`, 1]));
    const done = await bring(scene, [newRow(members)]);
    expect(done.results.data[0].errors).toHaveLength(100);
  });

  it("fails for a data source of another environment", async () => {
    const [scene, other] = [await newScene(), await newTenant()];
    await must(other.admin.post("/v1/data_sources", { key: "theirs", name: "Theirs" }), 201);
    const done = await bring(scene, [newRow({ type_key: "theirs" })]);
    expect(statusesOf(done)).toEqual(["failed unknown_data_source"]);
    expect(await listExternalIds(other.reader)).toEqual([]);
  });
});

describe("a record whose external_id is there already", () => {
  const first = newRow({ external_id: "x", amount: 1, description: "old", metadata: { a: 1 } });
  const rows = [
    newRow({ external_id: "x", amount: 2 }),
    newRow({ external_id: "y", amount: 3 }),
    newRow({ external_id: "y", amount: 4 }),
    newRow({ type_key: "right", external_id: "x", amount: 5 }),
  ];

  it.each([
    ["error", ["failed taken", "created", "failed taken", "created"], [4, 4, 2, 2, 0], [1, 3, 5]],
    ["skip", ["skipped", "created", "skipped", "created"], [4, 4, 2, 0, 2], [1, 3, 5]],
    ["update", ["updated", "created", "updated", "created"], [4, 4, 4, 0, 0], [2, 4, 5]],
  ])("meets on_conflict %s, in the data source as within the request", async (rule, statuses, counts, amounts) => {
    const scene = await newScene();
    const { body: holder } = await must(scene.api.post("/v1/records", first), 201);
    const done = await bring(scene, rows, rule);
    expect(statusesOf(done)).toEqual(statuses);
    expect(countsOf(done)).toEqual(counts);
    const [x, y, repeated] = done.results.data;
    expect([x.record_id, repeated.record_id]).toEqual([holder.id, y.record_id]);
    if (rule === "error") {
      expect(x.errors).toMatchObject([{ path: "/external_id", code: "taken", record_id: holder.id }]);
      expect(repeated.errors).toMatchObject([{ path: "/external_id", code: "taken", record_id: y.record_id }]);
    }
    const { body } = await scene.api.get("/v1/records");
    expect(body.data.map((record: { amount: number }) => record.amount).reverse()).toEqual(amounts);
  });

  it("meets it as well in a later slice", async () => {
    const scene = await newScene();
    const done = await bring(scene, [...newRows(260), newRow({ external_id: "row-0" })]);
    expect(countsOf(done)).toEqual([261, 261, 260, 1, 0]);
    const [last] = (await must(scene.api.get(`/v1/bulk_requests/${done.id}?limit=200`), 200)).body.results.data;
    const page = await pageBehind(scene, done);
    expect(page.at(-1)).toMatchObject({ index: 260, status: "failed", errors: [{ record_id: last.record_id }] });
  });

  it("fails by default", async () => {
    const scene = await newScene();
    await must(scene.api.post("/v1/records", first), 201);
    expect(statusesOf(await bring(scene, rows.slice(0, 1)))).toEqual(["failed taken"]);
  });

  it("may take the external_id of a deleted one", async () => {
    const scene = await newScene();
    const { body } = await must(scene.api.post("/v1/records", first), 201);
    await must(scene.api.delete(`/v1/records/${body.id}`), 204);
    expect(statusesOf(await bring(scene, rows.slice(0, 1)))).toEqual(["created"]);
  });
});

async function pageBehind(scene: Scene, bulk: { id: string; results: { next_cursor: string } }) {
  const path = `/v1/bulk_requests/${bulk.id}?limit=200&cursor=${bulk.results.next_cursor}`;
  return (await must(scene.api.get(path), 200)).body.results.data;
}

describe("an update", () => {
  it("makes the record what the row says, and it is matched again", async () => {
    const scene = await newScene();
    const old = { external_id: "x", amount: 1, description: "old", metadata: { ref: "a", b: 1 }, currency: "EUR" };
    const { body: before } = await must(scene.left(old), 201);
    await must(scene.right({ metadata: { ref: "z" } }), 201);
    const done = await bring(scene, [newRow({ external_id: "x", metadata: { ref: "z" } })], "update");
    expect(statusesOf(done)).toEqual(["updated"]);
    await expect.poll(async () => (await scene.record(before.id)).body.status).toBe("reconciled");
    const { body } = await scene.record(before.id);
    expect(body).toMatchObject({ amount: 100, currency: "USD", description: null, metadata: { ref: "z" } });
    expect(body.created_at).toBe(before.created_at);
    expect((await scene.api.get(`/v1/records?bulk_request_id=${done.id}`)).body.data).toEqual([]);
  });

  it("leaves a reconciled record alone", async () => {
    const scene = await newScene();
    const fields = { external_id: "x", metadata: { ref: "a" } };
    await must(scene.right({ metadata: { ref: "a" } }), 201);
    const { body: before } = await must(scene.left(fields), 201);
    expect(before.status).toBe("reconciled");
    const done = await bring(scene, [newRow({ ...fields, amount: 7 }), newRow(fields)], "update");
    expect(statusesOf(done)).toEqual(["failed matched", "skipped"]);
    expect(done.results.data[0].errors[0].record_id).toBe(before.id);
    expect((await scene.record(before.id)).body).toEqual(before);
  });

  it("of a record that has fallen due takes the mark back if it no longer is", async () => {
    const scene = await newScene({ expectedWithinDays: 1 });
    const { body } = await must(scene.left({ external_id: "x" }), 201);
    await scene.db.d1
      .prepare(
        `insert into entries (reconciliation_id, record_id, amount, overdue_at)
          select c.id, r.id, r.amount, 1 from records r, reconciliations c where r.uid = ? and c.uid = ?
          on conflict do update set overdue_at = 1`,
      )
      .bind(body.id, scene.reconciliation)
      .run();
    expect((await scene.record(body.id)).body.reconciliations[0].overdue_at).not.toBeNull();
    await bring(scene, [newRow({ external_id: "x", amount: 5 })], "update");
    expect((await scene.record(body.id)).body.reconciliations[0].overdue_at).not.toBeNull();
    await bring(scene, [newRow({ external_id: "x", expected_by: "2999-01-01" })], "update");
    expect((await scene.record(body.id)).body.reconciliations[0].overdue_at).toBeNull();
  });

  it("that leaves the due day leaves a mark that a person has made", async () => {
    const scene = await newScene({ expectedWithinDays: 30 });
    const date = new Date().toISOString().slice(0, 10);
    const { body } = await must(scene.left({ external_id: "x", date }), 201);
    await must(scene.api.post(`/v1/reconciliations/${scene.reconciliation}/records/${body.id}/mark_overdue`, {}), 200);
    const markAfter = async (fields: Record<string, unknown>) => {
      const done = await bring(scene, [newRow({ external_id: "x", date, amount: 5, ...fields })], "update");
      expect(statusesOf(done)).toEqual(["updated"]);
      return (await scene.record(body.id)).body.reconciliations[0].overdue_at;
    };
    expect(await markAfter({ description: "other" })).not.toBeNull();
    expect(await markAfter({ expected_by: "2199-01-01" })).toBeNull();
  });

  it("that changes nothing leaves a set apart that a person has taken apart", async () => {
    const scene = await newScene();
    await must(scene.right({ metadata: { ref: "a" } }), 201);
    const { body } = await must(scene.left({ external_id: "x", metadata: { ref: "a" } }), 201);
    await must(scene.api.delete(`/v1/reconciliation_matches/${body.reconciliations[0].match_ids[0]}`), 200);
    const done = await bring(scene, [newRow({ external_id: "x", metadata: { ref: "a" } })], "update");
    expect(statusesOf(done)).toEqual(["updated"]);
    const after = (await scene.record(body.id)).body;
    expect([after.status, after.updated_at]).toEqual(["unreconciled", body.updated_at]);
  });
});

describe("records of an internal account", () => {
  it("are its transactions, each with its event, in its currency only", async () => {
    muteQueue();
    const scene = await newBankAccount();
    await newEndpoint(scene.tenant.environmentId, { eventTypes: ["transaction.created"] });
    const row = (fields = {}) => newRow({ type_key: scene.source, ...fields });
    const done = await bring(scene, [row({ external_id: "a" }), row({ currency: "EUR" }), row({ amount: 5 })]);
    expect(statusesOf(done)).toEqual(["created", "failed other_currency", "created"]);
    const transactions = await must(scene.api.get("/api/transactions"), 200);
    expect(transactions.body.map(({ amount }: { amount: number }) => amount)).toEqual([500, 10_000]);
    const events = await must(scene.api.get("/v1/events?type=transaction.created"), 200);
    const about = events.body.data.map(({ data }: { data: { id: string } }) => data.id);
    expect(about).toEqual([done.results.data[2].record_id, done.results.data[0].record_id]);
    const deliveries = await must(scene.tenant.admin.get("/v1/webhook_deliveries"), 200);
    expect(deliveries.body.data).toHaveLength(2);
  });

  it("may be updated unless an expected payment is linked", async () => {
    const scene = await newBankAccount();
    const row = (fields = {}) => newRow({ type_key: scene.source, external_id: "a", ...fields });
    const { results } = await bring(scene, [row()]);
    expect(statusesOf(await bring(scene, [row({ amount: 100.5 })], "update"))).toEqual(["updated"]);
    const payment = await scene.payment();
    await must(scene.link(results.data[0].record_id, payment.id, 10_000), 201);
    expect(statusesOf(await bring(scene, [row({ amount: 7 })], "update"))).toEqual(["failed matched"]);
  });
});

describe("cancelling", () => {
  it("keeps what has landed and leaves the rest undone", async () => {
    muteJobs();
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(300));
    expect(await workOffBulkRequest(quietDependencies(), id)).toBe("more");
    expect((await readBulk(scene.api, id)).status).toBe("processing");
    const cancelled = await must(scene.api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 202);
    expect(cancelled.headers.get("location")).toBe(`/v1/bulk_requests/${id}`);
    expect([cancelled.body.status, countsOf(cancelled.body)]).toEqual(["cancelled", [300, 250, 250, 0, 0]]);
    expect(cancelled.body.completed_at).not.toBeNull();
    expect(await workOffBulkRequest(quietDependencies(), id)).toBe("done");
    expect(await listExternalIds(scene.api)).toHaveLength(250);
    const again = await must(scene.api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 202);
    expect(again.body).toEqual(cancelled.body);
  });

  it("is too late for what is over", async () => {
    const scene = await newScene();
    const { id } = await bring(scene, newRows(1));
    const refused = await must(scene.api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 409);
    expect([refused.body.detail, refused.headers.get("retry-after")]).toEqual([
      "The bulk request is completed; there is nothing to cancel.",
      null,
    ]);
    await failBulk(scene, id);
    await must(scene.api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 409);
  });
});

const failBulk = (scene: Scene, id: string) =>
  scene.db.d1.prepare("update bulk_requests set status = 'failed' where uid = ?").bind(id).run();

describe("retrying", () => {
  const retry = (scene: Scene, id: string) => scene.api.post(`/v1/bulk_requests/${id}/retry`, undefined);

  it("takes what has failed or been skipped once more, and nothing else", async () => {
    const scene = await newScene();
    const { body: holder } = await must(scene.left({ external_id: "x" }), 201);
    const rows = [newRow({ external_id: "x" }), newRow({ type_key: "later", external_id: "y" }), ...newRows(2), 5];
    const before = await bring(scene, rows, "skip");
    expect(statusesOf(before)).toEqual([
      "skipped",
      "failed unknown_data_source",
      "created",
      "created",
      "failed invalid_type",
    ]);
    await must(scene.api.post("/v1/data_sources", { key: "later", name: "Later" }), 201);
    await must(scene.api.delete(`/v1/records/${holder.id}`), 204);
    muteJobs();
    const retried = await must(retry(scene, before.id), 202);
    expect([retried.body.status, countsOf(retried.body)]).toEqual(["pending", [5, 2, 2, 0, 0]]);
    expect([retried.body.completed_at, retried.headers.get("location")]).toEqual([null, before.url]);
    await must(retry(scene, before.id), 409);
    await workOffBulk(before.id);
    const after = await readBulk(scene.api, before.id);
    expect(statusesOf(after)).toEqual(["created", "created", "created", "created", "failed invalid_type"]);
    expect(after.results.data.slice(2)).toEqual(before.results.data.slice(2));
    expect(await listExternalIds(scene.api)).toEqual(["row-0", "row-1", "x", "y"]);
  });

  it("is refused while there is work left, and when nothing is there to take", async () => {
    muteJobs();
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(2));
    expect((await must(retry(scene, id), 409)).body.detail).toBe("The bulk request is still being worked on.");
    await workOffBulk(id);
    const refused = await must(retry(scene, id), 409);
    expect(refused.body.detail).toBe("No row of the bulk request has failed or been skipped.");
  });

  it("does not come back to what was cancelled", async () => {
    muteJobs();
    const scene = await newScene();
    const { id } = await sendRows(scene.api, [newRow({ type_key: "later" }), ...newRows(299)]);
    await workOffBulkRequest(quietDependencies(), id);
    await must(scene.api.post(`/v1/bulk_requests/${id}/cancel`, undefined), 202);
    await must(scene.api.post("/v1/data_sources", { key: "later", name: "Later" }), 201);
    await must(retry(scene, id), 202);
    await workOffBulk(id);
    const after = await readBulk(scene.api, id);
    expect([after.status, countsOf(after)]).toEqual(["completed", [300, 250, 250, 0, 0]]);
  });

  it("goes on where one that was given up has ended", async () => {
    muteJobs();
    const scene = await newScene();
    const { id } = await sendRows(scene.api, newRows(300));
    await workOffBulkRequest(quietDependencies(), id);
    await failBulk(scene, id);
    await must(retry(scene, id), 202);
    await workOffBulk(id);
    expect(countsOf(await readBulk(scene.api, id))).toEqual([300, 300, 300, 0, 0]);
    expect(await listExternalIds(scene.api)).toHaveLength(300);
  });

  it("starts a JobRunner again that has come to its end", async () => {
    const scene = await newScene();
    const before = await bring(scene, [newRow({ type_key: "later" })]);
    await must(scene.api.post("/v1/data_sources", { key: "later", name: "Later" }), 201);
    await must(retry(scene, before.id), 202);
    expect(statusesOf(await finishBulk(scene.api, before.id))).toEqual(["created"]);
  });
});

describe("lists", () => {
  it("page through bulk requests, newest first", async () => {
    muteJobs();
    const scene = await newScene();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await sendRows(scene.api, [newRow()])).id);
    const first = await must(scene.api.get("/v1/bulk_requests?limit=2"), 200);
    const second = await must(scene.api.get(`/v1/bulk_requests?limit=2&cursor=${first.body.next_cursor}`), 200);
    const listed = [...first.body.data, ...second.body.data];
    expect(listed.map(({ id }: { id: string }) => id)).toEqual([...ids].reverse());
    expect([first.body.has_more, second.body.has_more]).toEqual([true, false]);
    expect(listed[0]).not.toHaveProperty("results");
    const { reader } = await newTenant();
    expect((await reader.get("/v1/bulk_requests")).body.data).toEqual([]);
    await must(reader.get(`/v1/bulk_requests?cursor=${first.body.next_cursor}`), 422);
  });

  it("page through results, first one first", async () => {
    const scene = await newScene();
    const { id } = await bring(scene, newRows(5));
    const pages: number[][] = [];
    for (let cursor = ""; ; ) {
      const { results } = (await must(scene.api.get(`/v1/bulk_requests/${id}?limit=2${cursor}`), 200)).body;
      pages.push(results.data.map(({ index }: { index: number }) => index));
      expect(results.has_more).toBe(results.next_cursor !== null);
      if (results.next_cursor === null) break;
      cursor = `&cursor=${results.next_cursor}`;
    }
    expect(pages).toEqual([[0, 1], [2, 3], [4]]);
    const other = await bring(scene, [newRow()]);
    const { next_cursor } = (await scene.api.get(`/v1/bulk_requests/${id}?limit=2`)).body.results;
    await must(scene.api.get(`/v1/bulk_requests/${other.id}?cursor=${next_cursor}`), 422);
    await must(scene.api.get(`/v1/bulk_requests/${id}?limit=201`), 422);
    await must(scene.api.get("/v1/bulk_requests/nothing"), 404);
  });
});

describe("bulk_request.completed", () => {
  it("tells those who listen what it came to, once for each round", async () => {
    muteQueue();
    const scene = await newScene();
    await newEndpoint(scene.tenant.environmentId, { eventTypes: ["bulk_request.completed"] });
    const done = await bring(scene, [newRow(), newRow({ type_key: "later" })]);
    const { results: _, ...summary } = done;
    const events = async () => (await must(scene.api.get("/v1/events?type=bulk_request.completed"), 200)).body.data;
    expect(await events()).toMatchObject([{ event_type: "bulk_request.completed", data: summary }]);
    expect((await events())[0].data).toEqual(summary);
    const deliveries = await must(scene.api.get("/v1/webhook_deliveries"), 200);
    expect(deliveries.body.data).toMatchObject([{ event_type: "bulk_request.completed" }]);
    await must(scene.api.post(`/v1/bulk_requests/${done.id}/retry`, undefined), 202);
    await finishBulk(scene.api, done.id);
    expect(await events()).toHaveLength(2);
  });

  it("is not recorded where nobody listens", async () => {
    const scene = await newScene();
    await bring(scene, [newRow()]);
    expect((await must(scene.api.get("/v1/events"), 200)).body.data).toEqual([]);
  });
});
