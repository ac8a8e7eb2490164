import { z } from "@hono/zod-openapi";
import { sha256Hex } from "../../core/digest.ts";
import { INTEGRITY_CHECKS } from "../../core/integrity.ts";
import { isPlaceOf } from "../../core/integrity-place.ts";
import type { IntegrityPlace } from "../../services/check-integrity.ts";
import type { ServiceContext } from "../../services/context.ts";

const CHECK_CHARS = 16;

const storedPlace = z.tuple([z.enum(INTEGRITY_CHECKS)]).rest(z.union([z.string(), z.int()]));

/** A cursor for a place of the caller's environment: names of keys may be in it, so it is not a number. */
export async function writePlace(ctx: ServiceContext, { check, place }: IntegrityPlace): Promise<string> {
  const text = toBase64Url(JSON.stringify([check, ...place]));
  return `${text}.${await checkOf(ctx, text)}`;
}

/**
 * Undefined if it is not a cursor of this environment's checks. Its check has no secret and can be forged: a check must
 * not read by what stands in it beyond the caller's environment.
 */
export async function readPlace(ctx: ServiceContext, cursor: string): Promise<IntegrityPlace | undefined> {
  const [text = "", ...check] = cursor.split(".");
  if (check.length !== 1 || check[0] !== (await checkOf(ctx, text))) return undefined;
  const parsed = storedPlace.safeParse(decode(text));
  if (!parsed.success) return undefined;
  const [name, ...place] = parsed.data;
  return isPlaceOf(name, place) ? { check: name, place } : undefined;
}

async function checkOf(ctx: ServiceContext, text: string): Promise<string> {
  return (await sha256Hex(`integrity\n${ctx.environmentUid}\n${text}`)).slice(0, CHECK_CHARS);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(fromBase64Url(text));
  } catch {
    return undefined;
  }
}

function toBase64Url(text: string): string {
  const binary = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
