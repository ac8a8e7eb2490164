import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { experimental_readRawConfig as readConfig } from "wrangler";
import {
  getDatabaseName,
  listQueueNames,
  moveConfig,
  parseDatabases,
  parseQueueNames,
  parseRateLimit,
  parseSecretNames,
  setDatabase,
  setRateLimit,
} from "./deployment.ts";

const ROOT = join(import.meta.dirname, "../..");
const CONFIG_FILE = join(ROOT, ".wrangler/deploy/wrangler.json");
const PATH_TO_ROOT = "../..";
const SECRET = "BOOTSTRAP_API_KEY";
const SECRET_BYTES = 32;
const QUEUE_LIST_MAX_PAGES = 100;

const args = process.argv.slice(2);
const rateLimit = readRateLimit();
if (args.includes("--dry-run")) show(["deploy", ...args]);
else deploy();

function deploy(): void {
  const { rawConfig } = readConfig({ config: join(ROOT, "wrangler.toml") });
  const config = rateLimit === undefined ? rawConfig : setRateLimit(rawConfig, rateLimit);

  if (!process.env.CLOUDFLARE_API_TOKEN && spawnWrangler(["whoami", "--json"], { stdio: "ignore" }).status !== 0) {
    fail("Cloudflare does not know you: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.");
  }

  const databaseName = getDatabaseName(config);
  console.log(`\nD1 database ${databaseName}`);
  const databaseId = findDatabaseId(databaseName) ?? createDatabase(databaseName);

  const present = listQueues();
  for (const queue of listQueueNames(config)) {
    console.log(`\nQueue ${queue}`);
    if (!present.has(queue)) show(["queues", "create", queue]);
  }

  mkdirSync(dirname(CONFIG_FILE), { recursive: true });
  const deployConfig = moveConfig(setDatabase(config, databaseId), PATH_TO_ROOT);
  writeFileSync(CONFIG_FILE, `${JSON.stringify(deployConfig, null, 2)}\n`);

  // Migrations only add, so the version that still runs does not mind them.
  console.log("\nMigrations");
  show(["d1", "migrations", "apply", "DB", "--remote", "--config", CONFIG_FILE]);

  console.log("\nWorker");
  show(["deploy", "--config", CONFIG_FILE, ...args]);

  if (!parseSecretNames(read(["secret", "list", "--config", CONFIG_FILE])).includes(SECRET)) createSecret();
}

function readRateLimit(): number | undefined {
  try {
    return parseRateLimit(process.env.RATE_LIMIT_PER_SECOND);
  } catch (error) {
    return fail((error as Error).message);
  }
}

function findDatabaseId(name: string): string | undefined {
  return parseDatabases(read(["d1", "list", "--json"])).find((database) => database.name === name)?.uuid;
}

function createDatabase(name: string): string {
  show(["d1", "create", name, "--update-config", "false"]);
  return findDatabaseId(name) ?? fail(`The database ${name} was created, but is not in the list yet. Run this again.`);
}

function listQueues(): Set<string> {
  const names = new Set<string>();
  for (let page = 1; page <= QUEUE_LIST_MAX_PAGES; page++) {
    const known = names.size;
    for (const name of parseQueueNames(read(["queues", "list", "--page", String(page)]))) names.add(name);
    if (names.size === known) break;
  }
  return names;
}

function createSecret(): void {
  const key = randomBytes(SECRET_BYTES).toString("base64url");
  run(["secret", "put", SECRET, "--config", CONFIG_FILE], { input: key, stdio: ["pipe", "inherit", "inherit"] });
  console.log(`
  ${SECRET}: ${key}

  It is the admin of the default live environment and is not shown again. Make a key of your own with it
  (POST /v1/api_keys), and keep it where you keep secrets. To replace it: npx wrangler secret put ${SECRET}
`);
}

function show(command: string[]): void {
  run(command, { stdio: "inherit" });
}

function read(command: string[]): string {
  return run(command, { stdio: ["inherit", "pipe", "inherit"] });
}

function run(command: string[], options: SpawnSyncOptions): string {
  const { status, stdout } = spawnWrangler(command, options);
  if (status !== 0) fail(`${stdout ?? ""}\n\`wrangler ${command.join(" ")}\` failed.`);
  return stdout ?? "";
}

function spawnWrangler(command: string[], options: SpawnSyncOptions) {
  const wrangler = fileURLToPath(import.meta.resolve("wrangler"));
  return spawnSync(process.execPath, ["--no-warnings", wrangler, ...command], {
    ...options,
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
  });
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
