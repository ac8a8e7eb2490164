import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { v7 as newId } from "uuid";
import { API_KEY_CACHE_MS } from "../../config.ts";
import { includesScope } from "../../core/api-key.ts";
import type { Db } from "../../db/client.ts";
import { authenticate, type Caller, noteKeyUse } from "../../services/authenticate.ts";
import type { WebhookUrlRules } from "../../services/check-webhook-url.ts";
import type { ServiceContext } from "../../services/context.ts";
import type { Jobs } from "../../services/jobs.ts";
import type { Reconcilers } from "../../services/reconcilers.ts";
import type { AppEnv } from "../app-env.ts";
import { limitKey, limitLookUp } from "../rate-limit.ts";
import { Refused } from "../refusal.ts";

export interface AuthenticationDependencies {
  openDb(c: Context<AppEnv>): Db;
  openReconcilers(c: Context<AppEnv>): Reconcilers;
  openJobs(c: Context<AppEnv>): Jobs;
  openWebhookUrlRules(c: Context<AppEnv>): WebhookUrlRules;
}

interface Remembered {
  caller: Caller;
  until: number;
}

const REMEMBERED_MAX_KEYS = 1_000;

/** Finds out who calls, and hands each endpoint a way to ask for the scope that it declares. */
export function authentication({ openDb, openReconcilers, openJobs, openWebhookUrlRules }: AuthenticationDependencies) {
  // A key that is revoked is refused everywhere once this has run out.
  const remembered = new Map<string, Remembered>();

  return createMiddleware<AppEnv>(async (c, next) => {
    const key = readKey(c.req.raw.headers);
    if (!key) throw new Refused({ kind: "unauthenticated" });
    const now = Date.now();
    const db = openDb(c);
    const cached = remembered.get(key);
    const fresh = cached && cached.until > now ? cached.caller : undefined;
    if (!fresh) await limitLookUp(c.env, c.req.raw.headers);
    const caller = fresh ?? (await authenticate(db, key, c.env.BOOTSTRAP_API_KEY, now));
    if (!caller) throw new Refused({ kind: "unauthenticated" });
    if (!fresh) {
      if (remembered.size >= REMEMBERED_MAX_KEYS) remembered.clear();
      remembered.set(key, { caller, until: Math.min(now + API_KEY_CACHE_MS, caller.validUntil ?? Infinity) });
      if (caller.keyId !== null) c.executionCtx.waitUntil(noteKeyUse(db, caller.keyId, now));
    }
    await limitKey(c.env, caller.keyUid);
    c.set("apiKey", key);
    c.set("caller", caller);
    c.set("authorize", (scope) => {
      if (!includesScope(caller.scopes, scope)) throw new Refused({ kind: "missing_scope", scope });
      return {
        db,
        environmentId: caller.environmentId,
        environmentUid: caller.environmentUid,
        isLive: caller.mode === "live",
        keyUid: caller.keyUid,
        isBootstrap: caller.keyId === null,
        requestUid: c.var.requestId,
        now: () => Date.now(),
        newId: () => newId(),
        reconcilers: openReconcilers(c),
        jobs: openJobs(c),
        webhooks: c.env.WEBHOOKS,
        webhookUrlRules: openWebhookUrlRules(c),
        alongside: [],
      } satisfies ServiceContext;
    });
    await next();
  });
}

function readKey(headers: Headers): string | undefined {
  const own = headers.get("x-api-key");
  if (own) return own;
  const [, scheme, credentials = ""] = /^(\S+) +(\S+)$/.exec(headers.get("authorization") ?? "") ?? [];
  if (scheme?.toLowerCase() === "bearer") return credentials;
  if (scheme?.toLowerCase() !== "basic") return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.from(atob(credentials), (char) => char.charCodeAt(0)));
    return text.includes(":") ? text.slice(text.indexOf(":") + 1) || undefined : undefined;
  } catch {
    return undefined;
  }
}
