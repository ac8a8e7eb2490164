import { presentEvent, presentEventData, type StoredEvent, splitEventType } from "./event.ts";
import { signModernTreasury, signStandard } from "./signature.ts";

export const WEBHOOK_FORMATS = ["standard", "modern_treasury"] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export interface WebhookMessage {
  headers: Record<string, string>;
  body: string;
}

/** One attempt to deliver an event; `secrets` begins with the current one, `at` is the attempt's instant in ms. */
export interface WebhookAttempt {
  event: StoredEvent;
  deliveryUid: string;
  attemptUid: string;
  secrets: readonly [string, ...string[]];
  at: number;
  /** Whether the event is of an environment for real money. */
  isLive: boolean;
}

/** What is sent for an event. The body, and every header that identifies it, is the same over all attempts. */
export async function composeMessage(format: WebhookFormat, attempt: WebhookAttempt): Promise<WebhookMessage> {
  const { headers, body } =
    format === "standard" ? await composeStandard(attempt) : await composeModernTreasury(attempt);
  return { headers: { "Content-Type": "application/json", "User-Agent": "Tieout-Webhooks/1.0", ...headers }, body };
}

async function composeStandard({ event, secrets, at }: WebhookAttempt): Promise<WebhookMessage> {
  const body = JSON.stringify(presentEvent(event));
  const timestamp = Math.floor(at / 1000);
  return {
    body,
    headers: {
      "webhook-id": event.uid,
      "webhook-timestamp": `${timestamp}`,
      "webhook-signature": await signStandard(secrets, { id: event.uid, timestamp, body }),
    },
  };
}

async function composeModernTreasury({
  event,
  deliveryUid,
  attemptUid,
  secrets,
  isLive,
}: WebhookAttempt): Promise<WebhookMessage> {
  const { topic, name } = splitEventType(event.type);
  const body = JSON.stringify({ event: name, data: presentEventData(event.subject, event.snapshot) });
  const [secret, previous] = secrets;
  return {
    body,
    headers: {
      "X-Topic": topic,
      "X-Event-ID": event.uid,
      "X-Event-Time": formatNanoseconds(event.createdAt),
      "X-Webhook-ID": deliveryUid,
      "X-Delivery-ID": attemptUid,
      "X-Live-Mode": `${isLive}`,
      "X-Signature": await signModernTreasury(secret, body),
      // Modern Treasury's clients compare X-Signature as a whole, so the secret before has a header of its own.
      ...(previous === undefined ? {} : { "X-Previous-Signature": await signModernTreasury(previous, body) }),
    },
  };
}

/** Nine decimals, as Modern Treasury writes the time of an event. */
function formatNanoseconds(instantMs: number): string {
  return new Date(instantMs).toISOString().replace("Z", "000000Z");
}
