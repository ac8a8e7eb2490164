import { z } from "zod";
import { type Day, parseDay } from "../calendar.ts";
import { REQUIRED } from "../field-errors.ts";
import { keepValues, metadataSchema, type TextMetadata } from "../metadata.ts";
import { MAX_MINOR_UNITS } from "../money.ts";
import { PAYMENT_TYPES } from "../payment-type.ts";
import { listUnkeptValues } from "../property.ts";
import { DIRECTIONS, type Direction } from "../record.ts";
import type { FieldError } from "../result.ts";
import type { TransactionAttributes } from "./attributes.ts";

export const TRANSACTION_TYPES = [...PAYMENT_TYPES, "other"] as const;

/** Whose code a `vendor_code` is, in Modern Treasury's words: those of its API today, and of its SDK 3.3.0. */
export const VENDOR_CODE_TYPES = [
  "bai2",
  "banking_circle",
  "bankprov",
  "bnk_dev",
  "brale",
  "cleartouch",
  "coinbase_prime",
  "column",
  "cross_river",
  "currencycloud",
  "dc_bank",
  "dwolla",
  "evolve",
  "fake_vendor",
  "goldman_sachs",
  "hifi",
  "iso20022",
  "jpmc",
  "modern_treasury",
  "mt_fof",
  "mx",
  "paxos",
  "paypal",
  "pnc",
  "signet",
  "silvergate",
  "swift",
  "turnkey",
  "us_bank",
  "user",
  "western_alliance",
] as const;

const CUSTOM_IDENTIFIERS_MAX = 50;
const IDENTIFIER_MAX_CHARS = 100;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$/;

/** A transaction that is to be made; `amount` in minor units of its account's currency. */
export interface TransactionDraft {
  accountUid: string;
  amount: number;
  direction: Direction;
  asOfDate: Day;
  isPosted: boolean;
  vendorDescription: string | null;
  metadata: TextMetadata;
  attributes: TransactionAttributes;
}

const keptText = z.string().min(1).max(255).nullish();

const customIdentifiers = z
  .record(z.string().max(IDENTIFIER_MAX_CHARS), z.string().max(IDENTIFIER_MAX_CHARS))
  .refine((identifiers) => Object.keys(identifiers).length <= CUSTOM_IDENTIFIERS_MAX, {
    error: `May have at most ${CUSTOM_IDENTIFIERS_MAX} identifiers.`,
    params: { code: "too_many_keys" },
  });

const details = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  for (const { path, code, message } of listUnkeptValues(value)) {
    context.addIssue({ code: "custom", path: [...path], message, params: { code } });
  }
});

/** The wire form of a new transaction. */
export const newTransactionSchema = z
  .strictObject({
    internal_account_id: z.uuid(),
    amount: z
      .int()
      .min(0)
      .max(MAX_MINOR_UNITS)
      .optional()
      .meta({ description: "In minor units; this or amount_string" }),
    amount_string: z
      .string()
      .regex(/^\d{1,15}$/, "Must be a whole number of minor units of at most 15 digits.")
      .optional(),
    direction: z.enum(DIRECTIONS).meta({ description: "credit: money comes in" }),
    as_of_date: z
      .string()
      .refine((text) => parseDay(text) !== undefined, {
        error: "Must be a date that exists, YYYY-MM-DD.",
        params: { code: "invalid_date" },
      })
      .meta({ format: "date" }),
    as_of_time: z.string().regex(TIME_OF_DAY, "Must be a time of the day, HH:MM:SS.").nullish(),
    posted: z.boolean().optional().meta({ description: "true unless it is given" }),
    type: z.enum(TRANSACTION_TYPES).nullish().meta({ description: "Required where there is no vendor code" }),
    vendor_code: keptText.meta({ description: "Required, with its type, where there is no type of the transaction" }),
    vendor_code_type: z.enum(VENDOR_CODE_TYPES).nullish(),
    vendor_customer_id: keptText,
    vendor_description: z.string().max(1000).nullish(),
    metadata: metadataSchema.optional(),
    custom_identifiers: customIdentifiers.nullish(),
    details: details.nullish(),
  })
  .superRefine((given, context) => {
    for (const { path, code, message } of [...listAmountErrors(given), ...listTypeErrors(given)]) {
      context.addIssue({ code: "custom", path: [path], message, params: { code } });
    }
  });

type NewTransaction = z.output<typeof newTransactionSchema>;

function listAmountErrors({ amount, amount_string }: Pick<NewTransaction, "amount" | "amount_string">): FieldError[] {
  if (amount === undefined && amount_string === undefined) {
    return [{ path: "amount", code: "required", message: REQUIRED }];
  }
  if (amount === undefined || amount_string === undefined || amount === Number(amount_string)) return [];
  return [{ path: "amount_string", code: "invalid", message: "Is another amount than the field amount." }];
}

function listTypeErrors(given: Pick<NewTransaction, "type" | "vendor_code" | "vendor_code_type">): FieldError[] {
  const hasCode = given.vendor_code != null;
  const hasCodeType = given.vendor_code_type != null;
  if (hasCode && !hasCodeType) return [missing("vendor_code_type", "A vendor_code needs its type.")];
  if (!hasCode && hasCodeType) return [missing("vendor_code", "A vendor_code_type needs its code.")];
  return hasCode || given.type != null ? [] : [missing("type", "Give a type, or a vendor code with its type.")];
}

function missing(path: string, message: string): FieldError {
  return { path, code: "required", message };
}

/** What a checked body asks for; what it leaves out or empty is not kept. */
export function readTransactionDraft(body: NewTransaction): TransactionDraft {
  const { custom_identifiers, details, type, vendor_code, vendor_code_type, vendor_customer_id, as_of_time } = body;
  const attributes = {
    type,
    vendor_code,
    vendor_code_type,
    vendor_customer_id,
    as_of_time,
    custom_identifiers,
    details,
  };
  return {
    accountUid: body.internal_account_id,
    amount: body.amount ?? Number(body.amount_string),
    direction: body.direction,
    asOfDate: parseDay(body.as_of_date) as Day,
    isPosted: body.posted ?? true,
    vendorDescription: body.vendor_description ?? null,
    metadata: keepValues(body.metadata ?? {}),
    attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value != null)),
  };
}
