import fc from "../support/fast-check.ts";
import type { Dice } from "./dice.ts";
import { type Json, resolve } from "./document.ts";
import { hostileText } from "./hostile.ts";
import type { Pool } from "./pool.ts";
import { relateFields } from "./related-fields.ts";
import { drawFilters, drawPaymentConditions } from "./rule-trees.ts";

/** At the edge of what is right, and right nonetheless. */
const EDGE_PERCENT = 8;
const EDGE_DAYS = ["0001-01-01", "0000-01-01", "9999-12-31", "1969-12-31", "2024-02-29"];
const EDGE_TIMES = [
  "9999-12-31T23:59:59.999Z",
  "0001-01-01T00:00:00Z",
  "1970-01-01T00:00:00Z",
  "2026-01-01T00:00:00-23:59",
];
const MAX_MINOR_UNITS = 999_999_999_999_999;
const DAYS = ["2026-03-10", "2026-03-10", "2026-03-11", "2026-03-12", "2026-01-31", "2024-02-29"];
const TIMES = [
  "2026-03-10T09:30:00Z",
  "2026-03-10T09:30:00.123456Z",
  "2026-01-01T00:00:00+02:00",
  "2020-02-29T23:59:59Z",
];
const CURRENCIES = ["USD", "USD", "USD", "USD", "EUR", "JPY", "BHD"];
/** Major units; few, so that sums meet. */
const AMOUNTS = [100, 100, 100, 250, 150, 99.99, 0, 1];
const KEYS = ["ref", "a", "b c", "ключ", "x.y"];
const TEXTS = ["Invoice 1042", "INV-1", "ref", "ACH CREDIT INV-1"];

const OPTIONAL_PERCENT = 30;
const KNOWN_PERCENT = 60;
const NAMING_PERCENT = 97;
const MAX_ITEMS = 3;

/** A value as its schema and its name want it, which in most places is accepted. */
export function drawValue(dice: Dice, given: Json, name: string, pool: Pool): unknown {
  const schema = resolve(given);
  const special = drawSpecial(dice, name, pool);
  if (special !== undefined) return special;
  if (schema.anyOf) return drawValue(dice, dice.pick(schema.anyOf), name, pool);
  if (schema.enum) return dice.pick(schema.enum);
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  const type = types.includes("null") && dice.percent(15) ? "null" : types[0];
  switch (type) {
    case "object":
      return schema.properties ? drawObject(dice, schema, pool) : drawPairs(dice, schema, pool);
    case "array":
      return drawList(dice, schema, name, pool);
    case "string":
      return drawText(dice, schema, name, pool);
    case "integer":
    case "number":
      return drawNumber(dice, schema, name);
    case "boolean":
      return dice.percent(50);
    case "null":
      return null;
    default:
      return dice.pick(["x", 1, true, null]);
  }
}

function drawSpecial(dice: Dice, name: string, pool: Pool): unknown {
  switch (name) {
    case "filters":
      return drawFilters(dice);
    case "conditions":
      return drawPaymentConditions(dice, pool);
    case "ledger_entries":
    case "posted_ledger_entries":
      return drawEntries(dice, pool);
    case "url":
      return `https://hooks.example.com/${dice.word()}`;
    default:
      return undefined;
  }
}

/** A debit and a credit of the same amount. */
function drawEntries(dice: Dice, pool: Pool): unknown {
  const amount = dice.pick([100, 10_000, 25_000]);
  const drawAccount = () => pool.value(dice, "ledger_account_id") ?? dice.uuid();
  const first = drawAccount();
  let second = drawAccount();
  for (let tries = 0; second === first && tries < 5; tries++) second = drawAccount();
  return [
    { amount, direction: "debit", ledger_account_id: first },
    { amount, direction: "credit", ledger_account_id: second },
  ];
}

function drawObject(dice: Dice, schema: Json, pool: Pool): Record<string, unknown> {
  const required: string[] = schema.required ?? [];
  const drawn: Record<string, unknown> = {};
  for (const [name, member] of Object.entries<Json>(schema.properties)) {
    const isRefused = Object.keys(member).length === 1 && /^Null: /.test(member.description ?? "");
    const share = isRefused ? 1 : [...required, "filters", "conditions"].includes(name) ? 100 : OPTIONAL_PERCENT;
    if (dice.percent(share)) drawn[name] = drawValue(dice, member, name, pool);
  }
  const draw = (name: string) => drawValue(dice, schema.properties[name], name, pool);
  return dice.percent(90) ? relateFields(dice, drawn, schema, draw) : drawn;
}

function drawPairs(dice: Dice, schema: Json, pool: Pool): Record<string, unknown> {
  const value = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
  const keys = dice.some(KEYS, 30);
  return Object.fromEntries(keys.map((key) => [key, drawValue(dice, value, "metadata", pool)]));
}

function drawList(dice: Dice, schema: Json, name: string, pool: Pool): unknown[] {
  const least = schema.minItems ?? 0;
  const most = Math.max(least, Math.min(schema.maxItems ?? MAX_ITEMS, MAX_ITEMS));
  const length = dice.percent(60) ? Math.max(1, least) : dice.int(least, most);
  const drawn = Array.from({ length }, () => drawValue(dice, schema.items ?? {}, name, pool));
  return dice.percent(95) ? [...new Set(drawn)] : drawn;
}

function drawText(dice: Dice, schema: Json, name: string, pool: Pool): string {
  if (/currency/.test(name)) return dice.pick(CURRENCIES);
  const share = /(_ids?|_key)$|^side_/.test(name) && name !== "external_id" ? NAMING_PERCENT : KNOWN_PERCENT;
  if (dice.percent(share) && !/^(name|key)$/.test(name)) {
    const known = pool.value(dice, name);
    if (typeof known === "string") return known;
  }
  if (schema.format === "date" || /(^|_)(date|as_of)(_|$)|_(by|from|to)$/.test(name))
    return dice.pick(dice.percent(EDGE_PERCENT) ? EDGE_DAYS : DAYS);
  if (schema.format === "date-time" || /_at$|^since$/.test(name)) return drawTime(dice, pool);
  if (schema.format === "uuid") return dice.uuid();
  if (schema.pattern !== undefined) return drawMatch(dice, schema.pattern);
  if (/amount/.test(name)) return `${dice.pick(AMOUNTS)}`;
  if (dice.percent(EDGE_PERCENT)) return drawEdgeText(dice, schema);
  if (dice.percent(50)) return dice.pick(TEXTS);
  const { minLength = 0, maxLength = 20 } = schema;
  const text = dice.sample("text", () => fc.string({ unit: "grapheme-composite", maxLength: 20 }));
  return text.length < minLength
    ? dice.word()
    : [...text].slice(0, Math.min(maxLength, 20)).join("").slice(0, maxLength);
}

function drawEdgeText(dice: Dice, { minLength = 0, maxLength = 1_000 }: Json): string {
  const text = dice.percent(30) ? "x".repeat(maxLength) : hostileText(dice);
  const kept = [...text.toWellFormed().replaceAll("\0", "")].slice(0, maxLength / 2).join("");
  return kept.length < minLength ? dice.word() : kept;
}

/** A text that fits a pattern; what it looks ahead for is left out. */
function drawMatch(dice: Dice, pattern: string): string {
  return dice.sample(pattern, () => fc.stringMatching(new RegExp(pattern.replaceAll(/\(\?![^)]*\)/g, ""))));
}

function drawTime(dice: Dice, pool: Pool): string {
  const known = dice.percent(50) ? pool.value(dice, "created_at") : undefined;
  return typeof known === "string" ? known : dice.pick(dice.percent(EDGE_PERCENT) ? EDGE_TIMES : TIMES);
}

function drawNumber(dice: Dice, schema: Json, name: string): number {
  const isWhole = schema.type !== "number" && !schema.type?.includes?.("number");
  if (/amount/.test(name) && dice.percent(EDGE_PERCENT)) return isWhole ? MAX_MINOR_UNITS : MAX_MINOR_UNITS / 100;
  if (/amount/.test(name)) return isWhole ? Math.round(dice.pick(AMOUNTS) * 100) : dice.pick(AMOUNTS);
  const { minimum = 0, maximum = 1_000 } = schema;
  return dice.percent(90) ? dice.int(minimum, Math.min(maximum, minimum + 20)) : dice.pick([minimum, maximum]);
}
