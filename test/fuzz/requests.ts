import type { Scope } from "../../src/core/api-key.ts";
import { type Body, drawBody } from "./bodies.ts";
import type { Dice } from "./dice.ts";
import { findOperations, type Operation, operations, resolve } from "./document.ts";
import { pathnameOf } from "./exchange.ts";
import { drawForm } from "./forms.ts";
import { hostileText, MALFORMED_SEGMENTS } from "./hostile.ts";
import { type Pool, singularOf } from "./pool.ts";
import { drawQuery } from "./queries.ts";
import type { Client, World } from "./world.ts";

/** Whether what a request's address names is there: for its sender, for another one, or for nobody. */
export type Target = "none" | "known" | "foreign" | "unknown" | "malformed" | "elsewhere";
/** What its key allows. */
export type Standing = "enough" | "too_little" | "nobody";

export interface FuzzRequest {
  client: Client;
  /** In how many parts it is wrong. */
  wrong: number;
  standing: Standing;
  operation: Operation;
  target: Target;
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body: Body["content"] | null;
}

type Part = "standing" | "target" | "query" | "headers" | "body";
const PARTS: readonly Part[] = ["standing", "target", "query", "headers", "body"];

const WEIGHTS: Record<string, number> = { POST: 6, PATCH: 4, GET: 3, DELETE: 2 };
const MAX_FIELD_WEIGHT = 12;
const SCOPES: Record<Scope, readonly Scope[]> = {
  read: ["read", "write", "admin"],
  write: ["write", "admin"],
  admin: ["admin"],
};

/** The more an operation takes, the more often it is asked. */
const weighed = operations.map((operation) => {
  const fields = Object.keys(resolve(operation.body?.schema ?? {}).properties ?? {}).length;
  return [(WEIGHTS[operation.method] ?? 1) + Math.min(fields, MAX_FIELD_WEIGHT), operation] as const;
});

/** A request that ought to be accepted, or is wrong in one part or in several. */
export function drawRequest(dice: Dice, world: World): FuzzRequest {
  const client = dice.weigh(world.clients.map((client, place) => [[50, 25, 15, 5][place] ?? 5, client]));
  const operation = dice.weigh(weighed);
  const wrong = drawWrongParts(dice, operation);
  const { key, standing } = drawKey(dice, world, client, operation, wrong.has("standing"));
  const { address, target } = drawAddress(dice, world, client, operation, wrong.has("target"));
  const query = drawQuery(dice, operation, client.pool, wrong.has("query"));
  const body = drawContent(dice, operation, client, wrong.has("body"));
  const method =
    target === "elsewhere" && dice.percent(50) ? dice.pick(["PUT", "OPTIONS", "PATCH", "DELETE"]) : operation.method;
  return {
    client,
    wrong: wrong.size,
    standing,
    operation,
    target,
    method,
    path: `${address}${query}`,
    headers: {
      ...key,
      ...(body?.contentType ? { "Content-Type": body.contentType } : {}),
      ...drawHeaders(dice, operation, wrong.has("headers")),
    },
    body: method === "GET" || method === "OPTIONS" ? null : (body?.content ?? null),
  };
}

function drawWrongParts(dice: Dice, { body, path }: Operation): Set<Part> {
  const kind = dice.weigh([
    [48, "none"],
    [44, "one"],
    [8, "many"],
  ]);
  if (kind === "none") return new Set();
  if (kind === "many") return new Set(dice.some(PARTS, 40));
  const choices: (readonly [number, Part])[] = [
    [6, "standing"],
    [10, "query"],
    [4, "headers"],
  ];
  if (body) choices.push([60, "body"]);
  choices.push([path.includes("{") ? 15 : 3, "target"]);
  return new Set([dice.weigh(choices)]);
}

interface Key {
  key: Record<string, string>;
  standing: Standing;
}

function drawKey(dice: Dice, world: World, client: Client, { scope }: Operation, isWrong: boolean): Key {
  const allowed = SCOPES[scope];
  if (!isWrong) return { key: carry(dice, client.keys[dice.pick(allowed)]), standing: "enough" };
  const lower = (["read", "write"] as const).filter((one) => !allowed.includes(one) && !client.isBootstrap);
  if (lower.length > 0 && dice.percent(60)) {
    return { key: carry(dice, client.keys[dice.pick(lower)]), standing: "too_little" };
  }
  const key = dice.pick<Record<string, string>>([
    {},
    carry(dice, world.revokedKey),
    carry(dice, `tk_live_${dice.word()}`),
    { "X-API-KEY": "" },
    { "X-API-KEY": "~".repeat(10_000) },
    { "X-API-KEY": `${client.keys.admin}x` },
    { Authorization: client.keys.admin },
    { Authorization: "Bearer" },
    { Authorization: "Basic ####" },
    { Authorization: `Basic ${btoa(client.keys.admin)}` },
  ]);
  return { key, standing: "nobody" };
}

/** The key in one of the three ways. */
function carry(dice: Dice, key: string): Record<string, string> {
  return dice.weigh([
    [6, { "X-API-KEY": key }],
    [2, { Authorization: `Bearer ${key}` }],
    [2, { Authorization: `Basic ${btoa(`org:${key}`)}` }],
  ]);
}

interface Address {
  address: string;
  target: Target;
}

export function drawAddress(dice: Dice, world: World, client: Client, operation: Operation, isWrong: boolean): Address {
  const { path } = operation;
  if (isWrong && dice.percent(path.includes("{") ? 10 : 100))
    return { address: leadAstray(dice, path), target: "elsewhere" };
  if (!path.includes("{")) return { address: path, target: "none" };
  const end = path.lastIndexOf("}") + 1;
  const [item, rest] = [path.slice(0, end), path.slice(end)];
  const kind = isWrong ? dice.pick(["foreign", "unknown", "malformed"] as const) : "known";
  if (kind === "malformed") return malform(dice, item, rest);
  const owner =
    kind === "foreign" ? dice.pick(world.clients.filter((one) => one !== client && !one.isBootstrap)) : client;
  const isSafe = (address: string) => operation.method === "GET" || !world.keyAddresses.has(address);
  const found = kind === "unknown" ? undefined : findAddress(dice, owner.pool, item, isSafe);
  // Keys are not ids: two environments may have the same one.
  const target = kind === "foreign" && path.includes("{key}") ? "unknown" : kind;
  if (found !== undefined) return { address: found + rest, target };
  return { address: fill(item, dice.uuid()) + rest, target: "unknown" };
}

function malform(dice: Dice, item: string, rest: string): Address {
  const address = fill(item, dice.pick(MALFORMED_SEGMENTS)) + rest;
  if (findOperations(pathnameOf(address)).length === 0) return { address, target: "elsewhere" };
  // What is no id may well be a key.
  return { address, target: item.includes("{key}") ? "unknown" : "malformed" };
}

/** An address of a resource at this path, put together of names that are known where none has been shown. */
function findAddress(dice: Dice, pool: Pool, path: string, isSafe: (address: string) => boolean): string | undefined {
  const known = pool.addresses(path).filter(isSafe);
  if (known.length > 0) return dice.pick(known);
  const [, above = "", collection = "", name = ""] = /^(.*)\/(\w+)\/\{(\w+)\}$/.exec(path) ?? [];
  const parent = above.endsWith("}") ? findAddress(dice, pool, above, isSafe) : undefined;
  const id = pool.value(dice, name === "id" ? `${singularOf(collection)}_id` : name);
  return parent === undefined || id === undefined ? undefined : `${parent}/${collection}/${id}`;
}

function fill(path: string, segment: string): string {
  return path.replaceAll(/\{\w+\}/g, () => segment);
}

function leadAstray(dice: Dice, path: string): string {
  const full = fill(path, dice.uuid());
  return dice.pick([
    full,
    `${full}/`,
    `${full}/x`,
    `/${full}`,
    full.toUpperCase(),
    full.replace(/^\/(v1|api)/, "/v2"),
    full.replace(/^\/(v1|api)/, (door) => (door === "/v1" ? "/api" : "/v1")),
    full.replace(/_/, "%5f"),
    full.replace(/.$/, "%00"),
    `${full};a=b`,
    "/v1",
    "/api/",
    "/v1/../api/ping",
  ]);
}

function drawContent(dice: Dice, operation: Operation, client: Client, isWrong: boolean): Body | undefined {
  if (!operation.body) return isWrong ? { contentType: "application/json", content: hostileText(dice) } : undefined;
  if (operation.body.isForm) return drawForm(dice, isWrong);
  return drawBody(dice, operation, client.pool, isWrong);
}

const BAD_KEYS = ["", " ", "a b", "a\tb", "\u007f", "k".repeat(256), "k".repeat(10_000)];

function drawHeaders(dice: Dice, { method }: Operation, isWrong: boolean): Record<string, string> {
  if (isWrong) {
    return dice.pick<Record<string, string>>([
      { "Idempotency-Key": dice.pick(BAD_KEYS) },
      { "Idempotency-Key": dice.pick(BAD_KEYS) },
      { Accept: "text/html", "Accept-Encoding": "br;q=x" },
      { "Content-Encoding": "gzip" },
      { "X-HTTP-Method-Override": "DELETE", "X-Forwarded-For": "127.0.0.1", "X-Request-Id": "mine" },
      { "If-None-Match": "*", Range: "bytes=0-1" },
    ]);
  }
  // Few, so that some are used again for other requests.
  if (method === "POST" && dice.percent(25)) return { "Idempotency-Key": `key-${dice.int(0, 400)}` };
  return {};
}
