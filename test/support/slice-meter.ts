import { runInDurableObject } from "cloudflare:test";
import type { Db } from "../../src/db/client.ts";
import { SqliteStore } from "../../src/runtime/sqlite-store.ts";
import type { ReconcilerStore } from "../../src/services/reconciler-store.ts";
import { workOffSlice } from "./runs.ts";
import { bindings, type Scene } from "./scene.ts";

/** What a slice has cost; `largest` is the longest bound value, in characters. */
export interface SliceCost {
  ms: number;
  /** Of `ms`, what was spent waiting for D1. */
  d1Ms: number;
  d1Statements: number;
  d1RowsRead: number;
  d1RowsWritten: number;
  rowsRead: number;
  rowsWritten: number;
  queries: number;
  largest: number;
}

const FREE: SliceCost = {
  ms: 0,
  d1Ms: 0,
  d1Statements: 0,
  d1RowsRead: 0,
  d1RowsWritten: 0,
  rowsRead: 0,
  rowsWritten: 0,
  queries: 0,
  largest: 0,
};

const SLICES_MAX = 20_000;

/** Works slice by slice, each with a store that remembers nothing but what is in the object's SQLite. */
export class SliceMeter {
  readonly #scene: Scene;
  readonly #db: Db;
  #cost: SliceCost = { ...FREE };

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#db = { ...scene.db, d1: this.#meterD1(scene.db.d1) };
  }

  /** One slice, in an object of its own; answers whether another one waits. */
  async slice(): Promise<{ hasMore: boolean; cost: SliceCost }> {
    this.#cost = { ...FREE };
    const started = performance.now();
    const hasMore = await this.#withStore((store) => workOffSlice(this.#scene, store, this.#db));
    return { hasMore, cost: { ...this.#cost, ms: performance.now() - started } };
  }

  /** Slice by slice, until no other one waits. */
  async workOff(): Promise<SliceCost[]> {
    const costs: SliceCost[] = [];
    while (costs.length < SLICES_MAX) {
      const { hasMore, cost } = await this.slice();
      costs.push(cost);
      if (!hasMore) return costs;
    }
    throw new Error("it does not settle");
  }

  #withStore<T>(work: (store: ReconcilerStore) => Promise<T>): Promise<T> {
    const stub = bindings.RECONCILER.getByName(`metered-${this.#scene.reconciliation}`);
    return runInDurableObject(stub, (_, state) => work(new SqliteStore(this.#meterStorage(state.storage))));
  }

  #meterStorage(storage: DurableObjectStorage): DurableObjectStorage {
    const exec = (query: string, ...values: SqlStorageValue[]) => {
      this.#cost.queries += 1;
      this.#noteValues(values);
      const cursor = storage.sql.exec(query, ...values);
      return {
        toArray: () => {
          const rows = cursor.toArray();
          this.#cost.rowsRead += cursor.rowsRead;
          this.#cost.rowsWritten += cursor.rowsWritten;
          return rows;
        },
        get rowsRead() {
          return cursor.rowsRead;
        },
      };
    };
    return instead(storage, { sql: { exec } });
  }

  #meterD1(d1: D1Database): D1Database {
    const waitFor = async <T>(work: () => Promise<T>): Promise<T> => {
      const started = performance.now();
      const result = await work();
      this.#cost.d1Ms += performance.now() - started;
      return result;
    };
    const note = <R extends D1Result<unknown>>(result: R): R => {
      this.#cost.d1Statements += 1;
      this.#cost.d1RowsRead += result.meta.rows_read;
      this.#cost.d1RowsWritten += result.meta.rows_written;
      return result;
    };
    const batch = (statements: D1PreparedStatement[]) =>
      waitFor(async () => (await d1.batch(statements)).map((result) => note(result)));
    const prepare = (text: string) => {
      const statement = d1.prepare(text);
      return instead(statement, {
        bind: (...values: unknown[]) => {
          this.#noteValues(values);
          const bound = statement.bind(...values);
          const all = bound.all.bind(bound);
          bound.all = (() => waitFor(async () => note(await all()))) as typeof bound.all;
          return bound;
        },
      });
    };
    return instead(d1, { batch, prepare });
  }

  #noteValues(values: readonly unknown[]): void {
    for (const value of values) {
      if (typeof value === "string") this.#cost.largest = Math.max(this.#cost.largest, value.length);
    }
  }
}

/** The same object with some members of another kind. */
function instead<T extends object>(object: T, members: Record<string, unknown>): T {
  return new Proxy(object, {
    get(target, name) {
      if (typeof name === "string" && name in members) return members[name];
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Costs of many slices: how many, what they cost together, and, number by number, the most that one has cost. */
export function summarize(costs: readonly SliceCost[]) {
  const names = Object.keys(FREE) as (keyof SliceCost)[];
  const of = (fold: (values: number[]) => number) =>
    Object.fromEntries(names.map((name) => [name, Math.round(fold(costs.map((cost) => cost[name])))])) as Record<
      keyof SliceCost,
      number
    >;
  return {
    slices: costs.length,
    total: of((values) => values.reduce((sum, value) => sum + value, 0)),
    worst: of((values) => values.reduce((most, value) => Math.max(most, value), 0)),
  };
}
