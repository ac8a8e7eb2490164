import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { INTEGRITY_CHECKS } from "../../src/core/integrity.ts";
import { apiEndpoints } from "../../src/http/api/index.ts";
import { v1Endpoints } from "../../src/http/v1/index.ts";
import { bootstrap, type Reply } from "../support/api.ts";
import { type DatabaseImage, describeImage, readImage, restoreImage } from "../support/database-image.ts";
import { type Fault, FaultyD1 } from "../support/faulty-d1.ts";
import { listFaults } from "../support/integrity.ts";
import { bindings } from "../support/scene.ts";
import { newFaultWorld, type WriteRequest } from "./fault-world.ts";

/** It reads, and asks a Reconciler. */
const NOT_WRITING = ["previewPaymentRule"];
/** Answers that hold a secret, or are about nothing that has an address, cannot be given again once they are lost. */
const NOT_RECOVERED = [
  "createApiKey",
  "rotateApiKey",
  "createWebhookEndpoint",
  "rotateWebhookSecret",
  "replayWebhookEndpoint",
];
/** It takes several batches: the first one decides, and the cron sees to the others. */
const IN_STEPS = ["deleteReconciliation"];

const WRITES = [...v1Endpoints, ...apiEndpoints]
  .filter(({ method, operationId }) => method !== "get" && !NOT_WRITING.includes(operationId))
  .map(({ operationId }) => operationId);

const MAX_CALLS = 60;
const CHECKS = INTEGRITY_CHECKS.filter((check) => check !== "indexes");
const original = bindings.DB;

let world: Record<string, WriteRequest>;
let before: DatabaseImage;
const tally = { faults: 0, nothing: 0, all: 0, retries: 0 };

beforeAll(async () => {
  world = await newFaultWorld();
  await restoreImage(await readImage());
  before = await readImage();
});

afterEach(() => {
  Object.assign(env, { DB: original });
  vi.unstubAllGlobals();
});

/** Sends a request to a Worker whose database fails in this way. */
async function sendUnder(request: WriteRequest, key: string, fault?: Fault) {
  const faulty = new FaultyD1(original, fault);
  Object.assign(env, { DB: faulty.open() });
  const reply = await send(request, key);
  Object.assign(env, { DB: original });
  return { reply, faulty };
}

function send({ method, path, body }: WriteRequest, key: string): Promise<Reply> {
  const headers = { "Idempotency-Key": key };
  if (body instanceof FormData) return bootstrap.send(method, path, body, headers);
  if (body === undefined) return bootstrap.send(method, path, undefined, headers);
  return bootstrap.send(method, path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
}

/** As if whoever was at work on it had been silent for long enough. */
async function ageMark(key: string): Promise<void> {
  await original.prepare("update idempotency_keys set locked_at = 0 where key = ?").bind(key).run();
}

/** What the cron would have done of what a request has left. */
async function finish(name: string): Promise<void> {
  if (!IN_STEPS.includes(name)) return;
  const [uid = ""] = /[0-9a-f-]{36}/.exec(world[name]?.path ?? "") ?? [];
  while (!(await (env as unknown as typeof bindings).RECONCILER.getByName(uid).dissolve()).done);
}

/** One operation under every fault, with what the database has to look like before it and after it. */
class Trial {
  readonly #name: string;
  readonly #request: WriteRequest;
  // To do what is done already may be noted once more where nobody promises that it is not.
  readonly #leftOut: string[];
  readonly #untouched: string[];
  #done: string[] = [];
  #answered = 0;
  #isUntouched = false;
  #lastOfNothing: Fault | undefined;

  constructor(name: string, request: WriteRequest) {
    this.#name = name;
    this.#request = request;
    this.#leftOut = request.method === "POST" ? [] : ["audit_entries"];
    this.#untouched = describeImage(before, this.#leftOut);
  }

  async run(): Promise<void> {
    await restoreImage(before);
    this.#answered = (await sendUnder(this.#request, "clean")).reply.status;
    expect(this.#answered).toBeLessThan(300);
    this.#done = await this.#look();
    for (let call = 0; await this.#failAt(call); call++) expect(call).toBeLessThan(MAX_CALLS);
    if (this.#lastOfNothing) await this.#retryNothing(this.#lastOfNothing);
  }

  /** Every fault at one call; false if it comes to no such call. To fail before a call is to fail after the one before. */
  async #failAt(call: number): Promise<boolean> {
    const moments: Fault["moment"][] = call === 0 ? ["before", "after"] : ["after"];
    for (const moment of moments) {
      if (!this.#isUntouched) await restoreImage(before);
      const key = `${call}-${moment}`;
      const { reply, faulty } = await sendUnder(this.#request, key, { call, moment });
      this.#isUntouched = false;
      if (!faulty.hasFailed) return false;
      if (moment === "after" && (faulty.calls[call] ?? 0) > 1) moments.push("within");
      tally.faults += 1;
      if (JSON.stringify(await this.#look()) === JSON.stringify(this.#untouched)) {
        this.#judgeNothing(reply, { call, moment });
      } else {
        await this.#judgeAll(key);
      }
    }
    return true;
  }

  #judgeNothing(reply: Reply, fault: Fault): void {
    tally.nothing += 1;
    if (reply.status < 300) expect(this.#done).toEqual(this.#untouched);
    this.#lastOfNothing = fault;
    this.#isUntouched = true;
  }

  async #judgeAll(key: string): Promise<void> {
    tally.all += 1;
    await finish(this.#name);
    expect([key, ...(await this.#look())]).toEqual([key, ...this.#done]);
    await ageMark(key);
    const { status, body } = (await sendUnder(this.#request, key)).reply;
    if (status === 409) {
      expect(NOT_RECOVERED).toContain(this.#name);
      expect(body.errors[0].code).toBe("answer_lost");
    } else if (this.#request.method === "POST") {
      expect([key, status]).toEqual([key, this.#answered]);
    } else {
      expect([this.#answered, 404]).toContain(status);
    }
    expect([key, ...(await this.#look())]).toEqual([key, ...this.#done]);
    tally.retries += 1;
  }

  async #retryNothing(fault: Fault): Promise<void> {
    await restoreImage(before);
    await sendUnder(this.#request, "again", fault);
    await ageMark("again");
    const { status } = (await sendUnder(this.#request, "again")).reply;
    expect(status).toBe(this.#answered);
    await finish(this.#name);
    expect(await this.#look()).toEqual(this.#done);
    tally.retries += 1;
  }

  async #look(): Promise<string[]> {
    return describeImage(await readImage(), this.#leftOut);
  }
}

describe("a database that fails at any call, in the middle of its batch or after it", () => {
  it.each(WRITES)("leaves all of %s or nothing, and the same request again does it once", {
    timeout: 180_000,
  }, async (name) => {
    const request = world[name];
    if (!request) throw new Error(`there is no request for ${name}: add it to the fault world`);
    vi.stubGlobal("console", { log: () => undefined, warn: () => undefined, error: () => undefined });
    await new Trial(name, request).run();
    vi.unstubAllGlobals();
    for (const check of CHECKS) expect(await listFaults(bootstrap, check)).toEqual([]);
  });

  it("was tried often enough to say so", () => {
    console.log(`faults: ${JSON.stringify(tally)}`);
    expect(tally.nothing).toBeGreaterThan(200);
    expect(tally.all).toBeGreaterThan(100);
  });
});
