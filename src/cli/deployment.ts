import { stripVTControlCharacters } from "node:util";
import type { Unstable_RawConfig as WranglerConfig } from "wrangler";

const RATE_LIMIT_MAX_PER_SECOND = 1_000_000;

export interface Database {
  uuid: string;
  name: string;
}

/** `wrangler d1 list --json`. */
export function parseDatabases(output: string): Database[] {
  return parseJsonList<Database>(output);
}

/** `wrangler secret list --format json`. */
export function parseSecretNames(output: string): string[] {
  return parseJsonList<{ name: string }>(output).map(({ name }) => name);
}

/** One page of `wrangler queues list`, which knows tables only. */
export function parseQueueNames(output: string): string[] {
  const [head, ...rows] = stripVTControlCharacters(output)
    .split("\n")
    .filter((line) => line.includes("│"))
    .map((line) => line.split("│").map((cell) => cell.trim()));
  const column = head?.indexOf("name") ?? -1;
  if (head && column < 0) throw new Error(`The list of queues has no column "name":\n${output}`);
  return rows.flatMap((row) => row[column] || []);
}

/** Every queue that the Worker sends to, reads from, or parks messages in. */
export function listQueueNames(config: WranglerConfig): string[] {
  const producers = config.queues?.producers?.map(({ queue }) => queue) ?? [];
  const consumers = config.queues?.consumers?.flatMap((consumer) => [consumer.queue, consumer.dead_letter_queue]) ?? [];
  return [...new Set([...producers, ...consumers])].filter((name) => name !== undefined);
}

export function getDatabaseName(config: WranglerConfig): string {
  const name = config.d1_databases?.[0]?.database_name;
  if (!name) throw new Error("wrangler.toml names no D1 database.");
  return name;
}

/** The checked-in configuration for a file in another folder, which reaches the root by `pathToRoot`. */
export function moveConfig(config: WranglerConfig, pathToRoot: string): WranglerConfig {
  const fromRoot = (path: string): string => `${pathToRoot}/${path}`;
  return {
    ...config,
    ...(config.main && { main: fromRoot(config.main) }),
    ...(config.assets?.directory && { assets: { ...config.assets, directory: fromRoot(config.assets.directory) } }),
    d1_databases: (config.d1_databases ?? []).map((database) => ({
      ...database,
      migrations_dir: fromRoot(database.migrations_dir ?? "migrations"),
    })),
  };
}

/** The configuration with the account's own database. */
export function setDatabase(config: WranglerConfig, databaseId: string): WranglerConfig {
  const databases = config.d1_databases ?? [];
  return { ...config, d1_databases: databases.map((database) => ({ ...database, database_id: databaseId })) };
}

/** The configuration with this many requests a second for each API key. */
export function setRateLimit(config: WranglerConfig, perSecond: number): WranglerConfig {
  const limits = config.ratelimits ?? [];
  return {
    ...config,
    ratelimits: limits.map((binding) => ({
      ...binding,
      simple: { ...binding.simple, limit: perSecond * binding.simple.period },
    })),
  };
}

/** `RATE_LIMIT_PER_SECOND`; undefined if it is not set. */
export function parseRateLimit(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const perSecond = Number(text);
  if (Number.isSafeInteger(perSecond) && perSecond >= 1 && perSecond <= RATE_LIMIT_MAX_PER_SECOND) return perSecond;
  throw new Error(`RATE_LIMIT_PER_SECOND must be a whole number from 1 to ${RATE_LIMIT_MAX_PER_SECOND}.`);
}

// A warning may stand before the list, and "[wrangler:warn]" begins like one.
function parseJsonList<Item>(output: string): Item[] {
  const text = stripVTControlCharacters(output);
  const end = text.lastIndexOf("]") + 1;
  for (const { index } of text.matchAll(/^\s*\[/gm)) {
    try {
      return JSON.parse(text.slice(index, end));
    } catch {}
  }
  throw new Error(`There is no JSON list in what wrangler printed:\n${output}`);
}
