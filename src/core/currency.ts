import { z } from "zod";
import { findExponent } from "./money.ts";

/** An ISO 4217 code in any case. */
export const currencySchema = z
  .string()
  .refine((text) => findExponent(text.toUpperCase()) !== undefined, {
    message: "Must be an ISO 4217 currency code, for instance USD.",
    params: { code: "invalid_currency" },
  })
  .meta({ example: "USD" });

/** As `currencySchema`; the outcome is in upper case. */
export const upperCurrencySchema = currencySchema.transform((code) => code.toUpperCase());
