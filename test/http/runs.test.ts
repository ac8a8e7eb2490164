import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { runBatch } from "../../src/db/client.ts";
import { runEndpoints } from "../../src/http/v1/runs.ts";
import { addSilently } from "../support/bulk.ts";
import { finishRun, matchesOfRun, newSilentRun, runsPath, runToEnd } from "../support/runs.ts";
import { EQUAL_AMOUNTS, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

/** A batch reconciliation with pairs of these references, which nothing has matched yet. */
async function newPairs(refs: string[], options: Parameters<typeof newScene>[0] = {}) {
  const scene = await newScene({ runType: "batch", ...options });
  const rows = refs.map((ref) => ({ externalId: ref, metadata: { ref } }));
  const lefts = await addSilently(scene, "left", rows);
  const rights = await addSilently(scene, "right", rows);
  return { scene, lefts, rights };
}

const isOpen = async (scene: Scene, id: string) => (await scene.record(id)).body.status === "unreconciled";

describe("a run of a batch reconciliation", () => {
  it("is answered at once, with where to poll it, and matches nothing before", async () => {
    const { scene, lefts } = await newPairs(["x"]);
    expect(await isOpen(scene, lefts[0] as string)).toBe(true);
    const made = await must(scene.api.post(runsPath(scene), { mode: "commit" }), 202);
    expect(made.headers.get("location")).toBe(`${runsPath(scene)}/${made.body.id}`);
    expect(made.body).toMatchObject({ reconciliation_id: scene.reconciliation, mode: "commit", preview_id: null });
    const run = await finishRun(scene, made.body.id);
    expect(run).toMatchObject({
      status: "completed",
      progress: { phase: "done", done: 1, total: 1 },
      matched_records: 2,
      by_rule: [{ rule_id: scene.rules[0], rule_version: 1, matches: 1, matched_records: 2, ambiguous: 0, cut: 0 }],
      open: { side_a: { records: 0, sums: [] }, side_b: { records: 0, sums: [] } },
      problems: [],
      problem_count: 0,
    });
    expect(run.started_at >= run.created_at && run.completed_at >= run.started_at).toBe(true);
    expect(await isOpen(scene, lefts[0] as string)).toBe(false);
  });

  it("makes matches that are as any other, in the chain and in the list", async () => {
    const { scene } = await newPairs(["x", "y", "z"]);
    const run = await runToEnd(scene, { mode: "commit" });
    const made = await matchesOfRun(scene, run.id);
    const matches = await scene.matches();
    expect(made.map((match) => match.id)).toEqual(matches.map((match) => match.id).toReversed());
    const { id, rule_id, rule_version, variance, currency, records, explanation } = matches.at(-1);
    expect(made[0]).toEqual({ id, rule_id, rule_version, variance, currency, records, explanation });
    const audit = await scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit`);
    expect(audit.body).toMatchObject({ valid: true, checked: 3 });
    const { counts } = (await scene.api.get(`/v1/reconciliations/${scene.reconciliation}`)).body;
    expect(counts.side_a).toEqual({ unreconciled: 0, partially_reconciled: 0, reconciled: 3 });
  });

  it("goes through one rule before the next, and says what each came to", async () => {
    const { scene } = await newPairs([], {
      rules: [
        { filters: SAME_REFERENCE, priority: 2 },
        { filters: EQUAL_AMOUNTS, priority: 1 },
      ],
    });
    await addSilently(scene, "left", [
      { amount: 100, metadata: { ref: "x" } },
      { amount: 200, metadata: { ref: "y" } },
    ]);
    await addSilently(scene, "right", [
      { amount: 100, metadata: { ref: "y" } },
      { amount: 300, metadata: { ref: "y" } },
    ]);
    const run = await runToEnd(scene, { mode: "commit" });
    expect(run.by_rule.map((tally: { rule_id: string; matches: number }) => [tally.rule_id, tally.matches])).toEqual([
      [scene.rules[1], 1],
      [scene.rules[0], 1],
    ]);
    expect(run.matched_records).toBe(4);
    expect(run.open.side_b).toEqual({ records: 1, sums: [{ currency: "USD", amount: 1 }] });
  });

  it("counts a record once, however many matches share it", async () => {
    const { scene } = await newPairs([], { filters: SAME_REFERENCE });
    await addSilently(scene, "left", [{ amount: 100, metadata: { ref: "x" } }]);
    await addSilently(scene, "right", [
      { amount: 40, metadata: { ref: "x" } },
      { amount: 30, metadata: { ref: "x" } },
      { amount: 50, metadata: { ref: "x" } },
    ]);
    const run = await runToEnd(scene, { mode: "commit" });
    expect(run).toMatchObject({ matched_records: 4, by_rule: [{ matches: 3, matched_records: 4 }] });
    expect(run.open.side_b).toEqual({ records: 1, sums: [{ currency: "USD", amount: 0.2 }] });
  });

  it("sums up what stays open, credits against debits, beyond any limit of a number", async () => {
    const { scene } = await newPairs([]);
    const amount = 999_999_999_999_999;
    await addSilently(scene, "left", [
      ...Array.from({ length: 11 }, (_, n) => ({ amount, metadata: { ref: `${n}` } })),
      { amount: 99, direction: "debit" as const, metadata: { ref: "d" } },
      { amount: 500, currency: "JPY", metadata: { ref: "j" } },
    ]);
    const run = await runToEnd(scene, { mode: "preview" });
    expect(run.open.side_a).toEqual({
      records: 13,
      sums: [
        { currency: "JPY", amount: 500 },
        { currency: "USD", amount: "109999999999998.9" },
      ],
    });
  });

  it("names the records that a rule skipped", async () => {
    const { scene } = await newPairs([], { rules: [{ filters: EQUAL_AMOUNTS, on_ambiguous: "skip" }] });
    const [left] = await addSilently(scene, "left", [{}]);
    await addSilently(scene, "right", [{}, {}]);
    const run = await runToEnd(scene, { mode: "commit" });
    expect(run.matched_records).toBe(0);
    expect(run.by_rule[0].ambiguous).toBeGreaterThanOrEqual(1);
    expect(run.problem_count).toBe(run.by_rule[0].ambiguous);
    expect(run.problems).toContainEqual(
      expect.objectContaining({ code: "ambiguous", rule_id: scene.rules[0], record_id: left }),
    );
  });

  it("ends without rules and without records, too", async () => {
    const scene = await newScene({ runType: "batch", rules: [] });
    const run = await runToEnd(scene, { mode: "commit" });
    expect(run).toMatchObject({ status: "completed", progress: { phase: "done", done: 0, total: 0 }, by_rule: [] });
    expect(await matchesOfRun(scene, run.id)).toEqual([]);
  });

  it("leaves alone what a person took apart", async () => {
    const { scene } = await newPairs(["x"]);
    await runToEnd(scene, { mode: "commit" });
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    expect((await runToEnd(scene, { mode: "commit" })).matched_records).toBe(0);
  });
});

describe("a run of a continuous reconciliation", () => {
  it("finds what there is to find, and leaves live matching as it is", async () => {
    const scene = await newScene();
    await scene.left({ metadata: { ref: "x" } });
    const run = await runToEnd(scene, { mode: "commit" });
    expect(run).toMatchObject({ status: "completed", matched_records: 0, open: { side_a: { records: 1 } } });
    const partner = await scene.right({ metadata: { ref: "x" } });
    expect(partner.body.status).toBe("reconciled");
  });
});

describe("a preview", () => {
  it("shows what would be matched and writes no match", async () => {
    const { scene, lefts, rights } = await newPairs(["x", "y"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    expect(preview).toMatchObject({ mode: "preview", status: "completed", matched_records: 4, problems: [] });
    const proposals = await matchesOfRun(scene, preview.id);
    expect(proposals.map((proposal) => proposal.records)).toEqual(
      [0, 1].map((n) => [
        { record_id: lefts[n], side: "a", amount: 100 },
        { record_id: rights[n], side: "b", amount: 100 },
      ]),
    );
    expect(proposals[0].explanation).toEqual([
      { condition: expect.objectContaining({ key: "metadata.ref" }), a: "x", b: "x", outcome: "passed" },
      { condition: expect.objectContaining({ key: "amount" }), a: 100, b: 100, outcome: "passed" },
    ]);
    expect(await scene.matches()).toEqual([]);
    expect(await isOpen(scene, lefts[0] as string)).toBe(true);
  });

  it("is committed as it was shown, with the ids that it showed", async () => {
    const { scene } = await newPairs(["x", "y"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    const proposals = await matchesOfRun(scene, preview.id);
    // What came later has no part in it.
    await addSilently(scene, "left", [{ metadata: { ref: "z" } }]);
    await addSilently(scene, "right", [{ metadata: { ref: "z" } }]);
    const commit = await runToEnd(scene, { mode: "commit", preview_id: preview.id });
    expect(commit).toMatchObject({
      preview_id: preview.id,
      status: "completed",
      progress: { phase: "done", done: 2, total: 2 },
      matched_records: 4,
      by_rule: preview.by_rule,
      open: preview.open,
      problems: [],
    });
    expect(await matchesOfRun(scene, commit.id)).toEqual(proposals);
    expect(await matchesOfRun(scene, preview.id)).toEqual(proposals);
    expect(await scene.matches()).toHaveLength(2);
  });

  it("pages through what it proposes, the first decided first", async () => {
    const { scene } = await newPairs(["a", "b", "c", "d", "e"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    const commit = await runToEnd(scene, { mode: "commit", preview_id: preview.id });
    for (const run of [preview, commit]) {
      const path = `${runsPath(scene)}/${run.id}/matches`;
      const seen: string[] = [];
      const sizes: number[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const page = await must(scene.api.get(`${path}?limit=2${cursor && `&cursor=${cursor}`}`), 200);
        expect(page.body.has_more).toBe(page.body.next_cursor !== null);
        seen.push(...page.body.data.map((match: { explanation: { a: string }[] }) => match.explanation[0]?.a));
        sizes.push(page.body.data.length);
        cursor = page.body.next_cursor;
      }
      expect(sizes).toEqual([2, 2, 1]);
      expect(seen).toEqual(["a", "b", "c", "d", "e"]);
    }
    const first = await scene.api.get(`${runsPath(scene)}/${preview.id}/matches?limit=2`);
    const foreign = `${runsPath(scene)}/${commit.id}/matches?cursor=${first.body.next_cursor}`;
    expect(await scene.api.get(foreign)).toMatchObject({ status: 422, body: { errors: [{ path: "cursor" }] } });
  });

  it("can be made again and again, and the five newest are kept", async () => {
    const { scene } = await newPairs(["x"]);
    const previews: string[] = [];
    for (let n = 0; n < 6; n++) previews.push((await runToEnd(scene, { mode: "preview" })).id);
    await runToEnd(scene, { mode: "preview" });
    const kept = await Promise.all(previews.map(async (id) => (await matchesOfRun(scene, id)).length));
    expect(kept).toEqual([0, 0, 1, 1, 1, 1]);
    const refused = await scene.api.post(runsPath(scene), { mode: "commit", preview_id: previews[0] });
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ path: "/preview_id", code: "not_kept" }] } });
  });
});

describe("the commit of a preview", () => {
  const changes: [string, (scene: Scene, left: string) => Promise<unknown>][] = [
    ["was edited", (scene, left) => must(scene.api.patch(`/v1/records/${left}`, { description: "new" }), 200)],
    ["was deleted", (scene, left) => must(scene.api.delete(`/v1/records/${left}`), 204)],
    [
      "was matched by hand",
      async (scene, left) => {
        const other = await scene.right();
        const record_ids = [left, other.body.id];
        await must(
          scene.api.post("/v1/reconciliation_matches", { reconciliation_id: scene.reconciliation, record_ids }),
          201,
        );
      },
    ],
    [
      "was matched with the same partner, and that was taken apart",
      async (scene) => {
        await runToEnd(scene, { mode: "commit" });
        for (const match of await scene.matches()) {
          await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
        }
      },
    ],
  ];
  it.each(changes)("is refused when a record %s, and writes nothing", async (_, change) => {
    const { scene, lefts, rights } = await newPairs(["x", "y"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    await change(scene, lefts[1] as string);
    const before = await scene.matches();
    const refused = await scene.api.post(runsPath(scene), { mode: "commit", preview_id: preview.id });
    expect(refused.status).toBe(409);
    const own = [...lefts, ...rights];
    for (const error of refused.body.errors) {
      expect(error).toMatchObject({ path: "/preview_id", code: "changed" });
      expect(own).toContain(error.record_id);
    }
    expect(refused.body.errors.map((error: { record_id: string }) => error.record_id)).toContain(lefts[1]);
    expect(await scene.matches()).toEqual(before);
    const runs = await scene.api.get(runsPath(scene));
    expect(runs.body.data.filter((run: { preview_id: string | null }) => run.preview_id !== null)).toEqual([]);
  });

  it("is refused when a record that was matched in part before has got some of it back", async () => {
    const { scene } = await newPairs([], { filters: SAME_REFERENCE });
    const [left] = await addSilently(scene, "left", [{ amount: 100, metadata: { ref: "x" } }]);
    await addSilently(scene, "right", [{ amount: 40, metadata: { ref: "x" } }]);
    await runToEnd(scene, { mode: "commit" });
    await addSilently(scene, "right", [
      { amount: 20, metadata: { ref: "x" } },
      { amount: 40, metadata: { ref: "x" } },
    ]);
    const preview = await runToEnd(scene, { mode: "preview" });
    expect(preview.matched_records).toBe(3);
    const [match] = await scene.matches();
    await must(scene.api.delete(`/v1/reconciliation_matches/${match.id}`), 200);
    const refused = await scene.api.post(runsPath(scene), { mode: "commit", preview_id: preview.id });
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ code: "changed", record_id: left }] } });
  });

  it("is refused when a rule has changed since", async () => {
    const { scene } = await newPairs(["x"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    await must(scene.api.patch(`/v1/reconciliation_rules/${scene.rules[0]}`, { priority: 7 }), 200);
    const refused = await scene.api.post(runsPath(scene), { mode: "commit", preview_id: preview.id });
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ path: "/preview_id", code: "changed" }] } });
  });

  it("happens once", async () => {
    const { scene } = await newPairs(["x"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    const body = { mode: "commit", preview_id: preview.id };
    const commit = await runToEnd(scene, body);
    const refused = await scene.api.post(runsPath(scene), body);
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ path: "/preview_id", code: "committed" }] } });
    expect(refused.body.detail).toContain(commit.id);
  });

  it("happens once though many ask at the same moment", async () => {
    const { scene } = await newPairs(["x"]);
    const preview = await runToEnd(scene, { mode: "preview" });
    const body = { mode: "commit", preview_id: preview.id };
    const replies = await Promise.all(Array.from({ length: 10 }, () => scene.api.post(runsPath(scene), body)));
    expect(replies.map((reply) => reply.status).sort()).toEqual([202, ...Array(9).fill(409)]);
  });

  it("is refused for a preview that failed", async () => {
    const { scene } = await newPairs(["x"]);
    const preview = await newSilentRun(scene, "preview");
    const failed = sql`update runs set status = 'failed', completed_at = 1 where uid = ${preview}`;
    await runBatch(scene.db, [failed]);
    const refused = await scene.api.post(runsPath(scene), { mode: "commit", preview_id: preview });
    expect(refused).toMatchObject({ status: 409, body: { errors: [{ code: "not_completed" }] } });
  });
});

describe("a second run", () => {
  it("is refused, with the name of the first, until that is finished", async () => {
    const { scene } = await newPairs(["x"]);
    const first = await newSilentRun(scene, "preview");
    for (const body of [{ mode: "commit" }, { mode: "preview" }, { mode: "commit", preview_id: first }]) {
      const refused = await scene.api.post(runsPath(scene), body);
      expect(refused.status).toBe(409);
      expect(refused.body.detail).toContain(first);
    }
    expect((await finishRun(scene, first)).status).toBe("completed");
    await runToEnd(scene, { mode: "commit" });
  });

  it("is refused though both come at the same moment", async () => {
    const { scene } = await newPairs([]);
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => scene.api.post(runsPath(scene), { mode: "commit" })),
    );
    const made = replies.filter((reply) => reply.status === 202);
    const refused = replies.filter((reply) => reply.status === 409);
    expect([made.length >= 1, made.length + refused.length]).toEqual([true, 10]);
    const { body } = await scene.api.get(runsPath(scene));
    expect(body.data).toHaveLength(made.length);
  });
});

describe("a body that is wrong", () => {
  it.each<[string, unknown, [string, string][]]>([
    ["no mode", {}, [["/mode", "required"]]],
    ["another mode", { mode: "dry" }, [["/mode", "invalid_value"]]],
    ["a preview of a preview", { mode: "preview", preview_id: UNKNOWN_ID }, [["/preview_id", "not_allowed"]]],
    ["an unknown preview", { mode: "commit", preview_id: UNKNOWN_ID }, [["/preview_id", "unknown"]]],
    ["a preview that is no id", { mode: "commit", preview_id: "nobody" }, [["/preview_id", "unknown"]]],
    ["a number as preview", { mode: "commit", preview_id: 7 }, [["/preview_id", "invalid_type"]]],
    [
      "several things",
      { mode: "x", preview_id: UNKNOWN_ID, force: true },
      [
        ["/mode", "invalid_value"],
        ["/force", "unknown_field"],
        ["/preview_id", "unknown"],
      ],
    ],
  ])("is refused with every field: %s", async (_, body, errors) => {
    const scene = await newScene({ runType: "batch" });
    const refused = await scene.api.post(runsPath(scene), body);
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map((error: { path: string; code: string }) => [error.path, error.code])).toEqual(
      errors,
    );
  });

  it("is refused for a preview of another reconciliation, and for a run that is no preview", async () => {
    const tenant = await newTenant();
    const { scene } = await newPairs(["x"], { tenant });
    const preview = await runToEnd(scene, { mode: "preview" });
    const commit = await runToEnd(scene, { mode: "commit" });
    const other = await must(
      scene.api.post("/v1/reconciliations", { name: "Other", side_a: ["left"], side_b: ["right"] }),
      201,
    );
    const path = `/v1/reconciliations/${other.body.id}/runs`;
    const foreign = await scene.api.post(path, { mode: "commit", preview_id: preview.id });
    const noPreview = await scene.api.post(runsPath(scene), { mode: "commit", preview_id: commit.id });
    for (const refused of [foreign, noPreview]) {
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: "/preview_id", code: "unknown" }] } });
    }
    expect((await scene.api.get(`${path}/${preview.id}`)).status).toBe(404);
    expect((await scene.api.get(`${path}/${preview.id}/matches`)).status).toBe(404);
  });
});

describe("the list of runs", () => {
  it("has the newest first, in pages that stay as they are while runs are added", async () => {
    const { scene } = await newPairs([]);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await runToEnd(scene, { mode: "preview" })).id);
    const first = await must(scene.api.get(`${runsPath(scene)}?limit=2`), 200);
    await runToEnd(scene, { mode: "preview" });
    const second = await must(scene.api.get(`${runsPath(scene)}?limit=2&cursor=${first.body.next_cursor}`), 200);
    expect([...first.body.data, ...second.body.data].map((run) => run.id)).toEqual(ids.toReversed());
    expect(second.body).toMatchObject({ next_cursor: null, has_more: false });
  });

  it("refuses what is not a page", async () => {
    const scene = await newScene({ runType: "batch" });
    for (const query of ["limit=0", "cursor=1", "mode=preview"]) {
      expect((await scene.api.get(`${runsPath(scene)}?${query}`)).status).toBe(422);
    }
  });
});

describe("a deleted reconciliation", () => {
  it("keeps its runs readable, ends the one under way, and takes no more", async () => {
    const { scene } = await newPairs(["x"]);
    const commit = await runToEnd(scene, { mode: "commit" });
    const pending = await newSilentRun(scene, "preview");
    await must(scene.api.delete(`/v1/reconciliations/${scene.reconciliation}?unmatch=true`), 204);
    expect((await scene.api.post(runsPath(scene), { mode: "preview" })).status).toBe(404);
    expect((await scene.api.get(runsPath(scene))).body.data.map((run: { id: string }) => run.id)).toEqual([
      pending,
      commit.id,
    ]);
    expect(await matchesOfRun(scene, commit.id)).toHaveLength(1);
    expect((await scene.api.get(`${runsPath(scene)}/${pending}`)).body).toMatchObject({
      status: "failed",
      problems: [{ code: "reconciliation_changed" }],
      problem_count: 1,
    });
  });
});

describe("what is not there", () => {
  it("is answered with 404", async () => {
    const scene = await newScene({ runType: "batch" });
    const unknown = `/v1/reconciliations/${UNKNOWN_ID}/runs`;
    expect((await scene.api.post(unknown, { mode: "preview" })).status).toBe(404);
    for (const path of [unknown, `${runsPath(scene)}/${UNKNOWN_ID}`, `${runsPath(scene)}/x/matches`]) {
      expect((await scene.api.get(path)).status).toBe(404);
    }
  });
});

itIsGuarded({
  endpoints: runEndpoints,
  prepare: async (tenant) => {
    const scene = await newScene({ runType: "batch", tenant });
    const run = await runToEnd(scene, { mode: "preview" });
    return { id: scene.reconciliation, run_id: run.id };
  },
});
