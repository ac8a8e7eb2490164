/// <reference types="vite/types/importMeta.d.ts" />

import { describe, expect, it } from "vitest";
import { matchesOfRun, runToEnd } from "../support/runs.ts";
import { bindings, must, newScene, type Scene } from "../support/scene.ts";

const [readme = ""] = Object.values(
  import.meta.glob<string>("../../README.md", { query: "?raw", import: "default", eager: true }),
);

/** Stands on the page for what is another one each time. */
const ANY = "…";
const BLOCK = /```json\n([\s\S]*?)\n```|((?:^\|.*\|\n)+)/gm;

type Row = Record<string, string>;

/** Rules, the records that are sent, and what the page says becomes of them. */
interface Example {
  name: string;
  isBatch: boolean;
  rules: Record<string, unknown>[];
  rows: Row[];
  /** What the text after the table names, in major units. */
  variances: number[];
}

interface Played {
  scene: Scene;
  /** Ids of the records by external id. */
  ids: Map<string, string>;
}

const examples = splitAt(sectionOf("## Rules by example"), /^### /m).flatMap(readExamples);

function sectionOf(heading: string): string {
  const [, section] = readme.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`README.md has no section "${heading}"`);
  return splitAt(section, /^## /m, 0)[0] as string;
}

function splitAt(text: string, mark: RegExp, from = 1): string[] {
  return text.split(mark).slice(from);
}

function readExamples(text: string): Example[] {
  const name = text.slice(0, text.indexOf("\n"));
  const found: Example[] = [];
  let rules: Example["rules"] = [];
  const blocks = [...text.matchAll(BLOCK)];
  for (const [place, block] of blocks.entries()) {
    const [whole, json, table] = block;
    if (json !== undefined) rules.push(readRule(json));
    if (table === undefined) continue;
    const after = text.slice(block.index + whole.length, blocks[place + 1]?.index);
    found.push({
      name: found.length === 0 ? name : `${name} (${found.length + 1})`,
      isBatch: text.includes('"run_type": "batch"'),
      rules,
      rows: readTable(table),
      variances: [...after.matchAll(/variance of (\d+\.\d+)/g)].map(([, amount]) => Number(amount)),
    });
    rules = [];
  }
  return found;
}

function readRule(json: string): Record<string, unknown> {
  const { reconciliation_id, ...rule } = JSON.parse(json) as Record<string, unknown>;
  if (reconciliation_id !== ANY) throw new Error(`a rule belongs to a reconciliation: ${json}`);
  return rule;
}

function readTable(table: string): Row[] {
  const [head = [], , ...rows] = table
    .trim()
    .split("\n")
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  return rows.map((cells) => Object.fromEntries(head.map((name, place) => [name, cells[place] ?? ""])));
}

function example(name: string): Example {
  const found = examples.find((one) => one.name === name);
  if (!found) throw new Error(`README.md has no example "${name}"`);
  return found;
}

/** JSON of the page, to be held against an answer. */
function answerIn(heading: string): Record<string, unknown> {
  const [, json = ""] = sectionOf(heading).match(/```json\n([\s\S]*?)\n```/) ?? [];
  return JSON.parse(json, (_, value) => (value === ANY ? expect.any(String) : value));
}

/** Makes the rules and sends the records; what a batch reconciliation does not match by itself is still open then. */
async function play({ rules, rows, isBatch }: Example): Promise<Played> {
  const scene = await newScene({ rules, runType: isBatch ? "batch" : "continuous" });
  const ids = new Map<string, string>();
  for (const row of rows) ids.set(row.external_id as string, await send(scene, row));
  await bindings.RECONCILER.getByName(scene.reconciliation).poke();
  return { scene, ids };
}

async function send(scene: Scene, row: Row): Promise<string> {
  const given = Object.entries(row).filter(([, cell]) => cell !== "");
  const metadata = given.filter(([name]) => name.startsWith("metadata."));
  const fields = given.filter(([name]) => !name.startsWith("metadata.") && !["side", "match", "open"].includes(name));
  const record = {
    ...Object.fromEntries(fields),
    metadata: Object.fromEntries(metadata.map(([name, cell]) => [name.slice("metadata.".length), cell])),
  };
  return (await must(row.side === "A" ? scene.left(record) : scene.right(record), 201)).body.id;
}

const numbersIn = (row: Row): string[] => [...(row.match?.matchAll(/\d+/g) ?? [])].map(([number]) => number);

function setsIn(rows: readonly Row[]): string[] {
  const numbers = new Set(rows.flatMap(numbersIn));
  return [...numbers].map((number) => spell(rows.filter((row) => numbersIn(row).includes(number)).map(nameOf))).sort();
}

const nameOf = (row: Row) => row.external_id as string;
const spell = (names: readonly string[]) => [...names].sort().join(" ");

async function setsMade({ scene, ids }: Played): Promise<string[]> {
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  const matches = await scene.matches("&status=matched");
  return matches
    .map(({ records }) => spell(records.map((row: { record_id: string }) => names.get(row.record_id) ?? "")))
    .sort();
}

async function openOf({ scene, ids }: Played, name: string): Promise<string> {
  const { amount, reconciled_amount } = (await scene.record(ids.get(name) as string)).body;
  const open = (amount - reconciled_amount).toFixed(2);
  return open === "0.00" ? "" : open;
}

describe("the examples of README.md", () => {
  it("are all read", () => {
    expect(examples.map(({ name }) => name)).toEqual([
      "Card payouts, net of fees",
      "Batch deposits without an identifier",
      "Instalments",
      "Instalments (2)",
      "Intercompany netting",
      "Daily takings",
    ]);
    for (const { rules, rows } of examples) {
      expect(rules).toHaveLength(1);
      expect(rows.length).toBeGreaterThan(3);
      expect(setsIn(rows)).not.toEqual([]);
    }
  });

  const orders = examples.flatMap((one) => [
    { ...one, order: "in the page's order" },
    { ...one, order: "in the opposite order", rows: one.rows.toReversed() },
  ]);

  it.each(orders)("come out as the page says: $name, $order", async (one) => {
    const played = await play(one);
    const { scene, ids } = played;
    const run = one.isBatch ? await runToEnd(scene, { mode: "commit" }) : undefined;
    expect(await setsMade(played)).toEqual(setsIn(one.rows));
    for (const row of one.rows) {
      expect([nameOf(row), await openOf(played, nameOf(row))]).toEqual([nameOf(row), row.open]);
    }
    const variances = (await scene.matches()).map(({ variance }) => variance).filter((variance) => variance !== 0);
    expect(variances).toEqual(one.variances);
    const ambiguous = one.rows.filter((row) => row.match === "ambiguous").map((row) => ids.get(nameOf(row)));
    const reported = (run?.problems ?? []).map((problem: { code: string; record_id: string }) => problem.record_id);
    expect(reported.sort()).toEqual(ambiguous.sort());
    expect(run?.problems.every(({ code }: { code: string }) => code === "ambiguous") ?? true).toBe(true);
  });
});

describe("the preview of README.md", () => {
  it("says what the page shows, and its commit makes it", async () => {
    const { scene } = await play(example("Batch deposits without an identifier"));
    const preview = await runToEnd(scene, { mode: "preview" });
    expect(preview).toMatchObject(answerIn("## Runs and previews"));
    const proposed = await matchesOfRun(scene, preview.id);
    expect(proposed).toHaveLength(preview.by_rule[0].matches);
    const commit = await runToEnd(scene, { mode: "commit", preview_id: preview.id });
    expect(await matchesOfRun(scene, commit.id)).toEqual(proposed);
  });
});

describe("the candidates of README.md", () => {
  it("are what the page shows, and the missing fee settles the payout", async () => {
    const { scene, ids } = await play(example("Card payouts, net of fees"));
    const bankLine = ids.get("BANK-2") as string;
    const path = `/v1/records/${bankLine}/candidates?reconciliation_id=${scene.reconciliation}&limit=1`;
    const candidates = await must(scene.api.get(path), 200);
    expect(candidates.body).toMatchObject(answerIn("## Why is this not matched?"));

    const fee = { amount: 5, direction: "debit", metadata: { payout: "PO-72" } };
    expect((await must(scene.left(fee), 201)).body.status).toBe("reconciled");
    const payout = ["CH-3", "FEE-2", "BANK-2"].map((name) => scene.record(ids.get(name) as string));
    expect((await Promise.all(payout)).map(({ body }) => body.status)).toEqual(Array(3).fill("reconciled"));
  });
});
