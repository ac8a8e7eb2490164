import { describe, expect, it } from "vitest";
import { handleCron } from "../../src/runtime/cron.ts";
import { newBankAccount } from "../support/bank-account.ts";
import { runToEnd } from "../support/runs.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene } from "../support/scene.ts";

interface Options {
  run_type?: "continuous" | "batch";
  expected_within_days?: number;
}

/** Books on the one side of a reconciliation by amounts, a bank account on the other. */
async function newBooksAndBank(options: Options = {}, rule: Record<string, unknown> = {}) {
  const scene = await newScene();
  const bank = await newBankAccount(scene.tenant);
  const sides = { side_a: ["left"], side_b: [bank.source] };
  const made = await must(bank.api.post("/v1/reconciliations", { name: "Bank", ...sides, ...options }), 201);
  const reconciliation = made.body.id as string;
  const body = { reconciliation_id: reconciliation, filters: EQUAL_AMOUNTS, ...rule };
  await must(bank.api.post("/v1/reconciliation_rules", body), 201);
  return {
    ...bank,
    scene: { ...scene, reconciliation },
    reconciliation,
    book: async (fields: Record<string, unknown> = {}) => (await must(scene.left(fields), 201)).body.id as string,
    post: (id: string) => must(bank.api.patch(`/api/transactions/${id}`, { posted: true }), 200),
    statusOf: async (id: string) => {
      const { reconciliations } = await bank.read(`/v1/records/${id}`);
      return reconciliations.find((pair: { reconciliation_id: string }) => pair.reconciliation_id === reconciliation);
    },
  };
}

describe("a transaction that its bank has not posted", () => {
  it("is matched once it is posted, and not before", async () => {
    const { transaction, book, post, statusOf } = await newBooksAndBank();
    const before = await book();
    const { id } = await transaction({ posted: false });
    const other = await transaction({ amount: 5_000, posted: false });
    const after = await book({ amount: 50 });
    for (const record of [before, id, other.id, after]) expect((await statusOf(record)).status).toBe("unreconciled");
    await post(id);
    for (const record of [before, id]) expect((await statusOf(record)).status).toBe("reconciled");
    for (const record of [other.id, after]) expect((await statusOf(record)).status).toBe("unreconciled");
    await post(other.id);
    for (const record of [other.id, after]) expect((await statusOf(record)).status).toBe("reconciled");
  });

  it("is no rival of one that is posted", async () => {
    const { transaction, book, statusOf } = await newBooksAndBank({}, { on_ambiguous: "skip" });
    const pending = await transaction({ posted: false });
    const posted = await transaction();
    await book();
    expect((await statusOf(pending.id)).status).toBe("unreconciled");
    expect((await statusOf(posted.id)).status).toBe("reconciled");
  });

  it("is left out of runs", async () => {
    const { scene, transaction, book, post, statusOf } = await newBooksAndBank({ run_type: "batch" });
    const { id } = await transaction({ posted: false });
    const record = await book();
    const commit = () => runToEnd(scene, { mode: "commit" });
    expect(await commit()).toMatchObject({ status: "completed", matched_records: 0 });
    expect((await statusOf(record)).status).toBe("unreconciled");
    await post(id);
    expect(await commit()).toMatchObject({ status: "completed", matched_records: 2 });
    expect((await statusOf(record)).status).toBe("reconciled");
  });

  it("is refused in a manual match", async () => {
    const { api, transaction, book, post, reconciliation } = await newBooksAndBank({ run_type: "batch" });
    const { id } = await transaction({ posted: false });
    const body = { reconciliation_id: reconciliation, record_ids: [await book(), id] };
    const match = () => api.post("/v1/reconciliation_matches", body);
    const refused = await must(match(), 422);
    expect(refused.body.errors).toEqual([expect.objectContaining({ path: "/record_ids/1", code: "pending" })]);
    await post(id);
    await must(match(), 201);
  });

  it("is nobody's candidate", async () => {
    const { transaction, book, read, reconciliation } = await newBooksAndBank({}, { on_ambiguous: "skip" });
    const pending = await transaction({ posted: false });
    const posted = [await transaction(), await transaction()].map(({ id }) => id);
    const record = await book();
    const candidatesOf = async (id: string): Promise<string[]> => {
      const { data } = await read(`/v1/records/${id}/candidates?reconciliation_id=${reconciliation}`);
      return data.map((candidate: { record: { id: string } }) => candidate.record.id);
    };
    expect((await candidatesOf(record)).sort()).toEqual(posted.sort());
    expect(await candidatesOf(pending.id)).toEqual([record]);
  });

  it("is not overdue", async () => {
    const { transaction, post, statusOf } = await newBooksAndBank({ expected_within_days: 1 });
    const { id } = await transaction({ posted: false });
    await handleCron(bindings, Date.now());
    expect((await statusOf(id)).overdue_at).toBeNull();
    await post(id);
    await handleCron(bindings, Date.now());
    expect((await statusOf(id)).overdue_at).not.toBeNull();
  });

  it("may be changed and deleted at /v1, and stays pending when it is changed", async () => {
    const { api, transaction, book, read, statusOf } = await newBooksAndBank();
    const { id } = await transaction({ amount: 1, posted: false });
    const record = await book();
    await must(api.patch(`/v1/records/${id}`, { amount: 100 }), 200);
    expect(await read(`/api/transactions/${id}`)).toMatchObject({ amount: 10_000, posted: false });
    expect((await statusOf(record)).status).toBe("unreconciled");
    await must(api.delete(`/v1/records/${id}`), 204);
    expect((await api.get(`/api/transactions/${id}`)).status).toBe(404);
  });
});
