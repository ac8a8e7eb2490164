import { describe, expect, it } from "vitest";
import { type BulkPlan, type CheckedRow, type Holder, planBulkRows } from "../../src/core/bulk-plan.ts";
import type { ConflictRule } from "../../src/core/bulk-request.ts";
import type { RecordFields } from "../../src/core/record.ts";

const FIELDS: RecordFields = {
  date: "2026-03-10",
  amount: 100,
  currency: "USD",
  direction: "credit",
  description: null,
  externalId: null,
  metadata: {},
  expectedBy: null,
};

/** Rows as `external_id:amount`, of the data source 1. */
function rowsOf(texts: readonly string[]): CheckedRow[] {
  return texts.map((text, no) => {
    if (text === "wrong") return { no, kind: "wrong", errors: [{ path: "/date", code: "required", message: "." }] };
    const [externalId, amount] = text.split(":");
    const fields = { ...FIELDS, externalId: externalId || null, amount: Number(amount ?? 100) };
    return { no, kind: "good", sourceId: 1, fields };
  });
}

function holder(externalId: string, rest: Partial<Holder> = {}): Holder {
  return {
    id: 7,
    uid: `old ${externalId}`,
    sourceId: 1,
    version: 3,
    isHeld: false,
    fields: { ...FIELDS, externalId },
    ...rest,
  };
}

function plan(rows: readonly CheckedRow[], holders: Holder[], rule: ConflictRule): BulkPlan {
  let made = 0;
  return planBulkRows(rows, holders, rule, () => {
    made += 1;
    return `new ${made}`;
  });
}

const describeOutcomes = ({ outcomes }: BulkPlan) =>
  outcomes.map(({ no, status, recordUid, errors }) => [no, status, recordUid, ...errors.map(({ code }) => code)]);
const describeWrites = ({ created, updated }: BulkPlan) => ({
  created: created.map(({ uid, fields }) => [uid, fields.externalId, fields.amount]),
  updated: updated.map(({ holder, fields }) => [holder.uid, fields.amount]),
});

describe("rows of a bulk request", () => {
  it("become records in their order, and wrong ones nothing", () => {
    const planned = plan(rowsOf(["a", "wrong", "", ""]), [], "error");
    expect(describeOutcomes(planned)).toEqual([
      [0, "created", "new 1"],
      [1, "failed", null, "required"],
      [2, "created", "new 2"],
      [3, "created", "new 3"],
    ]);
    expect(planned.created.map(({ uid }) => uid)).toEqual(["new 1", "new 2", "new 3"]);
  });

  it.each<[ConflictRule, unknown[], unknown]>([
    [
      "error",
      [
        [0, "failed", "old a", "taken"],
        [1, "created", "new 1"],
        [2, "failed", "new 1", "taken"],
      ],
      { created: [["new 1", "b", 1]], updated: [] },
    ],
    [
      "skip",
      [
        [0, "skipped", "old a"],
        [1, "created", "new 1"],
        [2, "skipped", "new 1"],
      ],
      { created: [["new 1", "b", 1]], updated: [] },
    ],
    [
      "update",
      [
        [0, "updated", "old a"],
        [1, "created", "new 1"],
        [2, "updated", "new 1"],
      ],
      { created: [["new 1", "b", 2]], updated: [["old a", 5]] },
    ],
  ])("meet what is there, and what rows before them have made: %s", (rule, outcomes, writes) => {
    const planned = plan(rowsOf(["a:5", "b:1", "b:2"]), [holder("a")], rule);
    expect(describeOutcomes(planned)).toEqual(outcomes);
    expect(describeWrites(planned)).toEqual(writes);
  });

  it("change a record once, to what the last of them says", () => {
    const planned = plan(rowsOf(["a:5", "a:6", "a:7"]), [holder("a")], "update");
    expect(planned.outcomes.map(({ status }) => status)).toEqual(["updated", "updated", "updated"]);
    expect(describeWrites(planned)).toEqual({ created: [], updated: [["old a", 7]] });
  });

  it("write nothing where they end up saying what is there", () => {
    const planned = plan(rowsOf(["a:5", "a:100"]), [holder("a")], "update");
    expect(planned.outcomes.map(({ status }) => status)).toEqual(["updated", "updated"]);
    expect(describeWrites(planned)).toEqual({ created: [], updated: [] });
    expect(planned.confirmed.map(({ uid }) => uid)).toEqual(["old a"]);
  });

  it("leave a matched record alone", () => {
    const planned = plan(rowsOf(["a:5", "a:100"]), [holder("a", { isHeld: true })], "update");
    expect(describeOutcomes(planned)).toEqual([
      [0, "failed", "old a", "matched"],
      [1, "skipped", "old a"],
    ]);
    expect(describeWrites(planned)).toEqual({ created: [], updated: [] });
    expect(planned.confirmed).toEqual([]);
  });

  it("do not hold an external_id that they failed with", () => {
    const rows = rowsOf(["wrong", "a"]);
    expect(describeOutcomes(plan(rows, [], "error")).at(-1)).toEqual([1, "created", "new 1"]);
  });

  it("do not meet records of another data source", () => {
    const planned = plan(rowsOf(["a"]), [holder("a", { sourceId: 2 })], "error");
    expect(describeOutcomes(planned)).toEqual([[0, "created", "new 1"]]);
  });
});
