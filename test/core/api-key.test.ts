import { describe, expect, it } from "vitest";
import { formatApiKey, includesScope, type Scope } from "../../src/core/api-key.ts";

describe("scopes", () => {
  it.each<[Scope[], Scope, boolean]>([
    [["read"], "read", true],
    [["read"], "write", false],
    [["read"], "admin", false],
    [["write"], "read", true],
    [["write"], "write", true],
    [["write"], "admin", false],
    [["admin"], "read", true],
    [["admin"], "write", true],
    [["admin"], "admin", true],
    [["read", "write"], "write", true],
    [["admin", "read"], "write", true],
    [[], "read", false],
  ])("%j for %s: %s", (held, needed, suffices) => {
    expect(includesScope(held, needed)).toBe(suffices);
  });
});

describe("the text of a key", () => {
  it("is base64url behind a prefix that names the mode", () => {
    const secret = new Uint8Array(32).fill(0xfb);
    expect(formatApiKey("live", secret)).toEqual({
      key: `tk_live_${"-_v7".repeat(10)}-_s`,
      prefix: "tk_live_-_v7-_",
    });
    expect(formatApiKey("test", secret).key).toMatch(/^tk_test_[A-Za-z0-9_-]{43}$/);
  });

  it("is another for other bytes", () => {
    const keys = [0, 1, 255].map((byte) => formatApiKey("live", new Uint8Array(32).fill(byte)).key);
    expect(new Set(keys).size).toBe(3);
  });
});
