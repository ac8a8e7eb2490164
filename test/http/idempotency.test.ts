import { env, exports } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { IDEMPOTENCY_BODY_MAX_BYTES, IDEMPOTENCY_HOLD_MS, IDEMPOTENCY_KEPT_MS } from "../../src/config.ts";
import { all, type Db, first, openDb } from "../../src/db/client.ts";
import { apiEndpoints } from "../../src/http/api/index.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";
import { pruneIdempotencyKeys } from "../../src/services/prune-idempotency-keys.ts";
import { Api, type Reply } from "../support/api.ts";
import { importsOf, newForm } from "../support/imports.ts";
import { listPostRequests, type PostRequest } from "../support/post-requests.ts";
import { bindings, must, newScene } from "../support/scene.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";

const PATH = "/api/ledgers";
const BODY = { name: "Main" };

const db = openDb(bindings.DB);
const keyed = (key: string) => ({ "Idempotency-Key": key });
const isReplayed = (reply: Reply) => reply.headers.get("idempotent-replayed") === "true";
const send = ({ api, path, body }: PostRequest, key: string) =>
  body === undefined || body instanceof FormData
    ? api.send("POST", path, body, keyed(key))
    : api.post(path, body, keyed(key));

interface MarkRow {
  id: number;
  state: string;
  status: number | null;
  body: string | null;
  resource_uid: string;
}

const findMark = (key: string) => first<MarkRow>(db, sql`select * from idempotency_keys where key = ${key}`);

async function countLedgers(tenant: Tenant): Promise<number> {
  return (await must(tenant.reader.get(`${PATH}?per_page=100`), 200)).body.length;
}

/** As if the request had died once its batch was written, so long ago. */
async function forgetAnswer(key: string, ageMs: number): Promise<void> {
  const at = Date.now() - ageMs;
  await bindings.DB.prepare(
    "update idempotency_keys set state = 'written', status = null, headers = null, body = null, locked_at = ? where key = ?",
  )
    .bind(at, key)
    .run();
}

/** From here on the Worker under test has this done to its database before it runs a batch that holds such a text. */
function intercept(text: string, act: () => Promise<void>): void {
  const database = bindings.DB;
  const marked = new WeakSet<object>();
  const intercepting = new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name === "prepare") {
        return (statement: string) => {
          const prepared = target.prepare(statement);
          const bind = prepared.bind.bind(prepared);
          prepared.bind = (...params: unknown[]) => {
            const bound = bind(...params);
            if (statement.includes(text)) marked.add(bound);
            return bound;
          };
          return prepared;
        };
      }
      if (name === "batch") {
        return async (statements: D1PreparedStatement[]) => {
          if (statements.some((statement) => marked.has(statement))) await act();
          return target.batch(statements);
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  Object.assign(env, { DB: intercepting });
}

const WRITING = "update idempotency_keys set state = 'written'";
const original = bindings.DB;

afterEach(() => {
  Object.assign(env, { DB: original });
  vi.restoreAllMocks();
});

describe("the same request again", () => {
  it("gets the first answer, byte by byte, and does nothing", async () => {
    const tenant = await newTenant();
    const worker = (exports as unknown as { default: Fetcher }).default;
    const ask = async () => {
      const response = await worker.fetch(`https://tieout.test${PATH}`, {
        method: "POST",
        headers: { "X-API-KEY": tenant.keys.writer, "Content-Type": "application/json", ...keyed("same") },
        body: JSON.stringify(BODY),
      });
      const { status, headers } = response;
      const [type, location, replayed] = ["content-type", "location", "idempotent-replayed"].map((n) => headers.get(n));
      return { status, type, location, text: await response.text(), replayed };
    };
    const made = await ask();
    expect(made).toMatchObject({ status: 201, type: "application/json", replayed: null });
    expect(made.location).toBe(`${PATH}/${JSON.parse(made.text).id}`);
    expect(await ask()).toEqual({ ...made, replayed: "true" });
    await must(tenant.writer.patch(made.location as string, { name: "Renamed" }), 200);
    expect(await ask()).toEqual({ ...made, replayed: "true" });
    expect(await countLedgers(tenant)).toBe(1);
  });

  it("gets a refusal again, also once it would be accepted", async () => {
    const { admin } = await newTenant();
    const source = { key: "bank", name: "Bank" };
    await must(admin.post("/v1/data_sources", source), 201);
    const refused = await must(admin.post("/v1/data_sources", source, keyed("taken")), 409);
    await must(admin.delete("/v1/data_sources/bank"), 204);
    const again = await must(admin.post("/v1/data_sources", source, keyed("taken")), 409);
    expect([isReplayed(refused), isReplayed(again)]).toEqual([false, true]);
    expect(again.body).toEqual(refused.body);
    expect(again.headers.get("content-type")).toBe("application/problem+json");
    for (const [path, body, status] of [
      [PATH, {}, 422],
      ["/v1/reconciliations/0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a/runs", { mode: "preview" }, 404],
    ] as const) {
      const key = `refused-${status}`;
      expect(isReplayed(await must(admin.post(path, body, keyed(key)), status))).toBe(false);
      expect(isReplayed(await must(admin.post(path, body, keyed(key)), status))).toBe(true);
    }
  });

  it("is carried out anew after 24 hours", async () => {
    const tenant = await newTenant();
    const made = await must(tenant.writer.post(PATH, BODY, keyed("old")), 201);
    const at = Date.now() - IDEMPOTENCY_KEPT_MS;
    await bindings.DB.prepare("update idempotency_keys set created_at = ? where key = 'old'").bind(at).run();
    const other = await must(tenant.writer.post(PATH, { name: "Other" }, keyed("old")), 201);
    expect([isReplayed(other), other.body.id === made.body.id]).toEqual([false, false]);
    expect(await countLedgers(tenant)).toBe(2);
  });

  it("is another request with another API key", async () => {
    const tenant = await newTenant();
    const [first, second] = [tenant.writer, tenant.admin].map((api) => api.post(PATH, BODY, keyed("shared")));
    expect((await must(first as Promise<Reply>, 201)).body.id).not.toBe((await second)?.body.id);
    expect(await countLedgers(tenant)).toBe(2);
  });

  it("is recognised by the parts of a multipart body, whatever its boundary", async () => {
    const { writer } = await newTenant();
    const upload = (file: string) => {
      const form = new FormData();
      form.set("mapping", "{}");
      form.set("file", new File([file], "a.csv", { type: "text/csv" }));
      return writer.send("POST", PATH, form, keyed("upload"));
    };
    const first = await must(upload("a,b"), 415);
    const again = await must(upload("a,b"), 415);
    expect([isReplayed(first), isReplayed(again)]).toEqual([false, true]);
    expect((await must(upload("a,c"), 422)).body.errors.parameter).toBe("Idempotency-Key");
  });
});

describe("another request with the same key", () => {
  it.each([
    ["body", PATH, { name: "Other" }],
    ["path", "/api/internal_accounts", BODY],
    ["query", `${PATH}?a=b`, BODY],
    ["door", "/v1/data_sources", BODY],
  ])("is refused, with another %s", async (_, path, body) => {
    const tenant = await newTenant();
    const key = `used-${_}`;
    await must(tenant.writer.post(PATH, BODY, keyed(key)), 201);
    const refused = await must(tenant.writer.post(path, body, keyed(key)), 422);
    expect(isReplayed(refused)).toBe(false);
    const named = path.startsWith("/v1/") ? refused.body.errors[0].path : refused.body.errors.parameter;
    expect(named).toBe("Idempotency-Key");
    expect(isReplayed(await must(tenant.writer.post(PATH, BODY, keyed(key)), 201))).toBe(true);
    expect(await countLedgers(tenant)).toBe(1);
  });

  it("is one whose number differs beyond what JavaScript can tell", async () => {
    const { admin } = await newTenant();
    const post = (amount: string) =>
      admin.send("POST", PATH, `{"name":${amount}}`, { "Content-Type": "application/json", ...keyed("digits") });
    await must(post("12345678901234567890"), 422);
    expect((await must(post("12345678901234567891"), 422)).body.errors.parameter).toBe("Idempotency-Key");
  });
});

describe("an Idempotency-Key", () => {
  it.each([
    ["empty", ""],
    ["too long", "x".repeat(256)],
    ["with a space", "a b"],
    ["not ASCII", "ä"],
  ])("is refused when it is %s, beside what else is wrong", async (_, key) => {
    const { admin } = await newTenant();
    const refused = await must(admin.post("/v1/data_sources", { key: "bank" }, keyed(key)), 422);
    expect(refused.body.errors.map((error: { path: string }) => error.path)).toEqual(["Idempotency-Key", "/name"]);
    await must(admin.post("/v1/data_sources", { key: "bank", name: "Bank" }, keyed(key)), 422);
    expect((await admin.get("/v1/data_sources")).body.data).toEqual([]);
  });

  it("may have 255 characters", async () => {
    const { writer } = await newTenant();
    await must(writer.post(PATH, BODY, keyed("~".repeat(255))), 201);
    expect(isReplayed(await must(writer.post(PATH, BODY, keyed("~".repeat(255))), 201))).toBe(true);
  });

  it("is ignored on other verbs", async () => {
    const tenant = await newTenant();
    const { body } = await must(tenant.writer.post(PATH, BODY), 201);
    const headers = { "Content-Type": "application/json", ...keyed("ignored") };
    for (const name of ["a", "b"]) {
      const reply = await tenant.writer.send("PATCH", `${PATH}/${body.id}`, JSON.stringify({ name }), headers);
      expect([reply.status, reply.body.name, isReplayed(reply)]).toEqual([200, name, false]);
    }
    await must(tenant.writer.send("DELETE", `${PATH}/${body.id}`, undefined, keyed("ignored")), 200);
    await must(tenant.writer.send("GET", PATH, undefined, keyed("a b")), 200);
    expect(await findMark("ignored")).toBeUndefined();
  });
});

describe("an answer that may end otherwise", () => {
  it("is not kept: no key, or too small a scope", async () => {
    const { reader } = await newTenant();
    await must(reader.post(PATH, BODY, keyed("scope")), 403);
    await must(new Api(null).post(PATH, BODY, keyed("scope")), 401);
    expect(await findMark("scope")).toBeUndefined();
  });

  it("is not kept: an error inside, after which the request is carried out", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const tenant = await newTenant();
    intercept(WRITING, () => Promise.reject(new Error("D1 is down")));
    await must(tenant.writer.post(PATH, BODY, keyed("broken")), 500);
    expect(await findMark("broken")).toBeUndefined();
    Object.assign(env, { DB: original });
    expect(isReplayed(await must(tenant.writer.post(PATH, BODY, keyed("broken")), 201))).toBe(false);
  });

  it("is not kept: a lost race", async () => {
    const tenant = await newTenant();
    const requests = await listPostRequests(tenant);
    const retry = requests.retryWebhookDelivery as PostRequest;
    const lease = (until: number) =>
      bindings.DB.prepare("update deliveries set leased_until = ? where environment_id = ?")
        .bind(until, tenant.environmentId)
        .run();
    await lease(Date.now() + 60_000);
    const refused = await must(send(retry, "race"), 409);
    expect([refused.headers.get("retry-after"), await findMark("race")]).toEqual(["5", undefined]);
    await lease(0);
    expect(isReplayed(await must(send(retry, "race"), 202))).toBe(false);
  });
});

describe("requests with the same key at once", () => {
  it("make one thing, and the others are told to ask again or get its answer", async () => {
    const tenant = await newTenant();
    const replies = await Promise.all(Array.from({ length: 50 }, () => tenant.writer.post(PATH, BODY, keyed("storm"))));
    const made = replies.filter((reply) => reply.status === 201 && !isReplayed(reply));
    expect(made).toHaveLength(1);
    for (const reply of replies) {
      if (reply.status === 201) expect(reply.body).toEqual(made[0]?.body);
      else expect([reply.status, reply.headers.get("retry-after")]).toEqual([409, "1"]);
    }
    expect(await countLedgers(tenant)).toBe(1);
    expect((await must(tenant.writer.post(PATH, BODY, keyed("storm")), 201)).body).toEqual(made[0]?.body);
  });

  it("do not wait for one that has been at work for ten seconds: it is taken over, and writes nothing", async () => {
    const tenant = await newTenant();
    const taken: Reply[] = [];
    intercept(WRITING, async () => {
      Object.assign(env, { DB: original });
      const age = (ms: number) =>
        original
          .prepare("update idempotency_keys set locked_at = ? where key = 'slow'")
          .bind(Date.now() - ms)
          .run();
      await age(IDEMPOTENCY_HOLD_MS - 2_000);
      taken.push(await tenant.writer.post(PATH, BODY, keyed("slow")));
      await age(IDEMPOTENCY_HOLD_MS);
      taken.push(await tenant.writer.post(PATH, { name: "Other" }, keyed("slow")));
      taken.push(await tenant.writer.post(PATH, BODY, keyed("slow")));
    });
    const slow = await must(tenant.writer.post(PATH, BODY, keyed("slow")), 409);
    expect(slow.headers.get("retry-after")).toBe("1");
    expect(taken.map(({ status }) => status)).toEqual([409, 422, 201]);
    expect(await countLedgers(tenant)).toBe(1);
    const again = await must(tenant.writer.post(PATH, BODY, keyed("slow")), 201);
    expect([isReplayed(again), again.body.id]).toEqual([true, taken[2]?.body.id]);
  });
});

const posts = [...v1Endpoints, ...apiEndpoints].filter(({ method }) => method === "post");
const WRITES_NOTHING = ["previewPaymentRule", "repairIntegrity"];
const HOLDS_WHAT_CANNOT_BE_READ = [
  "createApiKey",
  "rotateApiKey",
  "createWebhookEndpoint",
  "rotateWebhookSecret",
  "replayWebhookEndpoint",
];

describe("every POST of both doors", () => {
  const writing = posts.map(({ operationId }) => operationId).filter((name) => !WRITES_NOTHING.includes(name));

  it("is carried out once", async () => {
    const tenant = await newTenant();
    const requests = await listPostRequests(tenant);
    expect(Object.keys(requests).sort()).toEqual(posts.map(({ operationId }) => operationId).sort());
    for (const [name, request] of Object.entries(requests)) {
      const key = `once-${tenant.environmentId}-${name}`;
      const made = await send(request, key);
      expect([name, made.status < 300, isReplayed(made)]).toEqual([name, true, false]);
      const mark = await findMark(key);
      expect([name, mark?.state, mark?.status]).toEqual([name, "answered", made.status]);
      const again = await send(request, key);
      expect([name, isReplayed(again), again.status, again.body]).toEqual([name, true, made.status, made.body]);
      expect(again.headers.get("location")).toBe(made.headers.get("location"));
    }
  });

  it("answers for a request that died before it could, with what that has made, and does nothing", async () => {
    const tenant = await newTenant();
    const requests = await listPostRequests(tenant);
    for (const name of writing) {
      const request = requests[name] as PostRequest;
      const key = `died-${tenant.environmentId}-${name}`;
      const made = await send(request, key);
      const counts = await countRows(db);
      await forgetAnswer(key, IDEMPOTENCY_HOLD_MS - 2_000);
      const early = await send(request, key);
      expect([name, early.status, early.headers.get("retry-after")]).toEqual([name, 409, "1"]);
      await forgetAnswer(key, IDEMPOTENCY_HOLD_MS);
      const again = await send(request, key);
      if (HOLDS_WHAT_CANNOT_BE_READ.includes(name)) {
        expect([name, again.status, again.headers.get("retry-after")]).toEqual([name, 409, null]);
        expect(again.body.errors).toMatchObject([{ path: "Idempotency-Key", code: "answer_lost" }]);
      } else {
        expect([name, isReplayed(again), again.status]).toEqual([name, true, made.status]);
        const id = made.body.id ?? made.body.key;
        expect([name, again.body.id ?? again.body.key]).toEqual([name, id]);
        expect((await send(request, key)).body).toEqual(again.body);
      }
      expect([name, await countRows(db)]).toEqual([name, counts]);
    }
  });

  it("writes nothing once its mark is in other hands, whatever it takes the refusal for", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const tenant = await newTenant();
    const requests = await listPostRequests(tenant);
    for (const name of writing) {
      const key = `lost-${tenant.environmentId}-${name}`;
      const counts = await countRows(db);
      stealMark(key);
      const lost = await send(requests[name] as PostRequest, key);
      Object.assign(env, { DB: original });
      expect([name, lost.status, lost.headers.get("retry-after")]).toEqual([name, 409, "1"]);
      expect([name, await countRows(db)]).toEqual([name, counts]);
    }
  });
});

/** As if another request took the mark over as soon as it is there. */
function stealMark(key: string): void {
  const database = bindings.DB;
  const stealing = new Proxy(database, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
      return async (statements: D1PreparedStatement[]) => {
        const results = await target.batch(statements);
        await target.prepare("update idempotency_keys set owner = 'another' where key = ?").bind(key).run();
        return results;
      };
    },
  });
  Object.assign(env, { DB: stealing });
}

/** How many rows each table has that a request may write to. */
async function countRows(db: Db): Promise<Record<string, number>> {
  const tables = await all<{ name: string }>(
    db,
    sql`select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%'
      and name not in ('idempotency_keys', 'd1_migrations', 'run_matches')`,
  );
  const counts: [string, number][] = [];
  for (const { name } of tables) {
    const row = await first<{ count: number }>(db, sql`select count(*) as count from ${sql.identifier(name)}`);
    counts.push([name, row?.count ?? 0]);
  }
  return Object.fromEntries(counts);
}

describe("what is kept", () => {
  it("holds a secret only as its caller's key can read it", async () => {
    const { admin } = await newTenant();
    const made = await must(admin.post("/v1/api_keys", { name: "Nightly", scopes: ["read"] }, keyed("secret")), 201);
    const mark = await findMark("secret");
    expect(JSON.stringify(mark)).not.toContain(made.body.key);
    expect(atob(mark?.body as string)).not.toContain(made.body.key);
    expect((await admin.post("/v1/api_keys", { name: "Nightly", scopes: ["read"] }, keyed("secret"))).body).toEqual(
      made.body,
    );
  });

  it("is read again instead where it is too large, or was sealed under another secret", async () => {
    const { writer } = await newTenant();
    const made = await must(writer.post(PATH, BODY, keyed("large")), 201);
    for (const body of [null, "AAAA"]) {
      await bindings.DB.prepare("update idempotency_keys set body = ? where key = 'large'").bind(body).run();
      const again = await must(writer.post(PATH, BODY, keyed("large")), 201);
      expect([isReplayed(again), again.body, again.headers.get("location")]).toEqual([
        true,
        made.body,
        made.headers.get("location"),
      ]);
    }
  });

  it("is not what is too large to be, if nothing was written: that is answered anew", async () => {
    const { writer } = await newTenant();
    const mapping = { columns: { Day: "date", Sum: "amount", Note: "metadata.note" } };
    const row = `2026-01-15,1,${"x".repeat(62_000)}\n`;
    const form = () => newForm(`Day,Sum,Note\n${row.repeat(20)}`, mapping);
    for (const _ of ["first", "again"]) {
      const reply = await must(writer.send("POST", `${importsOf("bank")}?dry_run=true`, form(), keyed("wide")), 200);
      expect(JSON.stringify(reply.body).length).toBeGreaterThan(IDEMPOTENCY_BODY_MAX_BYTES);
      expect([isReplayed(reply), await findMark("wide")]).toEqual([false, undefined]);
    }
  });

  it("is said to be lost where what was made is gone since", async () => {
    const { admin } = await newTenant();
    await must(admin.post("/v1/data_sources", { key: "bank", name: "Bank" }, keyed("gone")), 201);
    await must(admin.delete("/v1/data_sources/bank"), 204);
    await forgetAnswer("gone", IDEMPOTENCY_HOLD_MS);
    const again = await must(admin.post("/v1/data_sources", { key: "bank", name: "Bank" }, keyed("gone")), 409);
    expect(again.body.errors).toMatchObject([{ code: "answer_lost" }]);
    expect((await admin.get("/v1/data_sources")).body.data).toEqual([]);
  });

  it("is deleted once its time is over", async () => {
    const { writer } = await newTenant();
    for (const key of ["kept", "over"]) await must(writer.post(PATH, BODY, keyed(key)), 201);
    const at = Date.now() - IDEMPOTENCY_KEPT_MS;
    await bindings.DB.prepare("update idempotency_keys set created_at = ? where key = 'over'").bind(at).run();
    expect(await pruneIdempotencyKeys(db, Date.now())).toBe(1);
    expect(await pruneIdempotencyKeys(db, Date.now())).toBe(0);
    expect([await findMark("over"), (await findMark("kept"))?.state]).toEqual([undefined, "answered"]);
  });
});

it("is matched by the time a repeated record is answered", async () => {
  const scene = await newScene();
  await scene.right({ metadata: { ref: "x" } });
  const record = { type_key: "left", date: "2026-03-10", amount: 100, direction: "credit", metadata: { ref: "x" } };
  const made = await must(scene.api.post("/v1/records", record, keyed("record")), 201);
  const again = await must(scene.api.post("/v1/records", record, keyed("record")), 201);
  expect([made.body.status, again.body]).toEqual(["reconciled", made.body]);
  expect(await scene.matches()).toHaveLength(1);
});
