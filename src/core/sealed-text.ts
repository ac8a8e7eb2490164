/** How many random bytes `sealText` takes. */
export const SEAL_NONCE_BYTES = 12;

/**
 * A text that only the holder of the secret can read, bound to its place: AES-256-GCM under a key that HKDF-SHA-256
 * derives from the secret and the nonce. The nonce is the caller's to draw, anew each time.
 */
export async function sealText(secret: string, place: string, text: string, nonce: Uint8Array): Promise<string> {
  const key = await deriveKey(secret, nonce, "encrypt");
  const sealed = await crypto.subtle.encrypt(gcm(nonce, place), key, encode(text));
  const bytes = new Uint8Array(nonce.length + sealed.byteLength);
  bytes.set(nonce);
  bytes.set(new Uint8Array(sealed), nonce.length);
  return toBase64(bytes);
}

/** What was sealed; undefined under another secret, in another place, or if a bit of it has changed. */
export async function unsealText(secret: string, place: string, sealed: string): Promise<string | undefined> {
  try {
    const bytes = Uint8Array.from(atob(sealed), (char) => char.charCodeAt(0));
    const nonce = bytes.slice(0, SEAL_NONCE_BYTES);
    const key = await deriveKey(secret, nonce, "decrypt");
    const opened = await crypto.subtle.decrypt(gcm(nonce, place), key, bytes.slice(SEAL_NONCE_BYTES));
    return new TextDecoder().decode(opened);
  } catch {
    return undefined;
  }
}

function gcm(nonce: Uint8Array, place: string) {
  return { name: "AES-GCM", iv: nonce, additionalData: encode(place) };
}

async function deriveKey(secret: string, nonce: Uint8Array, usage: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", encode(secret), "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: nonce, info: encode("tieout sealed text") };
  return crypto.subtle.deriveKey(derivation, material, { name: "AES-GCM", length: 256 }, false, [usage]);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** How many arguments a call takes is bounded. */
const CHUNK_BYTES = 0x8000;

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK_BYTES));
  }
  return btoa(text);
}
