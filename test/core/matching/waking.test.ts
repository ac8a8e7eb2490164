import { describe, expect, it } from "vitest";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { batchOf, lineOf, manyToOne, rec, ruleOf, sameAmount, sameRef } from "../../oracle/builders.ts";
import type { OracleRecord, OracleRule } from "../../oracle/model.ts";
import { runEngine, streamEngine } from "./engine-world.ts";

const skip = { on_ambiguous: "skip" } as const;

function stream(rules: readonly OracleRule[], ...records: readonly OracleRecord[]) {
  const arriving = records.map((record, arrival) => ({ ...record, arrival }));
  const { matches, notes } = streamEngine(arriving, rules, new MemoryIndex());
  return { matches: matches.map(lineOf), noted: notes.map(({ record_id }) => record_id).sort() };
}

describe("a stream", () => {
  it("matches a group that becomes the only one because a record joins the other", () => {
    const made = stream(
      [ruleOf([sameAmount], { ...manyToOne, ...skip })],
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 100, batchOf("P2")),
      rec("b", "b1", 100),
      rec("a", "a3", 50, batchOf("P1")),
    );
    expect(made).toEqual({ matches: ["a2:100 = b1:100"], noted: [] });
  });

  it("forgets that the members of a group were ambiguous when a record joins it", () => {
    const made = stream(
      [ruleOf([sameAmount], { ...manyToOne, ...skip })],
      rec("b", "b1", 100),
      rec("b", "b2", 100),
      rec("a", "a1", 100, batchOf("P1")),
      rec("a", "a2", 50, batchOf("P1")),
    );
    expect(made).toEqual({ matches: [], noted: [] });
  });

  it("notes every candidate of an ambiguous record, not only the best two", () => {
    const made = stream(
      [ruleOf([sameAmount], skip)],
      ...["b1", "b2", "b3", "b4"].map((id) => rec("b", id, 100)),
      rec("a", "a1", 100),
    );
    expect(made).toEqual({ matches: [], noted: ["a1", "b1", "b2", "b3", "b4"] });
  });

  it("notes the candidates that a record has with what is left of it", () => {
    const made = stream(
      [ruleOf([sameAmount], skip), ruleOf([sameRef], { id: "weaker", priority: 2 })],
      ...["b1", "b2", "b3"].map((id) => rec("b", id, 60)),
      rec("a", "a1", 100, { metadata: { ref: "R" } }),
      rec("b", "b4", 40, { metadata: { ref: "R" } }),
    );
    expect(made).toEqual({ matches: ["a1:40 = b4:40"], noted: ["a1", "b1", "b2", "b3"] });
  });

  it("settles when records are ambiguous under one rule and in the other's search", () => {
    const kind = (kind: string) => ({ metadata: { kind } });
    const subset = { group_by: null, subset: true, ...skip };
    const made = stream(
      [
        ruleOf([sameAmount, { value: "metadata.kind", operand: "eq", constant: "X" }], {
          ...subset,
          cardinality: "many_to_one",
        }),
        ruleOf([sameAmount, { key: "metadata.kind", operand: "eq", constant: "Y" }], {
          ...subset,
          id: "weaker",
          priority: 2,
          cardinality: "one_to_many",
        }),
      ],
      rec("a", "a1", 100),
      rec("a", "a2", 100),
      rec("b", "b2", 30),
      rec("b", "b3", 30),
      rec("a", "a3", 30, kind("Y")),
      rec("b", "b1", 100, kind("X")),
    );
    expect(made).toEqual({ matches: [], noted: ["a1", "a2", "a3", "b1", "b2", "b3"] });
  });
});

describe("a run", () => {
  it("notes what a match has made ambiguous that was looked at before", () => {
    const records = [
      rec("a", "a1", 50, batchOf("P1", { date: "2024-01-30" })),
      rec("a", "a2", 50, batchOf("P1", { date: "2024-01-30" })),
      rec("b", "b1", 100, { date: "2024-01-31" }),
      rec("b", "b2", 100, { date: "2024-01-31" }),
      rec("a", "a3", 70, batchOf("P1", { date: "2024-01-31" })),
      rec("b", "b3", 70, { date: "2024-02-01" }),
    ].map((record, arrival) => ({ ...record, arrival }));
    const rule = ruleOf([sameAmount], { ...manyToOne, ...skip, rollup: { lookback_days: 1 } });
    const { matches, notes } = runEngine(records, [rule], new MemoryIndex("run"));
    expect(matches.map(lineOf)).toEqual(["a3:70 = b3:70"]);
    expect(notes.map(({ record_id }) => record_id)).toEqual(["a1", "a2", "b1", "b2"]);
  });
});
