import { IDEMPOTENCY_BODY_MAX_BYTES } from "../config.ts";
import { isKeptAnswer } from "../core/idempotency.ts";
import { SEAL_NONCE_BYTES, sealText } from "../core/sealed-text.ts";
import { type AnswerRow, type IdempotencyMark, releaseMark, writeAnswer } from "../db/idempotency-keys.ts";
import type { ServiceContext } from "./context.ts";

/**
 * Keeps an answer for those who send the same request again, or takes the request's mark away where the answer is none
 * to be kept. What is too large to be is read again, where something was written; where nothing was, asking once more
 * does no harm. False if the mark is in other hands: the request was too slow, and has written nothing.
 */
export async function keepAnswer(
  ctx: ServiceContext,
  mark: IdempotencyMark,
  secret: string,
  answer: AnswerRow & { body: string },
): Promise<boolean> {
  const isTooLarge = new TextEncoder().encode(answer.body).length > IDEMPOTENCY_BODY_MAX_BYTES;
  const isKept = isKeptAnswer(answer.status, "retry-after" in answer.headers) && !(isTooLarge && answer.status >= 400);
  if (!isKept || isTooLarge) {
    const outcome = await releaseMark(ctx.db, mark);
    if (!isKept || outcome !== "written") return outcome !== "in_other_hands";
  }
  const nonce = crypto.getRandomValues(new Uint8Array(SEAL_NONCE_BYTES));
  const body = isTooLarge ? null : await sealText(secret, placeOf(mark), answer.body, nonce);
  return writeAnswer(ctx.db, mark, { ...answer, body });
}

/** Where a sealed answer belongs, so that it cannot be put under another key. */
export function placeOf({ id, fingerprint }: IdempotencyMark): string {
  return `idempotency_keys/${id}/${fingerprint}`;
}
