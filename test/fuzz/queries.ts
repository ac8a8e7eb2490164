import type { Dice } from "./dice.ts";
import type { Json, Operation } from "./document.ts";
import { hostileOf, hostileText } from "./hostile.ts";
import type { Pool } from "./pool.ts";
import { Raw } from "./raw-json.ts";
import { drawValue } from "./schema-values.ts";

const OPTIONAL_PERCENT = 25;

/** The query of a request, with its question mark; empty where there is none. */
export function drawQuery(dice: Dice, operation: Operation, pool: Pool, isHostile: boolean): string {
  const wanted = operation.query.filter((one) => one.required || dice.percent(OPTIONAL_PERCENT));
  const pairs = wanted.flatMap((parameter) => drawParameter(dice, operation.path, parameter, pool));
  return formatQuery(isHostile ? distort(dice, operation, pairs) : pairs);
}

/** One parameter as the document wants it: a list's or an object's are several pairs. */
export function drawParameter(dice: Dice, path: string, { name, schema, style }: Json, pool: Pool): string[] {
  if (style === "deepObject") return drawMembers(dice, name, schema, pool);
  const value = drawScalar(dice, path, schema, name, pool);
  const values = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return values.map((one) => pair(name, `${one}`));
}

function drawScalar(dice: Dice, path: string, schema: Json, name: string, pool: Pool): unknown {
  if (name === "cursor" || name === "after_cursor") return pool.cursor(dice, path);
  if (name === "limit" || name === "per_page") return dice.pick([1, 2, 50, 100]);
  return drawValue(dice, schema, name, pool);
}

function drawMembers(dice: Dice, name: string, schema: Json, pool: Pool): string[] {
  const keys = Object.keys(schema.properties ?? { ref: 0, a: 0, "b c": 0 });
  const some = dice.percent(70) ? [dice.pick(keys)] : dice.some(keys, 50);
  const shapeOf = (key: string) => schema.properties?.[key] ?? schema.additionalProperties;
  return some.map((key) => pair(`${name}[${key}]`, `${drawValue(dice, shapeOf(key), name, pool)}`));
}

function distort(dice: Dice, operation: Operation, pairs: string[]): string[] {
  const known = operation.query.map((parameter) => parameter.name);
  const name = known.length > 0 && dice.percent(80) ? dice.pick(known) : "nothing";
  const base = name.replace(/\[\]$/, "");
  const text = asText(hostileOf(dice, name));
  return dice.weigh([
    [12, () => [...pairs.filter((one) => !one.startsWith(name)), pair(name, text)]],
    [3, () => [...pairs, pair(hostileText(dice), text)]],
    [2, () => [...pairs, pair(name, "1"), pair(name, "2")]],
    [2, () => [...pairs, pair(`${base}[]`, text)]],
    [3, () => [...pairs, pair(`${base}[${hostileText(dice)}]`, text)]],
    [1, () => [...pairs, pair(`${base}[a][b]`, text)]],
    [1, () => [...pairs, pair(`${base}[__proto__]`, text)]],
    [1, () => [...pairs, pair("__proto__[a]", text)]],
    [1, () => [...pairs, pair(`${base}[constructor][prototype]`, text)]],
    [1, () => [...pairs, `${name}`]],
    [1, () => [...pairs, `${name}=%`, `${name}=%ff%00%ED%A0%80`]],
    [1, () => [...pairs, "=", "&", "&&=x"]],
    [1, () => [...pairs, pair(name, "9".repeat(8_000))]],
    [1, () => Array.from({ length: 150 }, () => pair(name, text.slice(0, 40)))],
    [1, () => Array.from({ length: 120 }, (_, n) => pair(`metadata[k${n}]`, "1"))],
  ])();
}

export function formatQuery(pairs: string[]): string {
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function asText(value: unknown): string {
  const text = value instanceof Raw ? value.text : typeof value === "string" ? value : JSON.stringify(value);
  return text.slice(0, 4_000);
}

function pair(name: string, value: string): string {
  return `${encode(name)}=${encode(value)}`;
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
