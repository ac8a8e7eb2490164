import { z } from "zod";

export const SCOPES = ["read", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export const MODES = ["live", "test"] as const;
export type Mode = (typeof MODES)[number];

export const API_KEY_SECRET_BYTES = 32;
const SHOWN_SECRET_CHARS = 6;

/** Whether scopes suffice: `admin` includes `write`, and `write` includes `read`. */
export function includesScope(held: readonly Scope[], needed: Scope): boolean {
  const rank = SCOPES.indexOf(needed);
  return rank >= 0 && held.some((scope) => SCOPES.indexOf(scope) >= rank);
}

/** The text of a key, from random bytes, and the part of it that stays readable afterwards. */
export function formatApiKey(mode: Mode, secret: Uint8Array): { key: string; prefix: string } {
  const label = `tk_${mode}_`;
  const text = btoa(String.fromCharCode(...secret))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  return { key: `${label}${text}`, prefix: `${label}${text.slice(0, SHOWN_SECRET_CHARS)}` };
}

export const newApiKeySchema = z.strictObject({
  name: z.string().min(1).max(200),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .refine((scopes) => new Set(scopes).size === scopes.length, {
      message: "Name each scope once.",
      params: { code: "repeated" },
    })
    .meta({ description: "write includes read, and admin includes both" }),
  environment_id: z.uuid().optional().meta({ description: "By default the environment of the key that asks" }),
});

const API_KEY_OVERLAP_MAX_HOURS = 168;
const API_KEY_OVERLAP_DEFAULT_HOURS = 24;

export const newApiKeyRotationSchema = z.strictObject({
  overlap_hours: z
    .int()
    .min(0)
    .max(API_KEY_OVERLAP_MAX_HOURS)
    .default(API_KEY_OVERLAP_DEFAULT_HOURS)
    .meta({ description: "How long the key that is replaced stays valid" }),
});

export const newEnvironmentSchema = z.strictObject({
  name: z.string().min(1).max(200),
  mode: z.enum(MODES),
});
