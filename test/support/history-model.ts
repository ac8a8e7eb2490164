import { sql } from "drizzle-orm";
import { dayNumber } from "../../src/core/calendar.ts";
import { all } from "../../src/db/client.ts";
import type { History } from "./history.ts";

interface Fields {
  side: "a" | "b";
  date: string;
  amount: number;
  currency: string;
  direction: 1 | -1;
}

interface Pair {
  status: number;
  matched: number;
}

/** What the rows said after a step. */
interface Moment {
  day: string;
  records: Map<string, Fields>;
  pairs: Map<string, Pair>;
  rules: Map<string | null, { matches: number; records: number }>;
}

/** What one reconciliation of a history was after each step, and what its summary has to say of any day. */
export class HistoryModel {
  readonly #moments: Moment[] = [];
  /** The moment at which something was first matched with a record. */
  readonly #touched = new Map<string, number>();

  async remember(history: History, place: { id: number }): Promise<void> {
    const { db } = history.scene;
    const records = await all<Fields & { uid: string }>(
      db,
      sql`select r.uid, rs.side, r.date, r.amount, r.currency, r.direction from reconciliation_sources rs
        join records r on r.source_id = rs.source_id
        where rs.reconciliation_id = ${place.id} and r.deleted_at is null and r.is_pending = 0`,
    );
    const pairs = await all<Pair & { uid: string }>(
      db,
      sql`select r.uid, e.status, e.matched from entries e join records r on r.id = e.record_id
        where e.reconciliation_id = ${place.id} and e.status > 0`,
    );
    const rules = await all<{ uid: string | null; matches: number; records: number }>(
      db,
      sql`select u.uid, count(*) as matches, sum((select count(*) from allocations where match_id = m.id)) as records
        from matches m left join reconciliation_rules u on u.id = m.rule_id
        where m.reconciliation_id = ${place.id} and m.status = 'matched' group by u.uid`,
    );
    const moment = this.#moments.length;
    for (const { uid } of pairs) if (!this.#touched.has(uid)) this.#touched.set(uid, moment);
    this.#moments.push({
      day: history.today,
      records: new Map(records.map(({ uid, ...fields }) => [uid, fields])),
      pairs: new Map(pairs.map(({ uid, ...pair }) => [uid, pair])),
      rules: new Map(rules.map(({ uid, ...rule }) => [uid, rule])),
    });
  }

  get days(): string[] {
    return [...new Set(this.#moments.map(({ day }) => day))];
  }

  /** The records of a day: what was ever matched as it was then, all others as they are now. */
  #listRecords(asOf: string): (Fields & Pair)[] {
    const last = this.#moments.length - 1;
    const end = this.#moments.findLastIndex(({ day }) => day <= asOf);
    const uids = new Set(this.#moments.flatMap(({ records }) => [...records.keys()]));
    return [...uids].flatMap((uid) => {
      const touched = this.#touched.get(uid);
      const fields = this.#moments[touched === undefined ? last : Math.max(end, touched)]?.records.get(uid);
      const pair = this.#moments[end]?.pairs.get(uid) ?? { status: 0, matched: 0 };
      return fields && fields.date <= asOf ? [{ ...fields, ...pair }] : [];
    });
  }

  summarize(asOf: string) {
    const records = this.#listRecords(asOf);
    const rules = this.#moments.findLast(({ day }) => day <= asOf)?.rules ?? new Map();
    const sums = (["a", "b"] as const).map((side) =>
      sumUp(
        records.filter((record) => record.side === side),
        asOf,
      ),
    );
    const [a, b] = sums as [ReturnType<typeof sumUp>, ReturnType<typeof sumUp>];
    const signed = (side: "a" | "b", currency: string) =>
      total(
        records
          .filter((record) => record.side === side && record.currency === currency)
          .map(({ direction, amount }) => direction * amount),
      );
    const currencies = [...new Set(records.map(({ currency }) => currency))].sort();
    return {
      side_a: a,
      side_b: b,
      difference: currencies.map((currency) => [currency, signed("a", currency), signed("b", currency)]),
      rules: [...rules].map(([rule, { matches, records }]) => [rule, matches, records]),
      reconciled: records.filter(({ status }) => status === 2).length,
    };
  }
}

const STATUSES = ["unreconciled", "partially_reconciled", "reconciled"];
const AGES = [7, 30, 60, 90];

function sumUp(records: readonly (Fields & Pair)[], asOf: string) {
  const totals = new Map<string, [count: number, amount: bigint, matched: bigint]>();
  const aging = [0, 0, 0, 0, 0];
  const open = new Map<string, bigint>();
  for (const { date, amount, currency, direction, status, matched } of records) {
    const name = `${currency} ${STATUSES[status]} ${direction === 1 ? "credit" : "debit"}`;
    const [count, sum, sumMatched] = totals.get(name) ?? [0, 0n, 0n];
    totals.set(name, [count + 1, sum + BigInt(amount), sumMatched + BigInt(matched)]);
    if (status === 2) continue;
    const age = dayNumber(asOf) - dayNumber(date);
    const bucket = AGES.filter((bound) => age > bound).length;
    aging[bucket] = (aging[bucket] ?? 0) + 1;
    const key = `${bucket} ${currency} ${direction === 1 ? "credit" : "debit"}`;
    open.set(key, (open.get(key) ?? 0n) + BigInt(amount - matched));
  }
  return { records: records.length, totals: Object.fromEntries(totals), aging, open: Object.fromEntries(open) };
}

function total(values: readonly number[]): bigint {
  return values.reduce((sum, value) => sum + BigInt(value), 0n);
}
