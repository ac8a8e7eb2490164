import { z } from "@hono/zod-openapi";
import { REQUIRED } from "../../core/field-errors.ts";
import { BALANCE_KINDS } from "../../core/ledger/balance.ts";
import type { EntryDraft } from "../../core/ledger/entries.ts";
import { COMPARISONS, readLocks } from "../../core/ledger/lock.ts";
import { keepValues, metadataSchema } from "../../core/metadata.ts";
import { MAX_MINOR_UNITS } from "../../core/money.ts";

const bound = z.int().min(-MAX_MINOR_UNITS).max(MAX_MINOR_UNITS).optional();
const bounds = z
  .strictObject(
    Object.fromEntries(COMPARISONS.map((name) => [name, bound])) as Record<(typeof COMPARISONS)[number], typeof bound>,
  )
  .nullish()
  .meta({ description: "Refuses the whole call unless the balance keeps these once the transaction is written" });
const balanceLocks = Object.fromEntries(BALANCE_KINDS.map((kind) => [`${kind}_balance_amount`, bounds])) as Record<
  `${(typeof BALANCE_KINDS)[number]}_balance_amount`,
  typeof bounds
>;

const amount = z.int().min(0).max(MAX_MINOR_UNITS);

const entryFields = {
  amount: amount.optional().meta({ description: "In minor units; this or amount_string" }),
  amount_string: z
    .string()
    .regex(/^\d{1,15}$/, "Must be a whole number of minor units of at most 15 digits.")
    .optional(),
  direction: z.enum(["credit", "debit"]),
  ledger_account_id: z.uuid(),
  metadata: metadataSchema.optional(),
};

function hasOneAmount(
  entry: { amount?: number | undefined; amount_string?: string | undefined },
  context: z.RefinementCtx,
) {
  const { amount, amount_string: text } = entry;
  const refuse = (field: string, code: string, message: string) =>
    context.addIssue({ code: "custom", path: [field], message, params: { code } });
  if (amount === undefined && text === undefined) refuse("amount", "required", REQUIRED);
  if (amount !== undefined && text !== undefined && amount !== Number(text)) {
    refuse("amount_string", "invalid", "Is another amount than the field amount.");
  }
}

/** An entry as it is sent. */
export const newLedgerEntry = z
  .strictObject({
    ...entryFields,
    lock_version: z.int().min(0).nullish().meta({ description: "Refuses the call unless it is the account's" }),
    ...balanceLocks,
    show_resulting_ledger_account_balances: z.boolean().nullish(),
  })
  .superRefine(hasOneAmount);

/** An entry that is posted at once, without locks. */
export const newPostedEntry = z.strictObject(entryFields).superRefine(hasOneAmount);

/** What an entry as it was sent asks for. */
export function readEntryDraft(
  entry: z.output<typeof newPostedEntry> & Partial<z.output<typeof newLedgerEntry>>,
): EntryDraft {
  return {
    accountUid: entry.ledger_account_id,
    direction: entry.direction,
    amount: entry.amount ?? Number(entry.amount_string),
    metadata: keepValues(entry.metadata ?? {}),
    lockVersion: entry.lock_version ?? null,
    locks: readLocks(entry),
  };
}
