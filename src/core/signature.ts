const SECRET_PREFIX = "whsec_";

/** How many random bytes a webhook secret has; Standard Webhooks asks for 24 to 64. */
export const SECRET_BYTES = 32;

/** A webhook secret as it is shown: `whsec_` and the base64 of random bytes, which the caller draws. */
export function formatSecret(random: Uint8Array): string {
  return SECRET_PREFIX + toBase64(random);
}

/**
 * The `webhook-signature` header of Standard Webhooks: one `v1,<base64>` for each secret, separated by spaces.
 * `timestamp` in whole seconds since 1970, as in `webhook-timestamp`.
 */
export async function signStandard(
  secrets: readonly string[],
  message: { id: string; timestamp: number; body: string },
): Promise<string> {
  const signed = `${message.id}.${message.timestamp}.${message.body}`;
  const signatures = secrets.map(async (secret) => {
    const key = Uint8Array.from(atob(secret.slice(SECRET_PREFIX.length)), (char) => char.charCodeAt(0));
    return `v1,${toBase64(await hmacSha256(key, signed))}`;
  });
  return (await Promise.all(signatures)).join(" ");
}

/** Modern Treasury's `X-Signature`: hexadecimal HMAC of the body, keyed with the secret as it is shown. */
export async function signModernTreasury(secret: string, body: string): Promise<string> {
  const mac = await hmacSha256(new TextEncoder().encode(secret), body);
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function hmacSha256(key: BufferSource, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
