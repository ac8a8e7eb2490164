import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bindings } from "../../src/config.ts";
import { Api, bootstrap, type Reply } from "../support/api.ts";
import { newTenant } from "../support/tenant.ts";

const { RATE_LIMIT, TEST_RATE_LIMIT } = env as unknown as Bindings & { TEST_RATE_LIMIT: RateLimit };
/** As vitest.config.ts has it. */
const TEST_LIMIT = 20;
/** Sent at once they fall into two periods at most. */
const TOO_MANY = 3 * TEST_LIMIT;

function set(bindings: Partial<Bindings>): void {
  Object.assign(env, bindings);
}

function flood(send: (no: number) => Promise<Reply>): Promise<Reply[]> {
  return Promise.all(Array.from({ length: TOO_MANY }, (_, no) => send(no)));
}

let places = 0;
/** Reads as from a place that nobody else sends from. */
const read = (api: Api, path = "/v1/data_sources") => api.send("GET", path, undefined, newPlace());
const newPlace = () => ({ "CF-Connecting-IP": `10.0.${places >> 8}.${places++ & 255}` });

const countOf = (replies: Reply[], status: number) => replies.filter((reply) => reply.status === status).length;

beforeEach(() => set({ RATE_LIMIT: TEST_RATE_LIMIT }));
afterEach(() => {
  set({ RATE_LIMIT });
  Reflect.deleteProperty(env, "NO_RATE_LIMITS");
});

describe("an API key that sends too many requests", () => {
  it.each([
    ["/v1/data_sources", { status: 429, code: "rate_limited", title: "Too Many Requests" }],
    ["/api/ledgers", { errors: { code: "too_many_requests" } }],
  ])("is refused at %s, and told when to come again", async (path, body) => {
    const { reader } = await newTenant();
    const replies = await flood(() => read(reader, path));
    const refused = replies.filter(({ status }) => status === 429);
    expect(countOf(replies, 200) + refused.length).toBe(TOO_MANY);
    expect(countOf(replies, 200)).toBeGreaterThanOrEqual(TEST_LIMIT);
    expect(refused.length).toBeGreaterThanOrEqual(TEST_LIMIT);
    for (const reply of refused) {
      expect(reply.body).toMatchObject(body);
      expect(reply.headers.get("retry-after")).toBe("10");
      expect(reply.headers.get("cache-control")).toBe("no-store");
    }
  });

  it("takes nothing from another one, of the same environment or not", async () => {
    const [{ reader, writer }, other] = await Promise.all([newTenant(), newTenant()]);
    expect(countOf(await flood(() => read(reader)), 429)).toBeGreaterThan(0);
    for (const api of [writer, other.reader]) expect((await read(api)).status).toBe(200);
  });

  it("writes nothing with those that are refused, which may be sent again with their Idempotency-Key", async () => {
    const { writer, reader } = await newTenant();
    const send = (no: number) =>
      writer.post(
        "/v1/data_sources",
        { key: `s${no}`, name: "Source" },
        { "Idempotency-Key": `k${no}`, ...newPlace() },
      );
    const replies = await flood(send);
    const made = (await read(reader, "/v1/data_sources?limit=200")).body.data;
    expect(made).toHaveLength(countOf(replies, 201));
    set({ NO_RATE_LIMITS: "true" });
    const again = await send(replies.findIndex(({ status }) => status === 429));
    expect(again.status).toBe(201);
    expect(again.headers.has("idempotent-replayed")).toBe(false);
  });
});

it("counts a request once that gets the answer of an earlier one, which has to be read again", async () => {
  const { writer } = await newTenant();
  const send = () => writer.post("/v1/data_sources", { key: "bank", name: "Bank" }, { "Idempotency-Key": "lost" });
  const made = await send();
  await (env as unknown as Bindings).DB.prepare(
    "update idempotency_keys set state = 'written', status = null, headers = null, body = null, locked_at = 0 where key = 'lost'",
  ).run();
  const counted: string[] = [];
  const limit = async ({ key }: { key: string }) => {
    counted.push(key);
    return { success: counted.filter((other) => other === key).length === 1 };
  };
  set({ RATE_LIMIT: { limit } as unknown as RateLimit });
  const again = await send();
  expect([again.status, again.headers.get("idempotent-replayed"), again.body]).toEqual([201, "true", made.body]);
  expect(counted.filter((key) => key.startsWith("key "))).toHaveLength(1);
});

describe("keys that have to be looked up", () => {
  const guess = (no: number, address: string) =>
    new Api(`tk_live_guess_${address}_${no}`).send("GET", "/v1/data_sources", undefined, {
      "CF-Connecting-IP": address,
    });

  it("are counted for where they come from, an IPv6 network as one", async () => {
    const replies = await flood((no) => guess(no, `2001:db8:1:2::${no.toString(16)}`));
    expect(countOf(replies, 401)).toBeGreaterThanOrEqual(TEST_LIMIT);
    expect(countOf(replies, 429)).toBeGreaterThanOrEqual(TEST_LIMIT);
    expect((await guess(0, "2001:db8:1:3::1")).status).toBe(401);
    expect((await guess(0, "192.0.2.1")).status).toBe(401);
  });

  it("do not hold up a key that is in use", async () => {
    const { reader } = await newTenant();
    const address = { "CF-Connecting-IP": "192.0.2.7" };
    const readAgain = () => reader.send("GET", "/v1/data_sources", undefined, address);
    expect((await readAgain()).status).toBe(200);
    expect(countOf(await flood((no) => guess(no, "192.0.2.7")), 429)).toBeGreaterThan(0);
    expect((await readAgain()).status).toBe(200);
  });
});

it("is never too many where limits are off, as in local development", async () => {
  set({ NO_RATE_LIMITS: "true" });
  const { reader } = await newTenant();
  expect(countOf(await flood(() => read(reader)), 200)).toBe(TOO_MANY);
});

it("is not asked of what needs no key", async () => {
  const replies = await flood(() => new Api(null).get("/health"));
  expect(countOf(replies, 200)).toBe(TOO_MANY);
});

it("grants 1,000 requests a second unless told otherwise", async () => {
  set({ RATE_LIMIT });
  const replies = await Promise.all(Array.from({ length: 500 }, () => bootstrap.get("/v1/data_sources?limit=1")));
  expect(countOf(replies, 200)).toBe(500);
});
