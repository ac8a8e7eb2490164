import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

const INCLUDED: Record<string, string> = {
  bench: "test/bench/*.ts",
  fuzz: "test/fuzz/*.test.ts",
  faults: "test/chaos/*.test.ts",
};

export default defineConfig(async ({ mode }) => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        // Small enough for a test to come to its end.
        ratelimits: { TEST_RATE_LIMIT: { namespace_id: "1002", simple: { limit: 20, period: 10 } } },
        bindings: {
          BOOTSTRAP_API_KEY: "test-bootstrap-key",
          ALLOW_LOCAL_WEBHOOKS: "true",
          TEST_MIGRATIONS: await readD1Migrations("./migrations"),
          PROPERTY_SEED: Number(process.env.PROPERTY_SEED ?? 1),
          FUZZ_SEED: Number(process.env.FUZZ_SEED ?? (mode === "fuzz" ? Date.now() % 1_000_000 : 1)),
          FUZZ_REQUESTS: Number(process.env.FUZZ_REQUESTS ?? 5_000),
        },
      },
    }),
  ],
  test: {
    include: [INCLUDED[mode] ?? "test/**/*.test.ts"],
    // They take minutes, or other seeds each time: commands of their own.
    exclude: mode in INCLUDED ? [] : ["test/fuzz/**", "test/chaos/**"],
    setupFiles: ["./test/support/migrate.ts"],
    testTimeout: 60_000,
    // One such line for each request would bury what a test has to say.
    onConsoleLog: (log) =>
      !log
        .trim()
        .split("\n")
        .every((line) => /^\{"message":"(request|cron)"/.test(line)),
  },
}));
