import { afterEach, describe, expect, it, vi } from "vitest";
import { hostResolver } from "../../src/runtime/host-names.ts";

const ALIAS = { name: "hooks.example.com", type: 5, TTL: 300, data: "edge.example.net." };

/** The resolver, as it answers in JSON: these records by their type, everything else not at all; a number is a status. */
function newResolver(records: Record<string, unknown[] | number>) {
  const asked: URL[] = [];
  const answer = async (url: string, init: RequestInit) => {
    asked.push(new URL(url));
    expect(new Headers(init.headers).get("accept")).toBe("application/dns-json");
    const found = records[new URL(url).searchParams.get("type") ?? ""];
    if (found === undefined) return new Response("no answer", { status: 502 });
    if (typeof found === "number") return Response.json({ Status: found, TC: false });
    return Response.json({ Status: 0, TC: false, ...(found.length > 0 ? { Answer: found } : {}) });
  };
  return { answer, asked };
}

afterEach(() => vi.restoreAllMocks());

describe("the addresses of a host", () => {
  it("are those of both kinds, without the aliases on the way", async () => {
    const { answer, asked } = newResolver({
      A: [ALIAS, { name: "edge.example.net", type: 1, TTL: 60, data: "93.184.216.34" }],
      AAAA: [ALIAS, { name: "edge.example.net", type: 28, TTL: 60, data: "2606:2800:220:1::1" }],
    });
    expect(await hostResolver(answer)("hooks.example.com")).toEqual(["93.184.216.34", "2606:2800:220:1::1"]);
    expect(asked.map(({ origin, pathname, search }) => origin + pathname + search)).toEqual([
      "https://cloudflare-dns.com/dns-query?name=hooks.example.com&type=A",
      "https://cloudflare-dns.com/dns-query?name=hooks.example.com&type=AAAA",
    ]);
  });

  it("are none for a name that has none", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    expect(await hostResolver(newResolver({ A: [], AAAA: [] }).answer)("nothing.example.com")).toEqual([]);
    expect(await hostResolver(newResolver({ A: 3, AAAA: 3 }).answer)("nobody.example.com")).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  it("are none if one kind of them cannot be found out", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const { answer } = newResolver({ A: [{ name: "x", type: 1, TTL: 60, data: "93.184.216.34" }] });
    expect(await hostResolver(answer)("hooks.example.com")).toEqual([]);
    const half = newResolver({ A: [{ name: "x", type: 1, TTL: 60, data: "93.184.216.34" }], AAAA: 2 });
    expect(await hostResolver(half.answer)("hooks.example.com")).toEqual([]);
    expect(await hostResolver(() => Promise.reject(new TypeError("no network")))("hooks.example.com")).toEqual([]);
    expect(warned).toHaveBeenCalledTimes(3);
  });

  it("are kept for half a minute", async () => {
    const { answer, asked } = newResolver({ A: [{ name: "x", type: 1, TTL: 60, data: "93.184.216.34" }], AAAA: [] });
    let now = 0;
    const resolve = hostResolver(answer, () => now);
    await resolve("hooks.example.com");
    now = 29_999;
    await resolve("hooks.example.com");
    expect(asked).toHaveLength(2);
    now = 30_000;
    expect(await resolve("hooks.example.com")).toEqual(["93.184.216.34"]);
    expect(asked).toHaveLength(4);
  });

  it("are looked up anew if there were none", async () => {
    const { answer, asked } = newResolver({ A: [], AAAA: [] });
    const resolve = hostResolver(answer);
    await resolve("late.example.com");
    await resolve("late.example.com");
    expect(asked).toHaveLength(4);
  });
});
