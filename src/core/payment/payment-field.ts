import type { PaymentOperator } from "./payment-rule.ts";

export const PAYMENT_SIDES = ["transaction", "expected_payment"] as const;
export type PaymentSide = (typeof PAYMENT_SIDES)[number];

/** What a constant has to be that is held against a field. */
export type ConstantKind =
  | "currency"
  | "direction"
  | "account"
  | "transaction_type"
  | "payment_type"
  | "text"
  | "scalar";

/** What may be held against a field under some operators: a constant, fields of the other side, or either. */
export interface Comparison {
  operators: readonly PaymentOperator[];
  constant: ConstantKind | null;
  /** Names of fields of the other side. */
  fields: readonly string[];
}

export interface PaymentField {
  side: PaymentSide;
  /** As the table below has it: `type`, `custom_identifiers.<key>`. */
  name: string;
  /** As the side's items have it: `custom_identifiers.batch_id`. */
  path: string;
  comparisons: readonly Comparison[];
}

const FIELD_MAX_CHARS = 300;
const DETAILS = "details.<path>";
const IDENTIFIERS = "custom_identifiers.<key>";
const METADATA = "metadata.<key>";

function equalsSame(name: string, constant: ConstantKind): Comparison[] {
  return [{ operators: ["equals"], constant, fields: [name] }];
}

function isWithin(operator: PaymentOperator, bound: string): Comparison {
  return { operators: [operator], constant: null, fields: [bound] };
}

const TEXT = ["equals", "contains"] as const;

const FIELDS: Record<PaymentSide, Record<string, readonly Comparison[]>> = {
  transaction: {
    currency: equalsSame("currency", "currency"),
    direction: equalsSame("direction", "direction"),
    internal_account_id: equalsSame("internal_account_id", "account"),
    as_of_date: [
      isWithin("less_than_or_equals", "date_upper_bound"),
      isWithin("greater_than_or_equals", "date_lower_bound"),
    ],
    type: equalsSame("type", "transaction_type"),
    vendor_description: [{ operators: TEXT, constant: "text", fields: [IDENTIFIERS] }],
    [DETAILS]: [{ operators: ["equals"], constant: "scalar", fields: [IDENTIFIERS] }],
    [IDENTIFIERS]: [{ operators: TEXT, constant: "text", fields: [IDENTIFIERS] }],
    [METADATA]: [{ operators: TEXT, constant: "scalar", fields: [IDENTIFIERS] }],
  },
  expected_payment: {
    currency: equalsSame("currency", "currency"),
    direction: equalsSame("direction", "direction"),
    internal_account_id: equalsSame("internal_account_id", "account"),
    type: equalsSame("type", "payment_type"),
    counterparty_id: [{ operators: ["equals"], constant: "text", fields: [] }],
    date_upper_bound: [isWithin("greater_than_or_equals", "as_of_date")],
    date_lower_bound: [isWithin("less_than_or_equals", "as_of_date")],
    [IDENTIFIERS]: [
      { operators: TEXT, constant: "text", fields: ["vendor_description", DETAILS, IDENTIFIERS, METADATA] },
    ],
  },
};

const GROUPING = ["counterparty_id", "type", "direction", "currency", "date_lower_bound", "date_upper_bound"];

/** Fields of expected payments by which a rule may group. */
export const GROUPING_FIELDS: readonly string[] = [...GROUPING, IDENTIFIERS];

/** The field that a text such as `transaction.details.originator.name` names; undefined if there is no such field. */
export function findPaymentField(text: string): PaymentField | undefined {
  const side = PAYMENT_SIDES.find((known) => text.startsWith(`${known}.`));
  if (side === undefined || text.length > FIELD_MAX_CHARS) return undefined;
  const path = text.slice(side.length + 1);
  const name = nameOf(path);
  const comparisons = Object.hasOwn(FIELDS[side], name) ? FIELDS[side][name] : undefined;
  return comparisons && { side, name, path, comparisons };
}

/** The field of expected payments that `group_by` names, with its side or without; undefined for one it cannot name. */
export function findGroupingField(text: string): string | undefined {
  const field = findPaymentField(text.startsWith("expected_payment.") ? text : `expected_payment.${text}`);
  return field && GROUPING_FIELDS.includes(field.name) ? `expected_payment.${field.path}` : undefined;
}

export function otherPaymentSide(side: PaymentSide): PaymentSide {
  return side === "transaction" ? "expected_payment" : "transaction";
}

export function listFieldNames(side: PaymentSide): string[] {
  return Object.keys(FIELDS[side]).map((name) => `${side}.${name}`);
}

function nameOf(path: string): string {
  const [first = "", ...rest] = path.split(".");
  if (rest.length === 0) return first;
  const key = rest.join(".");
  if (key === "") return "";
  if (first === "details") return rest.includes("") ? "" : DETAILS;
  return first === "custom_identifiers" || first === "metadata" ? `${first}.<key>` : "";
}
