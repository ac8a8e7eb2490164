import { z } from "@hono/zod-openapi";

const minorUnits = z
  .union([z.int(), z.string().regex(/^-?\d+$/)])
  .meta({ description: "In minor units; a decimal string beyond 999,999,999,999,999" });

function exampleOf(credits: number, debits: number) {
  return {
    credits,
    credits_string: `${credits}`,
    debits,
    debits_string: `${debits}`,
    amount: credits - debits,
    amount_string: `${credits - debits}`,
    currency: "USD",
    currency_exponent: 2,
  };
}

const balance = z
  .object({
    credits: minorUnits,
    credits_string: z.string(),
    debits: minorUnits,
    debits_string: z.string(),
    amount: minorUnits,
    amount_string: z.string(),
    currency: z.string(),
    currency_exponent: z.int(),
  })
  .meta({ id: "LedgerBalance", example: exampleOf(1000, 250) });

/** The three balances of a ledger account. */
export const balances = { pending_balance: balance, posted_balance: balance, available_balance: balance };

/** Of a credit normal account with 10.00 posted on its credit side and 2.50 pending on the other one. */
export const balancesExample = {
  pending_balance: exampleOf(1000, 250),
  posted_balance: exampleOf(1000, 0),
  available_balance: exampleOf(1000, 250),
};
