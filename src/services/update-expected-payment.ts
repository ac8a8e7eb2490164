import canonicalize from "canonicalize";
import { dayOf } from "../core/calendar.ts";
import { METADATA_TOO_LARGE, mergeMetadata, metadataFits } from "../core/metadata.ts";
import type { GivenVariable } from "../core/payment/expected-payment-schema.ts";
import type { ExpectedPaymentSnapshot } from "../core/payment/expected-payment-view.ts";
import { completeVariables, describePaymentRecord } from "../core/payment/payment-record.ts";
import type { RuleVariable } from "../core/payment/rule-variable.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import {
  type ExpectedPaymentTexts,
  expectPaymentUnchanged,
  findFormerRecord,
  moveToAccount,
  type PaymentAccount,
  updateTexts,
  updateVariables,
} from "../db/expected-payment-commit.ts";
import type { ExpectedPaymentRow } from "../db/payment-rows.ts";
import { withdrawRecord } from "./archive-expected-payment.ts";
import { changeExpectedPayment, type PaymentChange } from "./change-expected-payment.ts";
import { planClosing } from "./close-expected-payment.ts";
import type { ServiceContext } from "./context.ts";
import { findAccountForVariables, isPaymentIdTaken, paymentIdTaken } from "./create-expected-payment.ts";

/** What is absent stays. */
export interface ExpectedPaymentPatch {
  /** Reconciles it by hand with less than it should have been. */
  isClosed: boolean;
  variables?: GivenVariable[] | undefined;
  texts: ExpectedPaymentTexts;
}

const NOTHING: PaymentChange = { statements: [], eventUids: [], accountUids: [] };
const VARIABLES = "/reconciliation_rule_variables";

/** Changes an expected payment, which is matched by its new rule variables, or closes it short. */
export async function updateExpectedPayment(
  ctx: ServiceContext,
  uid: string,
  patch: ExpectedPaymentPatch,
): Promise<Result<ExpectedPaymentSnapshot>> {
  try {
    return await changeExpectedPayment(ctx, uid, (row, now) => planPatch(ctx, row, patch, now));
  } catch (error) {
    if (isPaymentIdTaken(error)) return paymentIdTaken();
    throw error;
  }
}

async function planPatch(
  ctx: ServiceContext,
  row: ExpectedPaymentRow,
  patch: ExpectedPaymentPatch,
  now: number,
): Promise<Result<PaymentChange | null>> {
  if (!metadataFits(mergeMetadata(row.snapshot.metadata, patch.texts.metadata ?? {}))) {
    return invalid([METADATA_TOO_LARGE]);
  }
  const matching = await planMatching(ctx, row, patch, now);
  if (!matching.ok) return matching;
  const hasTexts = Object.values(patch.texts).some((text) => text !== undefined);
  const { statements, ...rest } = matching.value;
  if (statements.length === 0 && !hasTexts) return ok(null);
  const guard = statements.length === 0 ? [] : [expectPaymentUnchanged(row)];
  const texts = hasTexts ? updateTexts(row.id, patch.texts, now) : [];
  return ok({ ...rest, statements: [...guard, ...texts, ...statements] });
}

async function planMatching(
  ctx: ServiceContext,
  row: ExpectedPaymentRow,
  { isClosed, variables }: ExpectedPaymentPatch,
  now: number,
): Promise<Result<PaymentChange>> {
  if (isClosed && variables) {
    return invalid([{ path: VARIABLES, code: "invalid", message: "A payment is closed as it stands." }]);
  }
  if (isClosed) return planClosing(ctx, row, now);
  return variables ? planVariables(ctx, row, variables, now) : ok(NOTHING);
}

async function planVariables(
  ctx: ServiceContext,
  row: ExpectedPaymentRow,
  given: GivenVariable[],
  now: number,
): Promise<Result<PaymentChange>> {
  const { status } = row.snapshot;
  if (status === "reconciled" || status === "archived") {
    return invalid([{ path: VARIABLES, code: "immutable", message: `The payment is ${status}.` }]);
  }
  const found = await findAccountForVariables(ctx, given);
  if (!found.ok) return found;
  const variables = completeVariables(given, found.value.currency);
  // What changes nothing is no change: a pair that a person has undone stays undone.
  if (canonicalize(variables) === canonicalize(row.snapshot.variables)) return ok(NOTHING);
  if (status === "partially_reconciled") {
    const errors = listBreaches(row.snapshot, variables);
    if (errors.length > 0) return invalid(errors);
  }
  if (isBookedInAnother(row.snapshot, variables)) return invalid([BOOKED]);
  return ok(await writeVariables(ctx, row, found.value, variables, now));
}

const BOOKED: FieldError = {
  path: `${VARIABLES}/0/internal_account_id`,
  code: "other_currency",
  message: "The payment is booked in a ledger, and the account is in another currency.",
};

function isBookedInAnother(
  { ledger_transaction_id, variables: current }: ExpectedPaymentSnapshot,
  variables: readonly RuleVariable[],
): boolean {
  return ledger_transaction_id !== null && current[0]?.currency !== variables[0]?.currency;
}

/** What of new rule variables does not go with what is reconciled already. */
function listBreaches(
  { variables: current, matched }: ExpectedPaymentSnapshot,
  variables: RuleVariable[],
): FieldError[] {
  const [before, after] = [current[0] as RuleVariable, variables[0] as RuleVariable];
  const kept = (["internal_account_id", "direction", "currency"] as const).filter(
    (field) => before[field] !== after[field],
  );
  return [
    ...kept.map((field) => ({
      path: `${VARIABLES}/0/${field}`,
      code: "immutable",
      message: "This cannot be changed while a part is reconciled.",
    })),
    ...(after.amount_lower_bound > matched
      ? []
      : [
          {
            path: `${VARIABLES}/0/amount_lower_bound`,
            code: "too_small",
            message: `Must be more than the ${matched} that are reconciled.`,
          },
        ]),
  ];
}

async function writeVariables(
  ctx: ServiceContext,
  row: ExpectedPaymentRow,
  account: PaymentAccount,
  variables: RuleVariable[],
  now: number,
): Promise<PaymentChange> {
  const record = describePaymentRecord(variables, dayOf(row.snapshot.created_at));
  if (account.id === row.accountId) {
    return { ...NOTHING, statements: updateVariables(row, variables, record, now), accountUids: [account.uid] };
  }
  const uid = row.snapshot.id;
  const former = await findFormerRecord(ctx.db, uid, account);
  const placed = { uid, account, record, recordUid: former ?? ctx.newId(), isFormer: former !== undefined };
  return {
    ...NOTHING,
    statements: [...withdrawRecord(row, now), ...moveToAccount(row, placed, variables, now)],
    accountUids: [row.accountUid, account.uid],
  };
}
