import { decideForItems, decideForRule, FIRST_ROUND, type WorkLimit } from "../../../src/core/matching/decide.ts";
import type { Decision } from "../../../src/core/matching/decision.ts";
import type { PaymentFacts } from "../../../src/core/matching/item.ts";
import type { IndexedItem, ItemIndex } from "../../../src/core/matching/item-index.ts";
import { listIndexKeys } from "../../../src/core/matching/keys.ts";
import type { EngineRule } from "../../../src/core/matching/rule.ts";
import { pairKeyOf } from "../../../src/core/matching/set-key.ts";
import { findTentative } from "../../../src/core/matching/tentative.ts";
import { takeInItem } from "../../../src/core/matching/waking.ts";
import { compilePaymentRule } from "../../../src/core/payment/compile-payment-rule.ts";
import type { PaymentCondition } from "../../../src/core/payment/payment-rule.ts";
import type { PaymentEvent, PaymentRecord } from "../../oracle/payment-worlds.ts";
import {
  isOpen,
  nameOf,
  type OracleLink,
  type OraclePayment,
  type OraclePaymentRule,
  type OracleTransaction,
  type PaymentState,
} from "../../oracle/payments.ts";

export const SMALL_SLICES: WorkLimit = { items: 3, steps: 2_000 };
const EVERYTHING = Number.MAX_SAFE_INTEGER;

/** A link as it was made, with what there was before it. */
export interface MadeLink {
  link: OracleLink;
  rule: OraclePaymentRule;
  before: PaymentState;
}

/** Transactions and expected payments in the engine's shape, over an index that has to be empty. */
export class PaymentWorld {
  readonly index: ItemIndex;
  readonly rules: readonly EngineRule[];
  readonly made: MadeLink[] = [];
  /** What has been found of pending transactions, as it was found. */
  readonly tentative: string[] = [];
  readonly decisions: Decision[] = [];
  readonly #definitions: readonly OraclePaymentRule[];
  readonly #records: PaymentRecord[] = [];
  readonly #ids = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  readonly #links: { transaction: string; payment: string; amount: number }[] = [];
  readonly #undone = new Set<string>();

  constructor(rules: readonly OraclePaymentRule[], index: ItemIndex) {
    this.index = index;
    this.#definitions = rules;
    this.rules = rules.map(toEngineRule);
  }

  /** Takes in a record, which counts as having come at `place`, and works until nothing is left to look at. */
  arrive(record: PaymentRecord, place = this.#ids.size): void {
    this.drain(this.bring(record, place));
  }

  /** As `arrive`, without the work; answers what has to be looked at. */
  bring(record: PaymentRecord, place = this.#ids.size): number[] {
    this.#ids.set(record.id, place + 1);
    this.#records.push(record);
    return this.takeIn(record.id);
  }

  /** Puts a record without a look at anything. */
  put(record: PaymentRecord, place = this.#ids.size): number {
    this.#ids.set(record.id, place + 1);
    this.#records.push(record);
    const item = this.#itemOf(record);
    this.index.put(item, listIndexKeys(this.rules, item));
    return item.id;
  }

  /** Lets something happen, if it is allowed. */
  happen({ kind, place, other }: PaymentEvent): void {
    const untouched = this.#records.filter(({ links }) => links === 0);
    const chosen = untouched[place % untouched.length];
    if (kind === "undo") this.#undo(place);
    else if (kind === "link") this.#linkByHand(place, other);
    else if (chosen && kind === "delete") this.#remove(chosen.id);
    else if (chosen && kind === "edit") this.#edit(chosen, untouched, other);
    else if (chosen?.kind === "transaction" && kind === "post") this.#replace({ ...chosen, isPending: false });
  }

  /**
   * Looks at items until nothing is left to look at, pending ones for what would be made of them. Answers the number of
   * slices.
   */
  drain(ids: readonly number[], limit = SMALL_SLICES, onSlice: () => void = () => undefined): number {
    const queue = new Set(ids);
    for (let rounds = 0; ; rounds++) {
      if (queue.size === 0) return rounds;
      if (rounds > 2_000) throw new Error("it does not settle");
      const page = [...queue].slice(0, limit.items);
      const { decisions, again, visited, failures } = decideForItems(page, this.rules, this.index, limit);
      if (failures.length > 0) throw new Error(failures[0]?.message);
      this.#take(decisions);
      const looked = page.slice(0, visited);
      for (const id of looked) queue.delete(id);
      for (const id of again) queue.add(id);
      const pending = findTentative(looked, this.rules, this.index, { items: EVERYTHING, steps: EVERYTHING });
      for (const found of pending.found) this.tentative.push(describeTentative(found));
      onSlice();
    }
  }

  /** A pass under one rule after the other; answers what is to be looked at after it. */
  pass(limit: WorkLimit = SMALL_SLICES): number[] {
    const woken = new Set<number>();
    for (const rule of this.rules) {
      for (let position = FIRST_ROUND as typeof FIRST_ROUND | null; position !== null; ) {
        const slice = decideForRule(rule, this.rules, this.index, position, limit);
        this.#take(slice.decisions);
        for (const id of slice.woken) woken.add(id);
        position = slice.next;
      }
    }
    return [...woken];
  }

  /** Brings what a record is now into the index; answers what has to be looked at. */
  takeIn(id: string): number[] {
    const record = this.#records.find((one) => one.id === id);
    const item = record && this.#isOpen(record) ? this.#itemOf(record) : null;
    const itemId = this.#ids.get(id) as number;
    const woken = takeInItem(itemId, item, this.rules, this.index);
    return item ? [itemId, ...woken] : woken;
  }

  get state(): PaymentState {
    return {
      transactions: this.#records.filter((record) => record.kind === "transaction"),
      payments: this.#records.filter((record) => record.kind === "payment"),
      undone: new Set(this.#undone),
    };
  }

  /** What each rule has noted, as `rule record`. */
  get notes(): string[] {
    const names = new Map([...this.#ids].map(([name, id]) => [id, name]));
    const rules = new Map(this.rules.map(({ id, uid }) => [id, uid]));
    return this.index.listNotes(null, EVERYTHING).map(({ itemId, ruleId, finding }) => {
      if (finding === "cut") throw new Error("worlds are too small for that");
      return `${rules.get(ruleId)} ${names.get(itemId)}`;
    });
  }

  get links(): string[] {
    return this.made.map(({ link }) => `${link.rule_id} ${nameOf(link)}`);
  }

  idOf(name: string): number {
    return this.#ids.get(name) as number;
  }

  /** What would be made of pending transactions now. */
  findTentative(names: readonly string[]): string[] {
    const ids = names.map((name) => this.idOf(name));
    const { found } = findTentative(ids, this.rules, this.index, { items: EVERYTHING, steps: EVERYTHING });
    return found.map(describeTentative);
  }

  #take(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      this.decisions.push(decision);
      const rule = this.#definitions.find(({ id }) => id === decision.rule.uid) as OraclePaymentRule;
      const link = linkOf(decision);
      this.made.push({ link, rule, before: this.state });
      for (const { payment_id, amount } of link.parts) this.#addLink(link.transaction_id, payment_id, amount);
    }
  }

  #addLink(transaction: string, payment: string, amount: number): void {
    this.#links.push({ transaction, payment, amount });
    this.#count([transaction, payment], amount, 1);
  }

  #count(ids: readonly string[], amount: number, links: number): void {
    for (const [place, record] of this.#records.entries()) {
      if (!ids.includes(record.id)) continue;
      this.#records[place] = { ...record, linked: record.linked + amount, links: record.links + links };
    }
  }

  #undo(place: number): void {
    const [link] = this.#links.splice(place % Math.max(1, this.#links.length), 1);
    if (!link) return;
    this.#count([link.transaction, link.payment], -link.amount, -1);
    this.#undone.add(`${link.transaction} ${link.payment}`);
    this.index.addVoidedSets([pairKeyOf(this.idOf(link.transaction), this.idOf(link.payment))]);
    this.drain([link.transaction, link.payment].flatMap((id) => this.takeIn(id)));
  }

  #linkByHand(place: number, other: number): void {
    const { transactions, payments } = this.state;
    const waiting = payments.filter(isOpen);
    const transaction = transactions[place % transactions.length];
    const payment = waiting[other % waiting.length];
    if (!transaction || !payment || transaction.isPending) return;
    const amount = Math.min(transaction.amount - transaction.linked, payment.upper - payment.linked, 1 + (other % 3));
    const isLinked = this.#links.some((one) => one.transaction === transaction.id && one.payment === payment.id);
    if (amount <= 0 || isLinked) return;
    this.#addLink(transaction.id, payment.id, amount);
    this.drain([transaction.id, payment.id].flatMap((id) => this.takeIn(id)));
  }

  #edit(chosen: PaymentRecord, untouched: readonly PaymentRecord[], other: number): void {
    const others = untouched.filter(({ kind }) => kind === chosen.kind);
    const content = others[other % others.length] as PaymentRecord;
    this.#replace({ ...content, id: chosen.id });
  }

  #replace(record: PaymentRecord): void {
    const place = this.#records.findIndex(({ id }) => id === record.id);
    this.#records[place] = record;
    this.#versions.set(record.id, (this.#versions.get(record.id) ?? 1) + 1);
    this.drain(this.takeIn(record.id));
  }

  #remove(id: string): void {
    const place = this.#records.findIndex((record) => record.id === id);
    this.#records.splice(place, 1);
    this.drain(this.takeIn(id));
  }

  #isOpen(record: PaymentRecord): boolean {
    if (record.kind === "payment") return isOpen(record);
    return record.links === 0 || record.linked < record.amount;
  }

  #itemOf(record: PaymentRecord): IndexedItem {
    const id = this.#ids.get(record.id) as number;
    return { ...toIndexedItem(record, id), version: this.#versions.get(record.id) ?? 1 };
  }
}

function describeTentative({ rule, transaction, payments }: ReturnType<typeof findTentative>["found"][number]): string {
  return `${rule.uid} ${transaction.uid} = ${payments
    .map(({ uid }) => uid)
    .sort()
    .join(" ")}`;
}

function linkOf({ rule, allocations }: Decision): OracleLink {
  const transactions = allocations.filter(({ side }) => side === "a");
  const parts = allocations
    .filter(({ side }) => side === "b")
    .map(({ item, amount }) => ({ payment_id: item.uid, amount }));
  const [first, ...more] = transactions;
  const sum = parts.reduce((total, { amount }) => total + amount, 0);
  if (!first || more.length > 0 || first.amount !== sum || first.amount !== first.item.amount) {
    throw new Error(`a match of ${JSON.stringify(allocations)}`);
  }
  return { rule_id: rule.uid, transaction_id: first.item.uid, parts };
}

export function toIndexedItem(record: PaymentRecord, id: number): IndexedItem {
  const { side, date, amount, description, facts } =
    record.kind === "transaction" ? partsOfTransaction(record) : partsOfPayment(record);
  return {
    ...{ id, uid: record.id, side, sourceId: side === "a" ? 1 : 2, typeKey: side, version: 1, date, amount },
    open: amount - record.linked,
    matches: record.links,
    currency: record.currency,
    sign: record.direction === "credit" ? 1 : -1,
    description,
    externalId: null,
    metadata: {},
    payment: facts,
    due: null,
  };
}

function partsOfTransaction({ date, amount, isPending, fields }: OracleTransaction) {
  const facts: PaymentFacts = { slack: 0, isPending, dates: { lower: null, upper: null }, alternatives: [fields] };
  return { side: "a" as const, date, amount, description: fields.vendor_description ?? null, facts };
}

function partsOfPayment({ lower, upper, dates, counterparty, alternatives }: OraclePayment) {
  const facts: PaymentFacts = {
    slack: upper - lower,
    isPending: false,
    dates,
    alternatives: alternatives.map((fields) => ({ ...fields, counterparty_id: counterparty })),
  };
  const date = dates.lower ?? dates.upper ?? "2026-02-28";
  return { side: "b" as const, date, amount: upper, description: null, facts };
}

export function toEngineRule(rule: OraclePaymentRule, place: number): EngineRule {
  const conditions = rule.conditions.map(({ transaction, operator, payment }): PaymentCondition => {
    return { field: `transaction.${transaction}`, operator, value_field: `expected_payment.${payment}` };
  });
  const operator = rule.any ? "or" : "and";
  return compilePaymentRule({
    id: place + 1,
    uid: rule.id,
    version: 1,
    definition: {
      strategy: rule.strategy,
      conditions: { operator: "and", blocks: conditions.length > 0 ? [{ operator, conditions }] : [] },
      group_by: rule.group_by.length > 0 ? rule.group_by.map((field) => `expected_payment.${field}`) : null,
      on_ambiguous: rule.on_ambiguous,
    },
  });
}
