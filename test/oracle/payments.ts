// What a rule of the payments door may link, by trying everything.
//
// Choices:
// - A transaction of which anything is linked takes no part; a pending one takes none either.
// - An expected payment is gone once it has a link and what is linked reaches its lower bound.
// - A pair that was undone is not linked, does not count as a rival, and keeps its transaction's whole group open.
// - `skip`, many to one: all transactions that fit a payment count against what is open of it, also those that fit
//   another one as well.

export type OracleStrategy =
  | "one_to_one"
  | "one_transaction_to_many_expected_payments"
  | "many_transactions_to_one_expected_payment";

type Fields = Readonly<Record<string, string>>;

/** A transaction; `linked` in minor units, over `links` links. */
export interface OracleTransaction {
  readonly id: string;
  readonly amount: number;
  readonly direction: "credit" | "debit";
  readonly currency: string;
  readonly date: string;
  readonly isPending: boolean;
  readonly fields: Fields;
  readonly linked: number;
  readonly links: number;
}

/** An expected payment; bounds and `linked` in minor units. */
export interface OraclePayment {
  readonly id: string;
  readonly lower: number;
  readonly upper: number;
  readonly direction: "credit" | "debit";
  readonly currency: string;
  readonly dates: { readonly lower: string | null; readonly upper: string | null };
  readonly counterparty: string | null;
  readonly alternatives: readonly Fields[];
  readonly linked: number;
  readonly links: number;
}

export interface OraclePaymentCondition {
  readonly transaction: string;
  readonly operator: "equals" | "contains";
  readonly payment: string;
}

export interface OraclePaymentRule {
  readonly id: string;
  readonly strategy: OracleStrategy;
  readonly on_ambiguous: "earliest" | "skip";
  /** Whether one of the conditions is enough. */
  readonly any: boolean;
  readonly conditions: readonly OraclePaymentCondition[];
  readonly group_by: readonly string[];
}

/** What one match links: a transaction with one expected payment or several. */
export interface OracleLink {
  readonly rule_id: string;
  readonly transaction_id: string;
  readonly parts: readonly { readonly payment_id: string; readonly amount: number }[];
}

export interface PaymentState {
  readonly transactions: readonly OracleTransaction[];
  readonly payments: readonly OraclePayment[];
  /** Pairs that were undone, as `transaction payment`. */
  readonly undone: ReadonlySet<string>;
}

/** Every link that a rule allows in a state, were there no others. */
export function linksOf(state: PaymentState, rule: OraclePaymentRule): OracleLink[] {
  const transactions = state.transactions.filter(takesPart);
  const payments = state.payments.filter(isOpen);
  if (rule.strategy === "one_transaction_to_many_expected_payments") {
    const buckets = new Set(payments.flatMap((payment) => bucketsOf(rule, payment)).filter((one) => one !== undefined));
    return transactions.flatMap((transaction) =>
      [...buckets].flatMap((bucket) => groupLink(state, rule, transaction, bucket) ?? []),
    );
  }
  return transactions.flatMap((transaction) =>
    payments
      .filter((payment) => fits(state, rule, transaction, payment))
      .map((payment) => linkOf(rule, transaction, [payment])),
  );
}

/** Those of them about which a rule that skips has no doubt. */
export function certainLinksOf(state: PaymentState, rule: OraclePaymentRule): OracleLink[] {
  const links = linksOf(state, rule);
  return links.filter((link) => {
    if (links.some((other) => other !== link && other.transaction_id === link.transaction_id)) return false;
    const payments = link.parts.map(({ payment_id }) => payment_id);
    const rivals = links.filter((other) => other.parts.some(({ payment_id }) => payments.includes(payment_id)));
    if (rule.strategy !== "many_transactions_to_one_expected_payment") return rivals.length === 1;
    const sum = rivals.reduce((total, { parts: [part] }) => total + (part?.amount ?? 0), 0);
    const payment = state.payments.find(({ id }) => id === payments[0]);
    return payment !== undefined && sum <= payment.upper - payment.linked;
  });
}

/** What a rule would link in a state: under `earliest` any link may be the next. */
export function possibleLinksOf(state: PaymentState, rule: OraclePaymentRule): OracleLink[] {
  return rule.on_ambiguous === "skip" ? certainLinksOf(state, rule) : linksOf(state, rule);
}

export function nameOf({ transaction_id, parts }: Pick<OracleLink, "transaction_id" | "parts">): string {
  return `${transaction_id} = ${parts
    .map(({ payment_id, amount }) => `${payment_id}:${amount}`)
    .sort()
    .join(" ")}`;
}

/** An expected payment that is still waited for. */
export function isOpen({ links, linked, lower }: OraclePayment): boolean {
  return links === 0 || linked < lower;
}

function takesPart({ isPending, links }: OracleTransaction): boolean {
  return !isPending && links === 0;
}

function fits(
  state: PaymentState,
  rule: OraclePaymentRule,
  transaction: OracleTransaction,
  payment: OraclePayment,
): boolean {
  const { amount, date } = transaction;
  if (state.undone.has(`${transaction.id} ${payment.id}`) || !satisfies(rule, transaction, payment)) return false;
  if (rule.strategy === "one_to_one") return payment.links === 0 && amount >= payment.lower && amount <= payment.upper;
  const { lower, upper } = payment.dates;
  if (lower === null || upper === null || date < lower || date > upper) return false;
  return amount > 0 && amount <= payment.upper - payment.linked;
}

function satisfies(rule: OraclePaymentRule, transaction: OracleTransaction, payment: OraclePayment): boolean {
  if (transaction.direction !== payment.direction || transaction.currency !== payment.currency) return false;
  return payment.alternatives.some((fields) => {
    const outcomes = rule.conditions.map((condition) => holds(condition, transaction.fields, fields));
    return rule.any && outcomes.length > 0 ? outcomes.includes(true) : !outcomes.includes(false);
  });
}

function holds({ transaction, operator, payment }: OraclePaymentCondition, left: Fields, right: Fields): boolean {
  const [a, b] = [left[transaction], right[payment]];
  if (a === undefined || b === undefined) return false;
  return operator === "equals" ? a === b : a.includes(b);
}

function groupLink(
  state: PaymentState,
  rule: OraclePaymentRule,
  transaction: OracleTransaction,
  bucket: string,
): OracleLink | undefined {
  const members = state.payments.filter(
    (payment) => isOpen(payment) && bucketsOf(rule, payment).includes(bucket) && satisfies(rule, transaction, payment),
  );
  const mayBePaid = (payment: OraclePayment) =>
    bucketsOf(rule, payment).every((one) => one === bucket) &&
    payment.links === 0 &&
    payment.lower === payment.upper &&
    !state.undone.has(`${transaction.id} ${payment.id}`);
  const sum = members.reduce((total, { upper }) => total + upper, 0);
  if (members.length === 0 || sum !== transaction.amount || !members.every(mayBePaid)) return undefined;
  return linkOf(rule, transaction, members);
}

function linkOf(
  rule: OraclePaymentRule,
  transaction: OracleTransaction,
  payments: readonly OraclePayment[],
): OracleLink {
  const isGroup = rule.strategy === "one_transaction_to_many_expected_payments";
  return {
    rule_id: rule.id,
    transaction_id: transaction.id,
    parts: payments.map(({ id, upper }) => ({ payment_id: id, amount: isGroup ? upper : transaction.amount })),
  };
}

/** The group that each alternative of a payment names. */
function bucketsOf(rule: OraclePaymentRule, payment: OraclePayment): (string | undefined)[] {
  return payment.alternatives.map((fields) => {
    const values = rule.group_by.map((field) => groupValue(payment, fields, field));
    return values.includes(undefined) ? undefined : JSON.stringify(values);
  });
}

function groupValue(payment: OraclePayment, fields: Fields, field: string): string | undefined {
  if (field === "date_lower_bound") return payment.dates.lower ?? undefined;
  if (field === "date_upper_bound") return payment.dates.upper ?? undefined;
  if (field === "counterparty_id") return payment.counterparty ?? undefined;
  return fields[field];
}
