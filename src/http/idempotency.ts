import { isIdempotencyKey } from "../core/idempotency.ts";
import type { Failure, FieldError } from "../core/result.ts";
import type { IdempotencyMark } from "../db/idempotency-keys.ts";
import { claimIdempotencyKey, IN_FLIGHT, type OnceRequest } from "../services/claim-idempotency-key.ts";
import type { ServiceContext } from "../services/context.ts";
import { keepAnswer } from "../services/keep-answer.ts";
import { type Refusal, Refused } from "./refusal.ts";

/** What a request's answer can be made of. */
export interface Exchange {
  ctx: ServiceContext;
  request: OnceRequest;
  /** Carries the request out. Throws `Refused`. */
  respond(ctx: ServiceContext): Promise<Response>;
  present(refusal: Refusal): Response;
  /** Answers for a request that was carried out, and gave this id to what it made; undefined where nothing shows it. */
  recover(resourceUid: string): Promise<Response | undefined>;
}

interface TextAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What is wrong with a request's `Idempotency-Key`. */
export function listKeyErrors(key: string): FieldError[] {
  if (isIdempotencyKey(key)) return [];
  return [{ path: "Idempotency-Key", code: "invalid_format", message: "Must be 1 to 255 visible ASCII characters." }];
}

/** Carries a request with an `Idempotency-Key` out, unless that has been done: then it gives the first answer again. */
export async function answerOnce(exchange: Exchange): Promise<Response> {
  const claimed = await claimIdempotencyKey(exchange.ctx, exchange.request);
  if (!claimed.ok) throw refuse(claimed.failure);
  switch (claimed.value.kind) {
    case "held":
      return carryOut(exchange, claimed.value.mark, claimed.value.ctx);
    case "answered":
      return replay(claimed.value.answer);
    case "unanswered":
      return recover(exchange, claimed.value.mark);
  }
}

async function carryOut(exchange: Exchange, mark: IdempotencyMark, ctx: ServiceContext): Promise<Response> {
  const { answer, error } = await tryOut(exchange, ctx);
  const isDone = answer.status < 400;
  const isHeld = await keepAnswer(exchange.ctx, mark, exchange.request.secret, answer).catch((failure) => {
    if (!isDone) throw error ?? failure;
    console.error(JSON.stringify({ message: "an answer was not kept", error: String(failure) }));
    return true;
  });
  // Whatever a service takes the refusal of its batch for: it was its caller's mark that is in other hands.
  if (!isHeld && !isDone) throw refuse(IN_FLIGHT);
  if (error) throw error;
  return toResponse(answer);
}

/** The answer, refusals included; with the error, if the request broke off. */
async function tryOut(
  { respond, present }: Exchange,
  ctx: ServiceContext,
): Promise<{ answer: TextAnswer; error?: unknown }> {
  try {
    return { answer: await readAnswer(await respond(ctx)) };
  } catch (error) {
    if (error instanceof Refused) return { answer: await readAnswer(present(error.refusal)) };
    return { answer: await readAnswer(present({ kind: "internal" })), error };
  }
}

async function recover(exchange: Exchange, mark: IdempotencyMark): Promise<Response> {
  const response = await exchange.recover(mark.resourceUid);
  if (!response) throw refuse(ANSWER_LOST);
  const answer = await readAnswer(response);
  await keepAnswer(exchange.ctx, mark, exchange.request.secret, answer);
  return replay(answer);
}

const ANSWER_LOST: Failure = {
  kind: "conflict",
  detail:
    "This request was carried out, and its answer was lost: look at what it was about. Asking again does nothing.",
  errors: [{ path: "Idempotency-Key", code: "answer_lost", message: "The answer to its request was lost." }],
};

function refuse(failure: Failure): Refused {
  return new Refused({ kind: "service", failure });
}

function replay(answer: TextAnswer): Response {
  return toResponse({ ...answer, headers: { ...answer.headers, "Idempotent-Replayed": "true" } });
}

async function readAnswer(response: Response): Promise<TextAnswer> {
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

function toResponse({ status, headers, body }: TextAnswer): Response {
  return new Response(body === "" ? null : body, { status, headers });
}
