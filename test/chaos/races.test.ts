import { beforeEach, describe, expect, it } from "vitest";
import type { Api, Reply } from "../support/api.ts";
import { newRow, sendRows } from "../support/bulk-requests.ts";
import { listFaults } from "../support/integrity.ts";
import { finishBulk } from "../support/jobs.ts";
import { newPaymentScene } from "../support/payments.ts";
import { finishRun, runsPath } from "../support/runs.ts";
import { bindings, must, newScene, SAME_REFERENCE, type Scene } from "../support/scene.ts";
import { muteQueue } from "../support/webhooks.ts";

const CROWD = 100;
const PAIRS = 40;
const WAVE = 8;
const SWEEPS = 20;

beforeEach(() => void muteQueue());

const refs = Array.from({ length: PAIRS }, (_, n) => `R-${n}`);
const ref = (name: string) => ({ metadata: { ref: name } });
const ids = (replies: readonly Reply[]) => replies.map(({ body }) => body.id as string);
const count = (replies: readonly Reply[], status: number) => replies.filter((reply) => reply.status === status).length;

/** Lets the Reconciler work off what is left, as the cron does. */
async function settle(reconciliation: string): Promise<void> {
  for (let sweeps = 0; sweeps < SWEEPS; sweeps++) await bindings.RECONCILER.getByName(reconciliation).sweep();
}

async function listLive(scene: Scene): Promise<Reply["body"][]> {
  return scene.matches("&status=matched");
}

/** All at once, in an order that mixes the two. */
function atOnce<T>(...works: (() => Promise<T>)[][]): Promise<T[]> {
  const longest = Math.max(...works.map(({ length }) => length));
  const mixed = Array.from({ length: longest }, (_, place) => works.flatMap((list) => list[place] ?? []));
  return Promise.all(mixed.flat().map((work) => work()));
}

function tell(figures: Record<string, number>): void {
  console.log(`races: ${JSON.stringify(figures)}`);
}

/**
 * Each thing and its rival: waves of things at once, and each rival of a wave some requests later than the one before
 * it, in later waves by more: some come too early, some too late, and some in between.
 */
async function inWaves(
  api: Api,
  things: (() => Promise<Reply>)[],
  rivals: (() => Promise<Reply>)[],
  pace = 1,
): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (let start = 0; start < things.length; start += WAVE) {
    const wave = things.slice(start, start + WAVE).map((thing) => thing());
    const against = rivals.slice(start, start + WAVE).map(async (rival, place) => {
      const turns = (pace * place * (WAVE + start)) / WAVE;
      for (let turn = 0; turn < turns; turn++) await api.get("/health");
      return rival();
    });
    replies.push(...(await Promise.all([...wave, ...against])));
  }
  return replies;
}

/** What is lost to another one at the same moment is asked for once more. */
async function insist(ask: () => Promise<Reply>): Promise<Reply> {
  for (;;) {
    const reply = await ask();
    if (reply.headers.get("retry-after") === null) return reply;
  }
}

/** Nothing is wrong, each record is in one live match at most, and so many of them are. */
async function expectSound(scene: Scene, matches: number): Promise<void> {
  await settle(scene.reconciliation);
  const live = await listLive(scene);
  const held = live.flatMap((match) => match.records.map(({ record_id }: { record_id: string }) => record_id));
  expect(live).toHaveLength(matches);
  expect(new Set(held).size).toBe(held.length);
  expect(await listFaults(scene.tenant.admin)).toEqual([]);
}

describe("equal records", () => {
  it("that come in parallel make a match for each two of them", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    const lefts = Array.from({ length: CROWD }, () => () => scene.left(ref("crowd")));
    const rights = Array.from({ length: CROWD }, () => () => scene.right(ref("crowd")));
    const replies = await atOnce(lefts, rights);
    expect(count(replies, 201)).toBe(2 * CROWD);
    expect(new Set(ids(replies)).size).toBe(2 * CROWD);
    await expectSound(scene, CROWD);
    const { body } = await must(scene.api.get(`/v1/records?status=reconciled&limit=200`), 200);
    expect(body.data).toHaveLength(2 * CROWD);
  });

  it("of one external_id are there once, however they come", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    const rows = refs.map((name) => newRow({ external_id: name, ...ref(name) }));
    const bulks = await Promise.all([1, 2, 3].map(() => sendRows(scene.api, rows, "skip")));
    const singles = refs.map((name) => () => scene.left({ external_id: name, ...ref(name) }));
    const [done, replies] = await Promise.all([
      Promise.all(bulks.map(({ id }) => finishBulk(scene.api, id))),
      inWaves(scene.api, singles, singles),
    ]);
    expect(count(replies, 201) + count(replies, 409)).toBe(2 * PAIRS);
    for (const { status, successful_items, skipped_items } of done) {
      expect([status, successful_items + skipped_items]).toEqual(["completed", PAIRS]);
    }
    const ofBulks = done.reduce((sum, { successful_items }) => sum + successful_items, 0);
    const made = count(replies, 201) + ofBulks;
    tell({ madeOneByOne: count(replies, 201), madeInBulk: ofBulks });
    expect(made).toBe(PAIRS);
    expect((await must(scene.api.get("/v1/data_sources/left"), 200)).body.record_count).toBe(PAIRS);
    await expectSound(scene, 0);
  });
});

describe("while its match is made, a record", () => {
  it("is deleted or matched, not both", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    const lefts = ids(await Promise.all(refs.map((name) => scene.left(ref(name)))));
    const removals = lefts.map((id) => () => insist(() => scene.api.delete(`/v1/records/${id}`)));
    const arrivals = refs.map((name) => () => scene.right(ref(name)));
    const replies = await inWaves(scene.api, arrivals, removals);
    const [deleted, matched] = [count(replies, 204), count(replies, 409)];
    tell({ deleted, matched });
    expect([count(replies, 201), deleted + matched]).toEqual([PAIRS, PAIRS]);
    await expectSound(scene, matched);
    expect((await must(scene.api.get("/v1/data_sources/left"), 200)).body.record_count).toBe(matched);
  });

  it("is changed or matched, not both", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    const lefts = ids(await Promise.all(refs.map((name) => scene.left(ref(name)))));
    const changes = lefts.map((id) => () => insist(() => scene.api.patch(`/v1/records/${id}`, { amount: 90 })));
    const arrivals = refs.map((name) => () => scene.right(ref(name)));
    const replies = await inWaves(scene.api, arrivals, changes);
    const [changed, matched] = [count(replies, 200), count(replies, 409)];
    tell({ changed, matched });
    expect([count(replies, 201), changed + matched]).toEqual([PAIRS, PAIRS]);
    await expectSound(scene, matched);
    const cheap = await must(scene.api.get("/v1/records?amount_max=90&limit=200"), 200);
    expect(cheap.body.data).toHaveLength(changed);
    await Promise.all(refs.map((name) => scene.right({ ...ref(name), amount: 90 })));
    await expectSound(scene, PAIRS);
  });
});

describe("a match that is voided", () => {
  it("lets its record go to a rival that comes at the same moment", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    for (const name of refs) await must(scene.left(ref(name)), 201);
    for (const name of refs) await must(scene.right(ref(name)), 201);
    const first = await listLive(scene);
    expect(first).toHaveLength(PAIRS);
    const voids = first.map(
      ({ id }) =>
        () =>
          insist(() => scene.api.delete(`/v1/reconciliation_matches/${id}`)),
    );
    const rivals = refs.map((name) => () => scene.left(ref(name)));
    const replies = await atOnce(voids, rivals, voids);
    expect([count(replies, 200), count(replies, 201)]).toEqual([2 * PAIRS, PAIRS]);
    await expectSound(scene, PAIRS);
    const known = new Set(first.map(({ id }) => id));
    expect((await listLive(scene)).filter(({ id }) => known.has(id))).toEqual([]);
    expect(await scene.matches("&status=voided")).toHaveLength(PAIRS);
    const audit = await must(scene.api.get(`/v1/reconciliations/${scene.reconciliation}/audit?limit=200`), 200);
    expect(audit.body).toMatchObject({ valid: true, checked: 3 * PAIRS });
  });

  it("leaves its records to one of two people who match them by hand", { timeout: 120_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    const pairs: string[][] = [];
    for (const name of refs) pairs.push(ids([await scene.left(ref(name)), await scene.right(ref(name))]));
    const byHand = pairs.map((record_ids) => () => matchByHand(scene, record_ids));
    const replies = await atOnce(byHand, byHand);
    expect([count(replies, 201), count(replies, 409)]).toEqual([PAIRS, PAIRS]);
    const made = replies.filter(({ status }) => status === 201).map(({ body }) => body.id);
    const voids = made.map((id) => () => insist(() => scene.api.delete(`/v1/reconciliation_matches/${id}`)));
    const again = await atOnce(voids, byHand, byHand);
    const rematched = count(again, 201);
    tell({ voided: count(again, 200), rematched });
    expect([count(again, 200), rematched + count(again, 409)]).toEqual([PAIRS, 2 * PAIRS]);
    await expectSound(scene, rematched);
  });
});

function matchByHand(scene: Scene, record_ids: string[]): Promise<Reply> {
  const body = { reconciliation_id: scene.reconciliation, record_ids };
  return insist(() => scene.api.post("/v1/reconciliation_matches", body));
}

describe("a reconciliation", () => {
  it("of which two runs are asked for at once makes each match once", { timeout: 120_000 }, async () => {
    const scene = await newScene({ runType: "batch" });
    for (const name of refs) await must(scene.left(ref(name)), 201);
    for (const name of refs) await must(scene.right(ref(name)), 201);
    const run = () => scene.api.post(runsPath(scene), { mode: "commit" });
    const replies = await Promise.all([run(), run(), run()]);
    const accepted = replies.filter(({ status }) => status === 202);
    expect([accepted.length, count(replies, 409)]).toEqual([1, 2]);
    const done = await finishRun(scene, accepted[0]?.body.id);
    expect([done.status, done.matched_records]).toEqual(["completed", 2 * PAIRS]);
    await expectSound(scene, PAIRS);
  });

  it("keeps each match once while its rules change", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    const [rule] = scene.rules;
    const arrivals = refs.flatMap((name) => [() => scene.left(ref(name)), () => scene.right(ref(name))]);
    const change = (n: number) => () =>
      insist(() =>
        scene.api.patch(`/v1/reconciliation_rules/${rule}`, n % 2 ? { priority: n } : { filters: SAME_REFERENCE }),
      );
    const replies = await atOnce(
      arrivals,
      Array.from({ length: 10 }, (_, n) => change(n)),
    );
    expect([count(replies, 201), count(replies, 200)]).toEqual([2 * PAIRS, 10]);
    await expectSound(scene, PAIRS);
  });

  it("that is deleted under load leaves no match and every record", { timeout: 120_000 }, async () => {
    const scene = await newScene();
    const arrivals = refs.flatMap((name) => [() => scene.left(ref(name)), () => scene.right(ref(name))]);
    const path = `/v1/reconciliations/${scene.reconciliation}`;
    const early = await atOnce(arrivals.slice(0, PAIRS));
    const removal = () => insist(() => scene.api.delete(`${path}?unmatch=true`));
    const late = await atOnce([...arrivals.slice(PAIRS, -PAIRS / 2), removal, ...arrivals.slice(-PAIRS / 2)]);
    const replies = [...early, ...late];
    expect(count(replies, 201)).toBe(2 * PAIRS);
    expect(count(replies, 202) + count(replies, 204)).toBe(1);
    const voided = await scene.matches("&status=voided");
    tell({ voidedByDeletion: voided.length });
    expect(voided.length).toBeGreaterThanOrEqual(PAIRS / 2);
    await expectSound(scene, 0);
    const { body } = await must(scene.api.get("/v1/records?limit=200"), 200);
    expect(body.data).toHaveLength(2 * PAIRS);
    expect(new Set(body.data.map((record: Reply["body"]) => record.reconciliations.length))).toEqual(new Set([0]));
    await must(scene.api.get(path), 404);
  });
});

describe("an expected payment", () => {
  it("is archived or linked, not both, and the ledger says so", { timeout: 120_000 }, async () => {
    const scene = await newPaymentScene();
    const conditions = { operator: "and", blocks: [] };
    await must(scene.api.post("/api/reconciliation_rules", { name: "All", strategy: "one_to_one", conditions }), 201);
    const amounts = refs.map((_, n) => 1_000 + n);
    const payments: Reply["body"][] = [];
    for (const amount of amounts) {
      payments.push(await scene.expectPayment(amount, {}, { ledger_transaction: scene.booking(amount) }));
    }
    const archive = payments.map(
      ({ id }) =>
        () =>
          insist(() => scene.api.delete(`/api/expected_payments/${id}`)),
    );
    const receive = amounts.map((amount) => () => receiveOf(scene.api, scene.account, amount));
    const replies = await inWaves(scene.api, receive, archive);
    const [archived, refused] = [count(replies, 200), count(replies, 422)];
    tell({ archived, linked: refused });
    expect([count(replies, 201), archived + refused]).toEqual([PAIRS, PAIRS]);
    await settle(scene.account);
    const linked = (await must(scene.api.get("/api/transaction_line_items?per_page=100"), 200)).body;
    expect(linked).toHaveLength(refused);
    const sum = linked.reduce((total: number, item: { amount: number }) => total + item.amount, 0);
    expect(await scene.balancesOf(scene.revenue)).toEqual([sum, sum, sum]);
    expect(await listFaults(scene.tenant.admin)).toEqual([]);
  });

  it("is closed short before its link is undone or not at all", { timeout: 120_000 }, async () => {
    const scene = await newPaymentScene();
    const payments: string[] = [];
    const links: string[] = [];
    for (const _ of refs) {
      const payment = await scene.expectPayment(1_000, {}, { ledger_transaction: scene.booking(1_000) });
      const { id } = await scene.receive(400);
      payments.push(payment.id);
      links.push((await must(scene.link(id, payment.id, 400), 201)).body.id);
    }
    const close = payments.map((id) => () => {
      return insist(() => scene.api.patch(`/api/expected_payments/${id}`, { status: "reconciled" }));
    });
    const undo = links.map((id) => () => insist(() => scene.api.delete(`/api/transaction_line_items/${id}`)));
    const replies = await inWaves(scene.api, undo, close, 6);
    const [ok, tooLate] = [count(replies, 200), count(replies, 422)];
    tell({ closed: ok - PAIRS, tooLate });
    expect(ok + tooLate).toBe(2 * PAIRS);
    await settle(scene.account);
    expect((await must(scene.api.get("/api/transaction_line_items"), 200)).body).toEqual([]);
    expect(await scene.balancesOf(scene.revenue)).toEqual([PAIRS * 1_000, 0, 0]);
    expect(await listFaults(scene.tenant.admin)).toEqual([]);
  });

  it("is linked with one of two transactions that pay it at once", { timeout: 120_000 }, async () => {
    const scene = await newPaymentScene();
    const amounts = refs.map((_, n) => 1_000 + n);
    const links: (() => Promise<Reply>)[][] = [[], []];
    for (const amount of amounts) {
      const payment = await scene.expectPayment(amount, {}, { ledger_transaction: scene.booking(amount) });
      for (const list of links) {
        const { id } = await scene.receive(amount);
        list.push(() => insist(() => scene.link(id, payment.id, amount)));
      }
    }
    const replies = await atOnce(...links);
    expect([count(replies, 201), count(replies, 422)]).toEqual([PAIRS, PAIRS]);
    await settle(scene.account);
    const sum = amounts.reduce((total, amount) => total + amount, 0);
    expect(await scene.balancesOf(scene.revenue)).toEqual([sum, sum, sum]);
    expect(await listFaults(scene.tenant.admin)).toEqual([]);
  });
});

function receiveOf(api: Api, account: string, amount: number): Promise<Reply> {
  const body = { internal_account_id: account, amount, direction: "credit", as_of_date: "2026-03-10", type: "ach" };
  return api.post("/api/transactions", { ...body, posted: true });
}
