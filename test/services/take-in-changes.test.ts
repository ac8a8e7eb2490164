import { describe, expect, it } from "vitest";
import type { Side } from "../../src/core/matching/item.ts";
import { listIndexKeys } from "../../src/core/matching/keys.ts";
import type { Db } from "../../src/db/client.ts";
import { type ItemRow, toItem } from "../../src/db/items.ts";
import type { News } from "../../src/db/news.ts";
import { compileRules } from "../../src/services/load-configuration.ts";
import type { Configuration, Progress } from "../../src/services/reconciler-store.ts";
import { refresh, takeInChanges } from "../../src/services/take-in-changes.ts";
import { MemoryStore } from "../support/memory-store.ts";

const ACCOUNT = "0199aa00-0000-7000-8000-000000000000";
const WAITING = 5_000;
const COMING = 100;

/** No key leads from an expected payment to the pending transactions that it may be of: all of them are read. */
const CONFIGURATION: Configuration = {
  reconciliationId: 1,
  reconciliationUid: ACCOUNT,
  environmentId: 0,
  generation: 1,
  runType: "continuous",
  expectedWithinDays: null,
  dueGeneration: 0,
  accountUid: ACCOUNT,
  sources: [
    { id: 1, side: "a" },
    { id: 2, side: "b" },
  ],
  rules: [],
  paymentRules: [
    {
      id: 1,
      uid: "rule",
      version: 1,
      definition: {
        strategy: "one_to_one",
        conditions: {
          operator: "and",
          blocks: [
            {
              operator: "and",
              conditions: [
                {
                  field: "transaction.vendor_description",
                  operator: "contains",
                  value_field: "expected_payment.custom_identifiers.ref",
                },
              ],
            },
          ],
        },
        group_by: null,
        on_ambiguous: "skip",
      },
    },
  ],
};

function rowOf(id: number, side: Side, more: Partial<ItemRow>): ItemRow {
  return {
    ...{ id, uid: `record ${id}`, source_id: side === "a" ? 1 : 2, type_key: side, side, version: 1 },
    ...{ date: "2026-03-10", amount: 10_000, currency: "USD", direction: 1, description: null, external_id: null },
    ...{ metadata: "{}", expected_by: null, is_adjustment: 0, is_pending: 0, attributes: "{}", amount_lower: null },
    ...{ deleted_at: null, matched: 0, match_count: 0, status: 0, overdue_at: null, ambiguous_at: null },
    ...more,
  };
}

const waiting = Array.from({ length: WAITING }, (_, n) => {
  return rowOf(1 + n, "a", { amount: 1 + n, is_pending: 1, description: `no. ${n}` });
});
const coming = Array.from({ length: COMING }, (_, n) => {
  const alternatives = [{ type: null, custom_identifiers: { ref: `INV-${n}` } }];
  const attributes = { date_lower_bound: null, date_upper_bound: null, counterparty_id: null, alternatives };
  return rowOf(WAITING + 1 + n, "b", { amount_lower: 1, attributes: JSON.stringify(attributes) });
});
const comingIds = coming.map(({ id }) => id);

/** A store that has taken in what waits. */
function newStore(): MemoryStore {
  const store = new MemoryStore();
  const rules = compileRules(CONFIGURATION);
  for (const row of waiting) {
    const item = toItem(row, CONFIGURATION);
    store.index.put(item, listIndexKeys(rules, item));
  }
  const cursors = [
    { sourceId: 1, no: WAITING, token: WAITING },
    { sourceId: 2, no: 0, token: null },
  ];
  const progress = { cursors, head: { no: 0, hash: "" }, isLoading: false, reindexAfter: null, pass: null };
  store.writeProgress(progress);
  return store;
}

function newsOf(rows: readonly ItemRow[]): News {
  const changes = rows.map((row, place) => ({ ...row, change_id: place + 1, no: place + 1, token: 10 * (place + 1) }));
  const sources = [
    { source_id: 1, side: "a" as const, change_no: WAITING, token_at_position: WAITING },
    { source_id: 2, side: "b" as const, change_no: rows.length, token_at_position: null },
  ];
  return { reconciliation: {} as News["reconciliation"], sources, changes };
}

/** News as they are after a position. */
function after({ changes, ...news }: News, { cursors }: Progress): News {
  const no = cursors[1]?.no as number;
  return { ...news, changes: changes.filter((change) => change.no > no) };
}

describe("changes of which each concerns very much", () => {
  it("are taken in over several slices, each once, in their order", () => {
    const store = newStore();
    const news = newsOf(coming);
    const rules = compileRules(CONFIGURATION);
    const takeIn = () => {
      const progress = store.readProgress() as Progress;
      return takeInChanges(store, CONFIGURATION, rules, progress, after(news, progress));
    };
    expect(takeIn()).toBe(false);
    const first = store.readProgress()?.cursors[1];
    expect(first?.no).toBeGreaterThan(1);
    expect(first?.no).toBeLessThan(COMING / 2);
    expect(first?.token).toBe(10 * (first?.no as number));
    expect(store.peekQueue(WAITING)).toEqual(comingIds.slice(0, first?.no));
    let slices = 1;
    for (let isComplete = false; !isComplete; slices++) isComplete = takeIn();
    expect(slices).toBe(Math.ceil(COMING / (first?.no as number)));
    expect(store.readProgress()?.cursors[1]).toEqual({ sourceId: 2, no: COMING, token: 10 * COMING });
    expect(store.peekQueue(WAITING)).toEqual(comingIds);
    expect(store.listIds(WAITING, WAITING)).toEqual(comingIds);
  });

  it("are taken in at once where nothing is to be looked at yet", () => {
    const store = newStore();
    const progress: Progress = { ...(store.readProgress() as Progress), isLoading: true };
    takeInChanges(store, CONFIGURATION, compileRules(CONFIGURATION), progress, newsOf(coming));
    expect(store.readProgress()).toMatchObject({ isLoading: false, pass: { rule: 0 } });
    expect(store.peekQueue(1)).toEqual([]);
    expect(store.listIds(WAITING, WAITING)).toEqual(comingIds);
  });
});

describe("records in doubt of which each concerns very much", () => {
  it("are read anew a part at a time, and are in doubt until then", async () => {
    const store = newStore();
    const gone = WAITING + COMING + 1;
    store.writeInFlight([...comingIds, gone]);
    const inFlight: number[] = [];
    store.transaction = (work) => {
      const result = work();
      inFlight.push(store.readInFlight().length);
      return result;
    };
    await refresh({ db: answering(coming) } as Parameters<typeof refresh>[0], store, CONFIGURATION, [
      ...comingIds,
      gone,
    ]);
    expect(inFlight[0]).toBe(COMING);
    expect(inFlight.length).toBeGreaterThan(3);
    expect(inFlight.at(-1)).toBe(0);
    expect(store.peekQueue(WAITING)).toEqual(comingIds);
  });
});

/** A database that has these rows for every question. */
function answering(results: readonly ItemRow[]): Db {
  const bound = { all: async () => ({ results }) };
  return { d1: { prepare: () => ({ bind: () => bound }) } } as unknown as Db;
}
