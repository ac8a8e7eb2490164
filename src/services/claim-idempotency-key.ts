import { v7 as newId } from "uuid";
import { IDEMPOTENCY_HOLD_MS } from "../config.ts";
import { type Failure, fail, invalid, ok, type Result } from "../core/result.ts";
import { unsealText } from "../core/sealed-text.ts";
import { type AnswerRow, claimMark, completeMark, type IdempotencyMark } from "../db/idempotency-keys.ts";
import type { ServiceContext } from "./context.ts";
import { placeOf } from "./keep-answer.ts";

/** A request that is to be carried out once. */
export interface OnceRequest {
  key: string;
  /** The API key as it was sent: what it is answered is kept under it. */
  secret: string;
  fingerprint: string;
}

export type Claimed =
  /** The request is the caller's to carry out, with this context. */
  | { kind: "held"; mark: IdempotencyMark; ctx: ServiceContext }
  /** It has been answered. */
  | { kind: "answered"; answer: AnswerRow & { body: string } }
  /** It has been carried out, and its answer is not there to be given again. */
  | { kind: "unanswered"; mark: IdempotencyMark };

/** Finds out whose a request with an `Idempotency-Key` is. */
export async function claimIdempotencyKey(ctx: ServiceContext, request: OnceRequest): Promise<Result<Claimed>> {
  const now = ctx.now();
  const claim = {
    apiKey: ctx.keyUid ?? "bootstrap",
    key: request.key,
    fingerprint: request.fingerprint,
    owner: newId(),
    resourceUid: ctx.newId(),
  };
  const mark = await claimMark(ctx.db, ctx.environmentId, claim, now);
  if (mark.owner === claim.owner) return ok({ kind: "held", mark, ctx: contextOf(ctx, mark) });
  if (mark.fingerprint !== claim.fingerprint) return invalid([USED_OTHERWISE]);
  if (mark.state === "answered") return ok(await readAnswer(request.secret, mark));
  if (now - mark.lockedAt < IDEMPOTENCY_HOLD_MS) return fail(IN_FLIGHT);
  return mark.state === "written" ? ok({ kind: "unanswered", mark }) : fail(IN_FLIGHT);
}

export const IN_FLIGHT: Failure = {
  kind: "conflict",
  detail: "A request with this Idempotency-Key is being worked on.",
  retryAfterSeconds: 1,
};

const USED_OTHERWISE = {
  path: "Idempotency-Key",
  code: "used_otherwise",
  message: "Another request was sent with this key; give each its own.",
};

function contextOf(ctx: ServiceContext, mark: IdempotencyMark): ServiceContext {
  let resourceUid: string | undefined = mark.resourceUid;
  const takeId = () => {
    const uid = resourceUid ?? ctx.newId();
    resourceUid = undefined;
    return uid;
  };
  return { ...ctx, newId: takeId, alongside: [...ctx.alongside, ...completeMark(mark)] };
}

async function readAnswer(secret: string, mark: IdempotencyMark): Promise<Claimed> {
  const body = mark.body === null ? undefined : await unsealText(secret, placeOf(mark), mark.body);
  if (body === undefined) return { kind: "unanswered", mark };
  const { status, headers } = mark;
  return { kind: "answered", answer: { status: status as number, headers: JSON.parse(headers as string), body } };
}
