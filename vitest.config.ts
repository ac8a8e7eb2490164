import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

export default defineConfig(async ({ mode }) => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          BOOTSTRAP_API_KEY: "test-bootstrap-key",
          ALLOW_LOCAL_WEBHOOKS: "true",
          TEST_MIGRATIONS: await readD1Migrations("./migrations"),
        },
      },
    }),
  ],
  test: {
    include: [mode === "bench" ? "test/bench/*.ts" : "test/**/*.test.ts"],
    setupFiles: ["./test/support/migrate.ts"],
    testTimeout: 30_000,
    // One such line for each request would bury what a test has to say.
    onConsoleLog: (log) =>
      !log
        .trim()
        .split("\n")
        .every((line) => /^\{"message":"(request|cron)"/.test(line)),
  },
}));
