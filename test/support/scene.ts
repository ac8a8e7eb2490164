import { env } from "cloudflare:workers";
import { v7 as newId } from "uuid";
import type { Bindings } from "../../src/config.ts";
import { type Db, openDb } from "../../src/db/client.ts";
import type { ServiceContext } from "../../src/services/context.ts";
import type { WorkDependencies } from "../../src/services/work-off.ts";
import type { Api, Reply } from "./api.ts";
import { newTenant, type Tenant } from "./tenant.ts";

export const bindings = env as unknown as Bindings;

export const EQUAL_AMOUNTS = {
  operand: "and",
  rules: [{ key: "amount", operand: "eq", value: "amount" }],
};

export const SAME_REFERENCE = {
  operand: "and",
  rules: [{ key: "metadata.ref", operand: "eq", value: "metadata.ref" }],
};

export const SAME_REFERENCE_AND_AMOUNT = {
  operand: "and",
  rules: [...SAME_REFERENCE.rules, ...EQUAL_AMOUNTS.rules],
};

export interface SceneOptions {
  filters?: unknown;
  rules?: Record<string, unknown>[];
  runType?: "continuous" | "batch";
  expectedWithinDays?: number;
  tenant?: Tenant;
}

/** A tenant with data sources `left` and `right` on the sides of one reconciliation. */
export interface Scene {
  tenant: Tenant;
  api: Api;
  db: Db;
  reconciliation: string;
  /** The rules' ids, in the order in which they were given. */
  rules: string[];
  left(fields?: Record<string, unknown>): Promise<Reply>;
  right(fields?: Record<string, unknown>): Promise<Reply>;
  record(id: string): Promise<Reply>;
  matches(query?: string): Promise<Reply["body"][]>;
  /** What a Reconciler's services need, for calling them without the object. */
  dependencies(): WorkDependencies;
}

export async function newScene(options: SceneOptions = {}): Promise<Scene> {
  const tenant = options.tenant ?? (await newTenant());
  const api = tenant.admin;
  await must(api.post("/v1/data_sources", { key: "left", name: "Left" }), 201);
  await must(api.post("/v1/data_sources", { key: "right", name: "Right" }), 201);
  const made = await must(
    api.post("/v1/reconciliations", {
      name: "Left against right",
      side_a: ["left"],
      side_b: ["right"],
      run_type: options.runType ?? "continuous",
      expected_within_days: options.expectedWithinDays ?? null,
    }),
    201,
  );
  const reconciliation = made.body.id as string;
  const rules: string[] = [];
  for (const rule of options.rules ?? [{ filters: options.filters ?? SAME_REFERENCE_AND_AMOUNT }]) {
    const reply = await must(api.post("/v1/reconciliation_rules", { reconciliation_id: reconciliation, ...rule }), 201);
    rules.push(reply.body.id);
  }
  const add =
    (type_key: string) =>
    (fields: Record<string, unknown> = {}) =>
      api.post("/v1/records", { type_key, date: "2026-03-10", amount: 100, direction: "credit", ...fields });
  return {
    tenant,
    api,
    db: openDb(bindings.DB),
    reconciliation,
    rules,
    left: add("left"),
    right: add("right"),
    record: (id) => api.get(`/v1/records/${id}`),
    matches: async (query = "") => {
      const reply = await api.get(`/v1/reconciliation_matches?limit=200&reconciliation_id=${reconciliation}${query}`);
      return reply.body.data;
    },
    dependencies: () => ({
      db: openDb(bindings.DB),
      reconciliationUid: reconciliation,
      now: () => Date.now(),
      sendDeliveries: () => undefined,
    }),
  };
}

export async function must(pending: Promise<Reply>, status: number): Promise<Reply> {
  const reply = await pending;
  if (reply.status !== status) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply;
}

/** A caller whose pokes get lost. */
export function silentContext(scene: Pick<Scene, "db" | "tenant">): ServiceContext {
  const lost = { poke: async () => undefined } as unknown as ServiceContext["reconcilers"];
  return {
    db: scene.db,
    environmentId: scene.tenant.environmentId,
    environmentUid: scene.tenant.environmentUid,
    isLive: false,
    keyUid: null,
    isBootstrap: false,
    requestUid: newId(),
    now: () => Date.now(),
    newId: () => newId(),
    reconcilers: lost,
    jobs: { wake: async () => undefined },
    webhooks: bindings.WEBHOOKS,
    webhookUrlRules: { allowLocal: false, resolveHost: null },
    alongside: [],
  };
}
