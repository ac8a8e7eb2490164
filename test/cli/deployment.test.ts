import { describe, expect, test } from "vitest";
import {
  listQueueNames,
  moveConfig,
  parseDatabases,
  parseQueueNames,
  parseRateLimit,
  parseSecretNames,
  setDatabase,
  setRateLimit,
} from "../../src/cli/deployment.ts";

const config = {
  name: "tieout",
  main: "src/index.ts",
  assets: { directory: ".assets" },
  d1_databases: [{ binding: "DB", database_name: "tieout", database_id: "placeholder", migrations_dir: "migrations" }],
  queues: {
    producers: [{ binding: "WEBHOOKS", queue: "hooks" }],
    consumers: [{ queue: "hooks", dead_letter_queue: "hooks-dead" }, { queue: "hooks-dead" }],
  },
  ratelimits: [{ name: "RATE_LIMIT", namespace_id: "1", simple: { limit: 10_000, period: 10 as const } }],
  triggers: { crons: ["* * * * *"] },
};

describe("the list of databases", () => {
  test("is read", () => {
    const output = JSON.stringify([{ uuid: "0b1c", name: "tieout", version: "production" }], null, 2);
    expect(parseDatabases(output)).toMatchObject([{ uuid: "0b1c", name: "tieout" }]);
  });

  test("is read when it is empty", () => {
    expect(parseDatabases("[]\n")).toEqual([]);
  });

  test("is read below warnings that begin with a bracket", () => {
    const output = `[wrangler:warn] A new version is there [1]\n\u001b[33m▲ careful\u001b[0m\n[\n  { "uuid": "0b1c", "name": "tieout" }\n]\n`;
    expect(parseDatabases(output)).toEqual([{ uuid: "0b1c", name: "tieout" }]);
  });

  test("is missed loudly", () => {
    expect(() => parseDatabases("You are not authenticated.")).toThrow("You are not authenticated.");
  });
});

test("the names of secrets are read", () => {
  expect(parseSecretNames('[{ "name": "BOOTSTRAP_API_KEY", "type": "secret_text" }]')).toEqual(["BOOTSTRAP_API_KEY"]);
});

describe("the list of queues", () => {
  test("is read from a coloured table below a banner", () => {
    const output = [
      " ⛅️ wrangler 4.155.0",
      "────────────────────",
      "┌──────┬─────────────────────┬────────────┐",
      "│ \u001b[34mid\u001b[39m   │ \u001b[34mname\u001b[39m                │ \u001b[34mcreated_on\u001b[39m │",
      "├──────┼─────────────────────┼────────────┤",
      "│ a1   │ tieout-webhooks     │ 2026-11-21 │",
      "├──────┼─────────────────────┼────────────┤",
      "│ b2   │ tieout-webhooks-old │ 2026-11-21 │",
      "└──────┴─────────────────────┴────────────┘",
    ].join("\n");
    expect(parseQueueNames(output)).toEqual(["tieout-webhooks", "tieout-webhooks-old"]);
  });

  test("is empty without a table", () => {
    expect(parseQueueNames("┌┐\n└┘\n")).toEqual([]);
  });

  test("is missed loudly when the table has other columns", () => {
    expect(() => parseQueueNames("│ id │ title │\n│ a1 │ hooks │")).toThrow('no column "name"');
  });
});

test("every queue of the configuration is named once", () => {
  expect(listQueueNames(config)).toEqual(["hooks", "hooks-dead"]);
});

describe("the configuration", () => {
  test("reaches the root's files from another folder", () => {
    expect(moveConfig(config, "../..")).toEqual({
      ...config,
      main: "../../src/index.ts",
      assets: { directory: "../../.assets" },
      d1_databases: [{ ...config.d1_databases[0], migrations_dir: "../../migrations" }],
    });
  });

  test("takes the id of the account's database", () => {
    const d1_databases = [{ ...config.d1_databases[0], database_id: "0b1c" }];
    expect(setDatabase(config, "0b1c")).toEqual({ ...config, d1_databases });
  });

  test("takes another number of requests a second", () => {
    const ratelimits = [{ name: "RATE_LIMIT", namespace_id: "1", simple: { limit: 50, period: 10 } }];
    expect(setRateLimit(config, 5)).toEqual({ ...config, ratelimits });
  });
});

test("a number of requests a second is read, or none", () => {
  expect(parseRateLimit("5")).toBe(5);
  expect(parseRateLimit("")).toBeUndefined();
  expect(parseRateLimit(undefined)).toBeUndefined();
});

test.each(["0", "-1", "2.5", "many", "1e9"])("is refused as a number of requests a second: %s", (text) => {
  expect(() => parseRateLimit(text)).toThrow("RATE_LIMIT_PER_SECOND");
});
