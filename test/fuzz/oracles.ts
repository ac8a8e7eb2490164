import {
  documentText,
  findDeviation,
  findOperations,
  findRefusalDeviation,
  type Json,
  type Operation,
} from "./document.ts";
import { type FuzzReply, pathnameOf } from "./exchange.ts";
import type { Write } from "./journal.ts";
import type { FuzzRequest } from "./requests.ts";
import { listTables } from "./tables.ts";
import type { World } from "./world.ts";

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

const INSIDES = [
  /D1_ERROR|SQLITE_|constraint failed|syntax error|no such (table|column|function)/i,
  /\b(insert or ignore|insert into|select \S+ from|update \w+ set|json_each|returning)\b/i,
  /^\s+at .*:\d+:\d+/m,
  /(node_modules|src|dist)\/[\w-]+|[\w-]+\.ts\b|file:\/\/\/work/,
  /\bdrizzle|\bZodError|TypeError|RangeError|ReferenceError|SyntaxError|undefined is not|\[object Object\]/,
];

/** Names of tables and columns that the document does not have. */
export async function listSecretNames(): Promise<RegExp> {
  const names = (await listTables()).flatMap(({ name, columns }) => [name, ...columns]);
  const secret = names.filter((name) => name.includes("_") && !documentText.includes(name));
  return new RegExp(`\\b(${secret.join("|")})\\b`);
}

/** Everything that is wrong with an answer, whatever else goes on at the time. */
export function judgeAnswer(request: FuzzRequest, reply: FuzzReply, secretNames: RegExp): string[] {
  return [
    ...judgeStatus(request, reply),
    ...judgeForm(request, reply),
    ...judgeRequestId(reply),
    ...judgeSecrecy(reply, secretNames),
    ...judgeEcho(request, reply),
  ];
}

/** Everything that is wrong with what an answer tells of others, and with what was written for it alone. */
export function judgeEffects(world: World, request: FuzzRequest, reply: FuzzReply, writes: readonly Write[]): string[] {
  return [...judgeWrites(request, reply, writes), ...judgeOwnership(world, request, reply)];
}

function judgeStatus(
  { client, standing, operation, target, wrong, headers }: FuzzRequest,
  { status }: FuzzReply,
): string[] {
  if (status >= 500) return [`answers ${status}`];
  if (target === "elsewhere") return [];
  if (standing === "nobody") return status === 401 ? [] : [`answers ${status} to nobody's key`];
  if (status === 401) return ["answers 401 to a good key"];
  if (standing === "too_little") return status === 403 ? [] : [`answers ${status} to a key without the scope`];
  const isForBootstrap = /^\/v1\/(environments|api_keys)/.test(operation.path) && !client.isBootstrap;
  if (status === 403 && !isForBootstrap) return ["answers 403 to a key with the scope"];
  if (status === 429) return ["answers 429"];
  if (target === "foreign" && !client.isBootstrap && status < 400) return [`answers ${status} of what is another's`];
  const isPlain = wrong === 1 && !("Idempotency-Key" in headers);
  if (target === "malformed" && isPlain && status !== 404) return [`answers ${status} of a malformed id`];
  return [];
}

function judgeForm(request: FuzzRequest, { status, headers, body }: FuzzReply): string[] {
  const pathname = pathnameOf(request.path);
  const operation = operationOf(request, pathname);
  const deviation = operation
    ? findDeviation(operation, status, headers, body)
    : [401, 404, 405].includes(status)
      ? findRefusalDeviation(pathname, headers, body)
      : `answers ${status} where there is nothing`;
  const found = deviation === undefined ? [] : [deviation];
  if (status === 405 && !headers.has("allow")) found.push("answers 405 without Allow");
  if (status < 400 || /^\/api(\/|$)/.test(pathname)) return found;
  // What is answered again tells of the first time.
  const isOfThis = headers.has("idempotent-replayed") || body.request_id === headers.get("x-request-id");
  const isTrue = body.status === status && body.instance === pathname && isOfThis;
  return isTrue ? found : [...found, "is a problem that does not tell of its own answer"];
}

function operationOf(request: FuzzRequest, pathname: string): Operation | undefined {
  return findOperations(decode(pathname)).find(({ method }) => method === request.method);
}

function judgeRequestId({ headers }: FuzzReply): string[] {
  return /^[0-9a-f-]{36}$/.test(headers.get("x-request-id") ?? "") ? [] : ["has no X-Request-Id"];
}

function judgeSecrecy({ text }: FuzzReply, secretNames: RegExp): string[] {
  return [...INSIDES, secretNames].flatMap((pattern) => {
    const found = pattern.exec(text);
    return found ? [`shows its inside: ${text.slice(Math.max(0, found.index - 40), found.index + 60)}`] : [];
  });
}

/** What has another form in answers, or is not repeated there. */
const NORMALISED = /currency|date|_at$|_by$|since|amount|url|cursor|preview/;

/** Texts that were accepted are answered as they were sent. */
function judgeEcho({ body: sent }: FuzzRequest, { status, body: answer }: FuzzReply): string[] {
  if (typeof sent !== "string" || (status !== 200 && status !== 201)) return [];
  const given = parse(sent.replace(/^\ufeff/, ""));
  return [...listChanged(given, answer), ...listChanged(given?.metadata, answer?.metadata)].map(
    (name) => `answers another ${name} than was sent`,
  );
}

function listChanged(given: Json, answer: Json): string[] {
  if (typeof given !== "object" || given === null || typeof answer !== "object" || answer === null) return [];
  return Object.keys(given).filter(
    (name) =>
      typeof given[name] === "string" &&
      typeof answer[name] === "string" &&
      given[name] !== answer[name] &&
      !NORMALISED.test(name),
  );
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function judgeWrites(request: FuzzRequest, { status }: FuzzReply, writes: readonly Write[]): string[] {
  const rows = [...new Set(writes.map(({ table, operation }) => `${operation} ${table}`))].join(", ");
  if (status >= 400 && writes.length > 0) return [`is refused and writes: ${rows}`];
  if (request.method === "GET" && writes.length > 0) return [`is a GET and writes: ${rows}`];
  const { environmentId } = request.client;
  // An expected payment is a record of environment 0.
  const isOwn = (write: Write) => [null, 0, environmentId].includes(write.environmentId);
  if (environmentId === null || writes.every(isOwn)) return [];
  return [`writes in another's environment: ${rows}`];
}

/** Nobody is shown an id that is another's, unless it has sent it itself. */
function judgeOwnership({ owners }: World, { client, path, body }: FuzzRequest, { status, text }: FuzzReply): string[] {
  const said = typeof body === "string" ? path + body : path;
  for (const id of said.match(UUID) ?? []) client.sent.add(id);
  if (status >= 300 || client.isBootstrap) return [];
  const foreign: string[] = [];
  for (const id of new Set(text.match(UUID))) {
    if (client.sent.has(id)) continue;
    const owner = owners.get(id);
    if (owner === undefined) owners.set(id, client);
    else if (owner !== client) foreign.push(id);
  }
  return foreign.length === 0 ? [] : [`shows what is another's: ${foreign[0]}`];
}

function decode(pathname: string): string {
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}
