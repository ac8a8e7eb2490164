import type { FieldError } from "../result.ts";
import type { LedgerStatus } from "./balance.ts";

/** What of a transaction is asked to change; each member says whether it would become another one than it is. */
export interface TransactionChange {
  status: LedgerStatus;
  description: boolean;
  effective_at: boolean;
  ledger_entries: boolean;
  ledgerable_type: boolean;
  ledgerable_id: boolean;
  external_id: boolean;
  metadata: boolean;
}

const MAY_BECOME: Record<LedgerStatus, readonly LedgerStatus[]> = {
  pending: ["pending", "posted", "archived"],
  posted: ["posted"],
  archived: ["archived"],
};

const MAY_CHANGE: Record<LedgerStatus, readonly (keyof TransactionChange)[]> = {
  pending: [
    "description",
    "effective_at",
    "ledger_entries",
    "ledgerable_type",
    "ledgerable_id",
    "external_id",
    "metadata",
  ],
  posted: ["external_id", "metadata"],
  archived: [],
};

const FIELDS = MAY_CHANGE.pending;

/**
 * What may not change by hand: a posted transaction keeps all but its metadata and external_id, an archived one
 * everything, and one that is linked to a payment has the status that the payment gives it.
 */
export function listForbiddenChanges(
  current: { status: LedgerStatus; isLinked: boolean },
  change: TransactionChange,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!MAY_BECOME[current.status].includes(change.status)) {
    errors.push(refuse("status", `A transaction that is ${current.status} stays so.`));
  } else if (current.isLinked && change.status !== current.status) {
    errors.push(refuse("status", "The status follows the linked payment."));
  }
  for (const field of FIELDS) {
    if (change[field] && !MAY_CHANGE[current.status].includes(field)) {
      errors.push(refuse(field, `This cannot be changed once a transaction is ${current.status}.`));
    }
  }
  return errors;
}

function refuse(field: string, message: string): FieldError {
  return { path: `/${field}`, code: "immutable", message };
}

export type PaymentStatus = "unreconciled" | "partially_reconciled" | "reconciled" | "archived";

const STATUS_UNDER: Record<PaymentStatus, LedgerStatus> = {
  unreconciled: "pending",
  partially_reconciled: "pending",
  reconciled: "posted",
  archived: "archived",
};

export type FollowUp = { kind: "none" } | { kind: "become"; status: LedgerStatus } | { kind: "reverse_and_renew" };

/**
 * What becomes of the transaction that is linked to a payment when the payment has this status. One that is posted
 * cannot go back: a posted reversal takes its place, and a new pending one takes its link. Undefined where the payment
 * cannot have come there: an archived transaction, and a posted one of an archived payment.
 */
export function followPayment(current: LedgerStatus, payment: PaymentStatus): FollowUp | undefined {
  const wanted = STATUS_UNDER[payment];
  if (current === wanted) return { kind: "none" };
  if (current === "pending") return { kind: "become", status: wanted };
  return current === "posted" && wanted === "pending" ? { kind: "reverse_and_renew" } : undefined;
}
