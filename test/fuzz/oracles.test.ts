import { beforeAll, describe, expect, it } from "vitest";
import { bindings, must, newScene } from "../support/scene.ts";
import { newTenant } from "../support/tenant.ts";
import { holdBackground } from "./background.ts";
import { operations } from "./document.ts";
import { type FuzzReply, send } from "./exchange.ts";
import { Journal } from "./journal.ts";
import { judgeAnswer, judgeEffects, listSecretNames } from "./oracles.ts";
import { Pool } from "./pool.ts";
import type { FuzzRequest } from "./requests.ts";
import type { Client, World } from "./world.ts";

const NOBODYS_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

let journal: Journal;
let secretNames: RegExp;

beforeAll(async () => {
  holdBackground();
  secretNames = await listSecretNames();
  journal = await Journal.open();
});

async function newClient(): Promise<Client> {
  const { environmentId, keys } = await newTenant();
  const { admin, writer, reader } = keys;
  const ofScopes = { admin, write: writer, read: reader };
  return { name: "one", isBootstrap: false, environmentId, keys: ofScopes, pool: new Pool(), sent: new Set() };
}

async function newRequest(fields: Partial<FuzzRequest> = {}): Promise<FuzzRequest> {
  const client = await newClient();
  const operation = operations.find(({ id }) => id === "listRecords");
  if (!operation) throw new Error("records are listed by another name");
  const headers = { "X-API-KEY": client.keys.read };
  const request = { client, wrong: 0, operation, method: "GET", path: "/v1/records", headers, body: null };
  return { ...request, standing: "enough", target: "none", ...fields };
}

async function judge(fields: Partial<FuzzRequest>, change: (reply: FuzzReply) => Partial<FuzzReply>) {
  const request = await newRequest(fields);
  const reply = await send(request);
  return judgeAnswer(request, { ...reply, ...change(reply) }, secretNames);
}

const withBody = (body: unknown) => ({ body, text: JSON.stringify(body) });

describe("an answer", () => {
  it("is right as it is", async () => {
    expect(await judge({}, () => ({}))).toEqual([]);
    expect(await judge({ path: "/v1/records?limit=0" }, () => ({}))).toEqual([]);
    expect(await judge({ headers: {}, standing: "nobody" }, () => ({}))).toEqual([]);
    expect(await judge({ path: "/v1/nothing", target: "elsewhere" }, () => ({}))).toEqual([]);
  });

  it.each<[string, (reply: FuzzReply) => Partial<FuzzReply>]>([
    ["answers 500", () => ({ status: 500 })],
    ["answers 418, which is not documented", () => ({ status: 418 })],
    ["answers 200 as text/plain, which is", () => ({ headers: new Headers({ "content-type": "text/plain" }) })],
    ["its schema refuses the body", ({ body }) => withBody({ ...body, colour: "red" })],
    ["its schema refuses the body", ({ body }) => withBody({ ...body, has_more: "no" })],
    ["has no X-Request-Id", () => ({ headers: new Headers({ "content-type": "application/json" }) })],
    ["answers 403 to a key with the scope", () => ({ status: 403 })],
    ["answers 401 to a good key", () => ({ status: 401 })],
    ["shows its inside: D1_ERROR", () => ({ text: "D1_ERROR: UNIQUE" })],
    ["shows its inside: \n    at f", () => ({ text: "\n    at f (worker.js:1:2)" })],
    ["shows its inside: touched_count", () => ({ text: "touched_count" })],
  ])("is found out where it %s", async (fault, change) => {
    expect(await judge({}, change)).toContainEqual(expect.stringContaining(fault));
  });

  it("is found out where it lets in who may not come in", async () => {
    expect(await judge({ standing: "nobody" }, () => ({}))).toEqual(["answers 200 to nobody's key"]);
    expect(await judge({ standing: "too_little" }, () => ({}))).toEqual(["answers 200 to a key without the scope"]);
    expect(await judge({ target: "foreign" }, () => ({}))).toEqual(["answers 200 of what is another's"]);
    expect(await judge({ target: "malformed", wrong: 1 }, () => ({}))).toEqual(["answers 200 of a malformed id"]);
  });

  it("is found out where it says otherwise than was sent", async () => {
    const operation = operations.find(({ id }) => id === "createLedger");
    if (!operation) throw new Error("ledgers are made by another name");
    const request = await newRequest({ operation, method: "POST", path: "/api/ledgers" });
    const headers = { "X-API-KEY": request.client.keys.write, "Content-Type": "application/json" };
    const making = { ...request, headers, body: '{"name":"Main","metadata":{"a":"b"}}' };
    const reply = await send(making);
    expect(judgeAnswer(making, reply, secretNames)).toEqual([]);
    const changed = { ...reply, ...withBody({ ...reply.body, name: "main", metadata: { a: "" } }) };
    expect(judgeAnswer(making, changed, secretNames)).toEqual([
      "answers another name than was sent",
      "answers another a than was sent",
    ]);
  });

  it("is found out where a problem tells of another request", async () => {
    const found = await judge({ path: "/v1/records?limit=0" }, ({ body }) => withBody({ ...body, instance: "/v1" }));
    expect(found).toEqual(["is a problem that does not tell of its own answer"]);
  });
});

describe("what is written", () => {
  const reply = { status: 422, headers: new Headers(), text: "", body: "" };

  async function judgeWriting(request: FuzzRequest, status: number, write: () => Promise<unknown>): Promise<string[]> {
    await journal.look();
    await write();
    const world: World = { clients: [], revokedKey: "", keyAddresses: new Set(), owners: new Map() };
    return judgeEffects(world, request, { ...reply, status }, await journal.look());
  }

  it("is found out where it is for a request that was refused, or for a GET, or is another's", async () => {
    const scene = await newScene({ runType: "batch" });
    const write = () => must(scene.left(), 201);
    const own = await newRequest({ method: "POST" });
    own.client.environmentId = scene.tenant.environmentId;
    expect(await judgeWriting(own, 201, write)).toEqual([]);
    expect(await judgeWriting(own, 422, write)).toEqual([
      expect.stringMatching(/^is refused and writes: .*insert records/),
    ]);
    expect(await judgeWriting({ ...own, method: "GET" }, 200, write)).toEqual([
      expect.stringMatching(/^is a GET and writes/),
    ]);
    const other = await newRequest({ method: "POST" });
    expect(await judgeWriting(other, 201, write)).toEqual([expect.stringMatching(/^writes in another's environment/)]);
  });

  it("is nothing where it was taken back, or came and went", async () => {
    const { DB } = bindings;
    const insert = DB.prepare("insert into guard (ok) values (1)");
    const environment = DB.prepare(
      "insert into environments (uid, name, mode, created_at) values ('x', 'X', 'test', 0)",
    );
    const fails = DB.prepare("insert into guard (ok) values (0)");
    await journal.look();
    await expect(DB.batch([insert, environment, fails])).rejects.toThrow();
    expect(await journal.look()).toEqual([]);
    await DB.batch([environment, DB.prepare("delete from environments where uid = 'x'")]);
    expect(await journal.look()).toEqual([]);
    await environment.run();
    expect(await journal.look()).toEqual([expect.objectContaining({ table: "environments", operation: "insert" })]);
  });
});

describe("an id", () => {
  it("is found out where it is shown to who has neither made nor sent it", async () => {
    const world: World = { clients: [], revokedKey: "", keyAddresses: new Set(), owners: new Map() };
    const shown = { status: 200, headers: new Headers(), text: NOBODYS_ID, body: NOBODYS_ID };
    const [owner, other, sender] = [await newRequest(), await newRequest(), await newRequest({ body: NOBODYS_ID })];
    expect(judgeEffects(world, owner, shown, [])).toEqual([]);
    expect(judgeEffects(world, other, shown, [])).toEqual([`shows what is another's: ${NOBODYS_ID}`]);
    expect(judgeEffects(world, sender, shown, [])).toEqual([]);
  });
});
