import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { formatSecret, SECRET_BYTES, signModernTreasury, signStandard } from "../../src/core/signature.ts";

const secretOf = (byte: number) => formatSecret(new Uint8Array(SECRET_BYTES).fill(byte));
const id = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1b";
const body = JSON.stringify({ text: "Grüße, 東京" });
const timestamp = Math.floor(Date.now() / 1000);

function headersWith(signature: string) {
  return { "webhook-id": id, "webhook-timestamp": `${timestamp}`, "webhook-signature": signature };
}

describe("signatures of Standard Webhooks", () => {
  it("are accepted by its own client", async () => {
    const signature = await signStandard([secretOf(1)], { id, timestamp, body });
    expect(new Webhook(secretOf(1)).verify(body, headersWith(signature))).toEqual({ text: "Grüße, 東京" });
  });

  it("agree with the specification's example", async () => {
    const signature = await signStandard(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    });
    expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("are accepted under each of two secrets while both are valid", async () => {
    const signature = await signStandard([secretOf(2), secretOf(1)], { id, timestamp, body });
    expect(signature.split(" ")).toHaveLength(2);
    for (const secret of [secretOf(1), secretOf(2)]) {
      expect(new Webhook(secret).verify(body, headersWith(signature))).toEqual({ text: "Grüße, 東京" });
    }
  });

  it.each([
    ["another secret", { secret: secretOf(3) }],
    ["another body", { body: "{}" }],
    ["another id", { id: "other" }],
  ])("are refused with %s", async (_, changed) => {
    const signature = await signStandard([secretOf(1)], { id, timestamp, body });
    const headers = { ...headersWith(signature), ...("id" in changed ? { "webhook-id": changed.id } : {}) };
    const verifier = new Webhook("secret" in changed ? changed.secret : secretOf(1));
    expect(() => verifier.verify("body" in changed ? changed.body : body, headers)).toThrow("No matching signature");
  });
});

describe("signatures of Modern Treasury", () => {
  it("are the hexadecimal HMAC of the body under the secret as it is shown", async () => {
    const key = new TextEncoder().encode(secretOf(1));
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
    const signature = await signModernTreasury(secretOf(1), body);
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    const bytes = Uint8Array.from(signature.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    expect(await crypto.subtle.verify("HMAC", imported, bytes, new TextEncoder().encode(body))).toBe(true);
  });

  it("agree with RFC 4231, test case 2", async () => {
    expect(await signModernTreasury("Jefe", "what do ya want for nothing?")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });
});
