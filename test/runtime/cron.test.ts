import { afterEach, expect, it, vi } from "vitest";
import { type Bindings, type DeliveryMessage, WEBHOOK_STRAGGLER_MS } from "../../src/config.ts";
import { handleCron } from "../../src/runtime/cron.ts";
import { newTenant } from "../support/tenant.ts";
import { bindings, newEndpoint, newEvent, RememberingQueue } from "../support/webhooks.ts";

afterEach(() => vi.unstubAllGlobals());

it("does what it can when one of its parts fails, says which one, and fails", async () => {
  const { environmentId } = await newTenant();
  await newEndpoint(environmentId);
  const { deliveryUids } = await newEvent(environmentId, { at: Date.now() - 2 * WEBHOOK_STRAGGLER_MS });
  const queue = new RememberingQueue();
  const said: string[] = [];
  vi.stubGlobal("console", { ...console, log: (text: string) => said.push(text), error: () => undefined });
  const env: Bindings = {
    ...bindings,
    DB: refusing(bindings.DB, "indexed by data_sources_unsettled"),
    WEBHOOKS: queue as unknown as Queue<DeliveryMessage>,
  };
  await expect(handleCron(env, Date.now())).rejects.toThrow(
    "The cron failed in part: reconcilers: Error: no such luck",
  );
  expect(queue.sent.map(({ uid }) => uid)).toContain(deliveryUids[0]);
  const line = JSON.parse(said.find((text) => text.includes('"cron"')) ?? "{}");
  expect(line).toMatchObject({ jobs: expect.anything(), history: expect.anything(), failed: [expect.anything()] });
});

/** A database that fails on statements with this in them. */
function refusing(database: D1Database, text: string): D1Database {
  return new Proxy(database, {
    get(target, name) {
      if (name === "prepare") {
        return (query: string) => {
          if (query.includes(text)) throw new Error("no such luck");
          return target.prepare(query);
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
