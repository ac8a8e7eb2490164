import { describe, expect, it } from "vitest";
import { SEAL_NONCE_BYTES, sealText, unsealText } from "../../src/core/sealed-text.ts";

const NONCE = new Uint8Array(SEAL_NONCE_BYTES).fill(7);
const SECRET = "tk_live_c2VjcmV0";

describe("a sealed text", () => {
  it.each(["", "ä\n{}", "x".repeat(300_000)])("comes back as it was", async (text) => {
    const sealed = await sealText(SECRET, "a/1", text, NONCE);
    expect(await unsealText(SECRET, "a/1", sealed)).toBe(text);
  });

  it("says nothing without its secret, its place, and every bit of it", async () => {
    const sealed = await sealText(SECRET, "a/1", "the text", NONCE);
    expect(atob(sealed)).not.toContain("the text");
    expect(await unsealText(`${SECRET}x`, "a/1", sealed)).toBeUndefined();
    expect(await unsealText(SECRET, "a/2", sealed)).toBeUndefined();
    for (const place of [0, SEAL_NONCE_BYTES + 1]) {
      const bytes = Uint8Array.from(atob(sealed), (char) => char.charCodeAt(0));
      bytes[place] = (bytes[place] as number) ^ 1;
      expect(await unsealText(SECRET, "a/1", btoa(String.fromCharCode(...bytes)))).toBeUndefined();
    }
    for (const broken of ["", "AAAA", "no base64"]) expect(await unsealText(SECRET, "a/1", broken)).toBeUndefined();
  });

  it("is another one with another nonce", async () => {
    const other = new Uint8Array(SEAL_NONCE_BYTES).fill(8);
    const sealed = await Promise.all([NONCE, other].map((nonce) => sealText(SECRET, "a/1", "the text", nonce)));
    expect(sealed[0]?.slice(16)).not.toBe(sealed[1]?.slice(16));
  });
});
