import { beforeAll, describe, expect, it } from "vitest";
import { holdBackground } from "./background.ts";
import { Dice } from "./dice.ts";
import { type Operation, operations } from "./document.ts";
import { describeExchange, send } from "./exchange.ts";
import { Journal } from "./journal.ts";
import { judgeAnswer, judgeEffects, listSecretNames } from "./oracles.ts";
import { drawParameter, formatQuery } from "./queries.ts";
import { drawAddress, type FuzzRequest } from "./requests.ts";
import { FUZZ_SEED } from "./settings.ts";
import { survey } from "./survey.ts";
import { newWorld, type World } from "./world.ts";

const filtered = operations
  .filter(({ method, query }) => method === "GET" && query.length > 1)
  .map((operation) => [`${operation.method} ${operation.path}`, operation] as const);

describe(`any two parameters together (seed ${FUZZ_SEED})`, () => {
  let world: World;
  let journal: Journal;
  let secretNames: RegExp;

  beforeAll(async () => {
    holdBackground();
    secretNames = await listSecretNames();
    world = await newWorld();
    await survey(world);
    journal = await Journal.open();
  }, 60_000);

  it.each(filtered)(
    "are understood by %s",
    async (_, operation) => {
      const faults: string[] = [];
      let accepted = 0;
      for (const [no, [first, second]] of listPairs(operation).entries()) {
        const request = newRequest(new Dice(FUZZ_SEED * 100_003 + no), world, operation, [first, second]);
        await journal.look();
        const reply = await send(request);
        if (reply.status === 200) accepted += 1;
        const found = [
          ...judgeAnswer(request, reply, secretNames),
          ...judgeEffects(world, request, reply, await journal.look()),
        ];
        faults.push(...found.map((fault) => `${fault}\n${describeExchange(request, reply)}\n`));
      }
      expect(faults.join("\n")).toBe("");
      expect(accepted).toBeGreaterThan(0);
    },
    120_000,
  );
});

function listPairs({ query }: Operation): [number, number][] {
  return query.flatMap((_, first) =>
    query.slice(first + 1).map((_, rest): [number, number] => [first, first + 1 + rest]),
  );
}

function newRequest(dice: Dice, world: World, operation: Operation, places: number[]): FuzzRequest {
  const [client] = world.clients;
  if (!client) throw new Error("there is no tenant");
  const { address, target } = drawAddress(dice, world, client, operation, false);
  const wanted = operation.query.filter((one, place) => one.required || places.includes(place));
  const pairs = wanted.flatMap((parameter) => drawParameter(dice, operation.path, parameter, client.pool));
  const headers = { "X-API-KEY": client.keys.admin };
  const path = `${address}${formatQuery(pairs)}`;
  return { client, wrong: 0, standing: "enough", operation, target, method: "GET", path, headers, body: null };
}
