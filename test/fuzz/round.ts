import { Api } from "../support/api.ts";
import { listFaults } from "../support/integrity.ts";
import { runBackground } from "./background.ts";
import { Dice } from "./dice.ts";
import { describeExchange, type FuzzReply, pathnameOf, send } from "./exchange.ts";
import type { Journal } from "./journal.ts";
import { judgeAnswer, judgeEffects } from "./oracles.ts";
import { drawRequest, type FuzzRequest } from "./requests.ts";
import type { World } from "./world.ts";

const BACKGROUND_EVERY = 80;
const AGAIN_PERCENT = 30;
const VISIT_PERCENT = 20;
const CROWD_PERCENT = 3;
/** Answers that are given anew each time. */
const NOT_KEPT = [401, 403, 405, 429];

/** What a round has to tell: each kind of fault once, and how often each operation was answered how. */
export interface RoundReport {
  faults: string[];
  answers: Map<string, number>;
}

export interface Round {
  seed: number;
  requests: number;
  world: World;
  journal: Journal;
  secretNames: RegExp;
}

export async function playRound({ seed, requests, world, journal, secretNames }: Round): Promise<RoundReport> {
  const faults = new Map<string, string>();
  const answers = new Map<string, number>();
  for (let no = 0; no < requests; no++) {
    if (no % BACKGROUND_EVERY === 0) await runBackground();
    const dice = new Dice(seed * 100_003 + no);
    const request = drawRequest(dice, world);
    await journal.look();
    const reply = await send(request);
    const found = [
      ...judgeAnswer(request, reply, secretNames),
      ...judgeEffects(world, request, reply, await journal.look()),
      ...(await followUp(dice, request, reply, { journal, secretNames })),
    ];
    if (reply.status < 300 && reply.text !== "") {
      request.client.pool.harvest(request.operation.path, pathnameOf(request.path), reply.headers, reply.body);
    }
    const { id } = request.operation;
    answers.set(`${id} ${reply.status}`, (answers.get(`${id} ${reply.status}`) ?? 0) + 1);
    for (const fault of found) note(faults, `${id} ${fault}`, `#${no} ${describeExchange(request, reply)}`);
  }
  await runBackground();
  for (const fault of await examine(world)) faults.set(fault, fault);
  return { faults: [...faults.values()], answers };
}

function note(faults: Map<string, string>, fault: string, exchange: string): void {
  const kind = fault.replaceAll(/[0-9a-f-]{36}/g, "…").slice(0, 160);
  if (!faults.has(kind)) faults.set(kind, `${fault}\n${exchange}\n`);
}

interface Watch {
  journal: Journal;
  secretNames: RegExp;
}

async function followUp(dice: Dice, request: FuzzRequest, reply: FuzzReply, watch: Watch): Promise<string[]> {
  const found: string[] = [];
  if (request.headers["Idempotency-Key"] && dice.percent(AGAIN_PERCENT)) {
    found.push(...(await sendAgain(request, reply, watch.journal)));
  }
  const location = reply.headers.get("location");
  if (location !== null && dice.percent(VISIT_PERCENT)) found.push(...(await visit(request, location)));
  if (request.method !== "GET" && dice.percent(CROWD_PERCENT))
    found.push(...(await sendCrowd(request, watch.secretNames)));
  return found;
}

/** Three of them at once: each is answered as one alone might be. */
async function sendCrowd(request: FuzzRequest, secretNames: RegExp): Promise<string[]> {
  const replies = await Promise.all([send(request), send(request), send(request)]);
  return replies.flatMap((reply) => judgeAnswer(request, reply, secretNames)).map((fault) => `in a crowd ${fault}`);
}

/** The same request under the same Idempotency-Key is answered as before, and does nothing. */
async function sendAgain(request: FuzzRequest, first: FuzzReply, journal: Journal): Promise<string[]> {
  const isKept = first.status < 500 && !NOT_KEPT.includes(first.status) && !first.headers.has("retry-after");
  if (request.method !== "POST" || request.target === "elsewhere" || !isKept) return [];
  const again = await send(request);
  const writes = await journal.look();
  return [
    ...(writes.length > 0 ? [`writes when it is sent again: ${JSON.stringify(writes[0])}`] : []),
    ...(again.status === first.status ? [] : [`answers ${again.status} when it is sent again after ${first.status}`]),
  ];
}

/** Where an answer says that something is, it is there. */
async function visit({ client }: FuzzRequest, location: string): Promise<string[]> {
  const headers = { "X-API-KEY": client.keys.admin };
  const { status } = await send({ method: "GET", path: location, headers, body: null });
  return status === 200 ? [] : [`names a Location that answers ${status}`];
}

/** What the service itself finds wrong with what the round has left. */
async function examine({ clients }: World): Promise<string[]> {
  const tenants = clients.filter(({ isBootstrap }) => !isBootstrap);
  const found: string[] = [];
  for (const { keys } of tenants) {
    const faults = await listFaults(new Api(keys.admin));
    found.push(...faults.map((fault) => `integrity: ${JSON.stringify(fault)}`));
  }
  return found;
}
