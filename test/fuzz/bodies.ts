import type { Dice } from "./dice.ts";
import { examplesOf, type Json, type Operation } from "./document.ts";
import { hostileOf, hostileText, hostileValue } from "./hostile.ts";
import type { Pool } from "./pool.ts";
import { writeJson } from "./raw-json.ts";
import { drawValue } from "./schema-values.ts";

export interface Body {
  contentType: string | null;
  content: string | Uint8Array<ArrayBuffer>;
}

/** A body as the document has it, and wrong in one place or several if it is to be hostile. */
export function drawBody(dice: Dice, operation: Operation, pool: Pool, isHostile: boolean): Body {
  const right = drawRight(dice, operation.body?.schema, pool);
  if (!isHostile) return { contentType: "application/json", content: writeJson(right) };
  if (dice.percent(12)) return distort(dice, writeJson(right));
  let wrong: unknown = right;
  for (
    let times = dice.weigh([
      [10, 1],
      [1, 2],
      [1, 5],
    ]);
    times > 0;
    times--
  )
    wrong = mutate(dice, wrong, "");
  return { contentType: "application/json", content: writeJson(wrong) };
}

function drawRight(dice: Dice, schema: Json, pool: Pool): unknown {
  const examples = examplesOf(schema);
  if (examples.length === 0 || dice.percent(80)) return drawValue(dice, schema, "", pool);
  return insertIds(dice, dice.pick(examples), "", pool);
}

/** An example of the document, with ids that are there. */
export function insertIds(dice: Dice, value: unknown, name: string, pool: Pool): unknown {
  if (Array.isArray(value)) return value.map((item) => insertIds(dice, item, name, pool));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, insertIds(dice, member, key, pool)]));
  }
  if (/_ids?$|^type_key$|^side_/.test(name) && name !== "external_id") return pool.value(dice, name) ?? value;
  return name === "external_id" ? dice.word() : value;
}

/** The value with one place of it made wrong. */
export function mutate(dice: Dice, value: unknown, name: string): unknown {
  if (Array.isArray(value) && value.length > 0 && dice.percent(80)) return mutateList(dice, value, name);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && Object.keys(value).length > 0 && dice.percent(90)) {
    return mutateMembers(dice, value as Record<string, unknown>);
  }
  return hostileOf(dice, name);
}

function mutateList(dice: Dice, list: unknown[], name: string): unknown[] {
  const at = dice.int(0, list.length - 1);
  return dice.weigh([
    [6, () => list.with(at, mutate(dice, list[at], name))],
    [1, () => list.toSpliced(at, 1)],
    [1, () => [...list, list[at]]],
    [1, () => Array.from({ length: 1_001 }, () => list[at])],
  ])();
}

function mutateMembers(dice: Dice, members: Record<string, unknown>): Record<string, unknown> {
  const name = dice.pick(Object.keys(members));
  const { [name]: member, ...others } = members;
  return dice.weigh([
    [12, () => ({ ...members, [name]: mutate(dice, member, name) })],
    [8, () => ({ ...members, [name]: hostileOf(dice, name) })],
    [3, () => others],
    [2, () => ({ ...members, [name]: null })],
    [3, () => ({ ...members, [hostileText(dice)]: hostileValue(dice) })],
    [1, () => ({ ...members, id: dice.uuid(), created_at: 0, environment_id: dice.uuid() })],
    [1, () => ({ ...others, [name.toUpperCase()]: member })],
    [1, () => ({ ...members, [name]: [member] })],
    [1, () => ({ ...members, [name]: { [name]: member } })],
  ])();
}

const CONTENT_TYPES = [
  null,
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/xml",
  "application/json; charset=utf-16",
  "APPLICATION/JSON;charset=utf-8",
  "application/vnd.x+json",
  "application/jsonp",
  ";",
];

/** What is no JSON, or not declared as such. */
export function distort(dice: Dice, text: string): Body {
  const contentType = "application/json";
  const json = (content: Body["content"]) => ({ contentType, content });
  return dice.weigh([
    [3, () => json(text.slice(0, dice.int(0, text.length)))],
    [1, () => json("")],
    [2, () => json(`\ufeff${text}`)],
    [2, () => json(`${text}${dice.pick(["x", "{}", "\0", ",", "]"])}`)],
    [2, () => json(text.replace(/^\{("[^"]*":)/, '{$1{"a":1},$1'))],
    [1, () => json(text.replaceAll('"', "'"))],
    [1, () => json(dice.pick(["null", "[]", '""', "0", "true", "NaN", "undefined", "[[[[", "{", "\\u0000"]))],
    [1, () => json(Uint8Array.from(text, (char) => char.charCodeAt(0) | 0x80))],
    [1, () => json(Uint8Array.from({ length: 64 }, () => dice.int(0, 255)))],
    [5, () => ({ contentType: dice.pick(CONTENT_TYPES), content: text })],
  ])();
}
