/// <reference types="vite/types/importMeta.d.ts" />

import { describe, expect, it } from "vitest";

type Files = Record<string, string>;

const source = rooted(import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true }));
const tests = rooted(import.meta.glob<string>("./**/*.ts", { query: "?raw", import: "default", eager: true }), "test/");
const migrations = rooted(
  import.meta.glob<string>("../migrations/*.sql", { query: "?raw", import: "default", eager: true }),
);

/** What the files of each layer may import from. `cli` and `dashboard` are programs of their own. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: ["core"],
  config: [],
  db: ["core", "config", "db"],
  services: ["core", "config", "db", "services"],
  http: ["core", "config", "db", "services", "http"],
  runtime: ["core", "config", "db", "services", "runtime"],
  app: ["core", "config", "db", "services", "http", "runtime"],
  index: ["core", "config", "db", "services", "http", "runtime", "app"],
};

const NOT_IN_CORE_PACKAGES = /^(cloudflare:|hono(\/|$)|@hono\/|drizzle-orm(\/|$)|uuid$|node:)/;
const NOT_IN_CORE = [
  /\bDate\.now\b/,
  /\bMath\.random\b/,
  /\bnew Date\(\s*\)/,
  /\bgetRandomValues\b/,
  /\brandomUUID\b/,
  /\bperformance\.now\b/,
];
const DRAWERS = /(^|\/)(utils?|helpers?|types|constants|common|misc)(\/|\.ts$)/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.ts$/;

describe("layers", () => {
  it("finds the files that it speaks about", () => {
    for (const path of ["src/index.ts", "src/app.ts", "src/config.ts", "src/core/result.ts", "src/db/client.ts"]) {
      expect(Object.keys(source)).toContain(path);
    }
    expect(Object.keys(tests)).toContain("test/support/api.ts");
    expect(Object.keys(migrations)).toContain("migrations/0000_initial.sql");
  });

  it("lets imports go one way only", () => {
    expect(listWrongImports(source)).toEqual([]);
  });

  it("keeps the platform, the clock and chance out of core", () => {
    expect(listImpurities(source)).toEqual([]);
  });

  it("writes through one door", () => {
    expect(listOtherWrites(source)).toEqual([]);
  });

  it("has no drawers, and names files in kebab-case", () => {
    expect(listBadNames({ ...source, ...tests })).toEqual([]);
  });

  it("has migrations that only add, each with a number of its own", () => {
    expect(listBadMigrations(migrations)).toEqual([]);
  });
});

describe("the checks themselves", () => {
  it.each<[string, Files]>([
    ["core → db", { "src/core/a.ts": 'import { openDb } from "../db/client.ts";' }],
    ["core → config", { "src/core/a.ts": 'import { X } from "../config.ts";' }],
    ["db → services, over several lines", { "src/db/a.ts": 'import {\n  b,\n  c,\n} from "../services/b.ts";' }],
    ["services → http, types only", { "src/services/a.ts": 'import type { B } from "../http/b.ts";' }],
    ["http → runtime", { "src/http/v1/a.ts": 'import "../../runtime/reconciler.ts";' }],
    ["runtime → http", { "src/runtime/a.ts": 'export * from "../http/endpoint.ts";' }],
    ["http → app", { "src/http/a.ts": 'const app = await import("../app.ts");' }],
    ["services → index", { "src/services/a.ts": 'export type { B } from "../index.ts";' }],
    ["config → runtime, with values", { "src/config.ts": 'import { Reconciler } from "./runtime/reconciler.ts";' }],
    ["a file of no layer", { "src/lost/a.ts": "" }],
    ["an import of a file of no layer", { "src/http/a.ts": 'import { b } from "../cli/b.ts";' }],
  ])("notice %s", (_, files) => {
    expect(listWrongImports(files)).toHaveLength(1);
  });

  it.each<[string, Files]>([
    ["core → core", { "src/core/rules/a.ts": 'import { b } from "../money.ts";' }],
    ["http → db", { "src/http/v1/a.ts": 'import { b } from "../../db/b.ts";' }],
    ["a package", { "src/db/a.ts": 'import { sql } from "drizzle-orm";' }],
    ["config → runtime, types only", { "src/config.ts": 'import type { Reconciler } from "./runtime/reconciler.ts";' }],
    ["what a program does for itself", { "src/cli/start.ts": 'import { x } from "../config.ts";' }],
  ])("allow %s", (_, files) => {
    expect(listWrongImports(files)).toEqual([]);
  });

  it.each([
    'import { env } from "cloudflare:workers";',
    'import { Hono } from "hono";',
    'import { z } from "@hono/zod-openapi";',
    'import { sql } from "drizzle-orm/sqlite-core";',
    'import { v7 } from "uuid";',
    "const now = Date.now();",
    "const now = new Date();",
    "const luck = Math.random();",
    "crypto.getRandomValues(bytes);",
    "crypto.randomUUID();",
  ])("notice in core: %s", (text) => {
    expect(listImpurities({ "src/core/a.ts": text })).toHaveLength(1);
    expect(listImpurities({ "src/services/a.ts": text })).toEqual([]);
  });

  it("allow core a date of a given instant", () => {
    expect(listImpurities({ "src/core/a.ts": "new Date(instantMs)" })).toEqual([]);
  });

  it("notice a transaction, and a batch that does not go through the client", () => {
    expect(listOtherWrites({ "src/services/a.ts": "db.orm.transaction(async (tx) => {})" })).toHaveLength(1);
    expect(listOtherWrites({ "src/services/a.ts": "await ctx.db.d1\n  .batch([])" })).toHaveLength(1);
    expect(listOtherWrites({ "src/db/client.ts": "db.d1.batch([])" })).toEqual([]);
    expect(listOtherWrites({ "src/runtime/a.ts": "store.transaction(() => {})" })).toEqual([]);
  });

  it.each([
    "src/utils/money.ts",
    "src/core/helpers.ts",
    "src/db/types.ts",
    "src/constants.ts",
    "src/core/fooBar.ts",
  ])("notice the name %s", (path) => {
    expect(listBadNames({ [path]: "" })).toHaveLength(1);
  });

  it.each<[string, Files]>([
    ["a number given twice", { "migrations/0006_a.sql": "", "migrations/0006_b.sql": "" }],
    ["a dropped table", { "migrations/0006_a.sql": "drop\ttable `a`;" }],
    ["a cascade", { "migrations/0006_a.sql": "REFERENCES a(id) ON UPDATE no action ON DELETE\ncascade" }],
    ["a file without a number", { "migrations/later.sql": "" }],
  ])("notice %s in migrations", (_, files) => {
    expect(listBadMigrations(files)).toHaveLength(1);
  });
});

function rooted(files: Files, folder = ""): Files {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [folder + path.replace(/^\.{1,2}\//, ""), text]),
  );
}

function layerOf(path: string): string | undefined {
  return /^src\/(?:([^/]+)\/|([^/]+)\.ts$)/.exec(path)?.slice(1).find(Boolean);
}

interface Import {
  specifier: string;
  isTypeOnly: boolean;
}

function listImports(text: string): Import[] {
  const statements = text.matchAll(/^\s*(import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const calls = text.matchAll(/\bimport\(\s*"([^"]+)"/g);
  return [
    ...[...statements].map(([, , type, specifier]) => ({ specifier: specifier ?? "", isTypeOnly: type !== undefined })),
    ...[...calls].map(([, specifier]) => ({ specifier: specifier ?? "", isTypeOnly: false })),
  ];
}

function listWrongImports(files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const layer = layerOf(path) ?? "";
    if (layer === "cli" || layer === "dashboard") return [];
    const allowed = MAY_IMPORT[layer];
    if (!allowed) return [`${path} belongs to no layer`];
    return listImports(text)
      .filter(({ specifier }) => specifier.startsWith("."))
      .filter(({ specifier, isTypeOnly }) => {
        const target = layerOf(new URL(specifier, `file:///${path}`).pathname.slice(1));
        // The binding of a Durable Object is typed by its class.
        if (layer === "config" && target === "runtime" && isTypeOnly) return false;
        return !allowed.includes(target ?? "");
      })
      .map(({ specifier }) => `${path} imports ${specifier}`);
  });
}

function listImpurities(files: Files): string[] {
  return Object.entries(files)
    .filter(([path]) => layerOf(path) === "core")
    .flatMap(([path, text]) => [
      ...listImports(text)
        .filter(({ specifier }) => NOT_IN_CORE_PACKAGES.test(specifier))
        .map(({ specifier }) => `${path} imports ${specifier}`),
      ...NOT_IN_CORE.filter((pattern) => pattern.test(text)).map((pattern) => `${path} has ${pattern.source}`),
    ]);
}

function listOtherWrites(files: Files): string[] {
  return Object.entries(files).flatMap(([path, text]) => [
    // It compiles, and always fails on D1.
    ...(/\b(db|orm|d1)\s*\.transaction\(/.test(text) ? [`${path} opens a transaction`] : []),
    ...(path !== "src/db/client.ts" && /\.batch\(/.test(text) ? [`${path} batches without the client`] : []),
  ]);
}

function listBadNames(files: Files): string[] {
  return Object.keys(files).filter(
    (path) => DRAWERS.test(path) || !KEBAB_CASE.test(path.slice(path.lastIndexOf("/") + 1)),
  );
}

function listBadMigrations(files: Files): string[] {
  const numbers = new Set<string>();
  return Object.entries(files).flatMap(([path, text]) => {
    const number = /^migrations\/(\d{4})_\w+\.sql$/.exec(path)?.[1];
    if (number === undefined) return [`${path} has no number`];
    const isTaken = numbers.has(number);
    numbers.add(number);
    return [
      ...(isTaken ? [`${path} has a number that another one has`] : []),
      ...(/\bdrop\s+table\b/i.test(text) ? [`${path} drops a table`] : []),
      // drizzle-kit rebuilds a table by drop and copy; D1 would then delete what cascades and report success.
      ...(/\bon\s+delete\s+cascade\b/i.test(text) ? [`${path} cascades`] : []),
    ];
  });
}
