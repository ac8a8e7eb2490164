import { sql } from "drizzle-orm";
import type { Direction } from "../core/ledger/balance.ts";
import type { TextMetadata } from "../core/metadata.ts";
import { conflict, type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { findLedgerAccount, type LedgerAccountRow } from "../db/ledger-accounts.ts";
import { findLedger, ledgerIsLive } from "../db/ledgers.ts";
import { checkAccountLink, type LedgerLink } from "./check-ledger-link.ts";
import type { ServiceContext } from "./context.ts";

export interface NewLedgerAccount extends LedgerLink {
  ledgerUid: string;
  name: string;
  description: string | null;
  normalBalance: Direction;
  currency: string;
  currencyExponent: number;
  externalId: string | null;
  metadata: TextMetadata;
}

export async function createLedgerAccount(
  ctx: ServiceContext,
  input: NewLedgerAccount,
): Promise<Result<LedgerAccountRow>> {
  const ledger = await findLedger(ctx.db, ctx.environmentId, input.ledgerUid);
  if (!ledger || ledger.discardedAt !== null) return invalid([UNKNOWN_LEDGER]);
  const errors = await checkAccountLink(ctx, input);
  if (errors.length > 0) return invalid(errors);
  const uid = ctx.newId();
  const now = ctx.now();
  try {
    await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(ledgerIsLive(ledger.id)),
      ...auditChange(ctx, { action: "ledger_account.created", uid }, [
        sql`insert into ledger_accounts (uid, environment_id, ledger_id, name, description, normal_balance, currency,
            currency_exponent, ledgerable_type, ledgerable_uid, external_id, metadata, created_at, updated_at)
          values (${uid}, ${ctx.environmentId}, ${ledger.id}, ${input.name}, ${input.description},
            ${input.normalBalance === "credit" ? 1 : -1}, ${input.currency}, ${input.currencyExponent},
            ${input.ledgerableType}, ${input.ledgerableUid}, ${input.externalId}, ${JSON.stringify(input.metadata)},
            ${now}, ${now})`,
      ]),
    ]);
  } catch (error) {
    const constraint = findConstraint(error);
    if (constraint?.kind === "unique" && constraint.name.startsWith("ledger_accounts.")) return accountIdTaken();
    if (constraint?.kind !== "guard") throw error;
    // Else the guard spoke for a statement of the caller's.
    if ((await findLedger(ctx.db, ctx.environmentId, input.ledgerUid))?.discardedAt === null) throw error;
    return invalid([UNKNOWN_LEDGER]);
  }
  return ok((await findLedgerAccount(ctx.db, ctx.environmentId, uid)) as LedgerAccountRow);
}

const UNKNOWN_LEDGER: FieldError = { path: "/ledger_id", code: "not_found", message: "There is no such ledger." };

export function accountIdTaken(): Result<never> {
  const message = "Another account of this ledger has this external_id.";
  return conflict(message, [{ path: "/external_id", code: "taken", message }]);
}
