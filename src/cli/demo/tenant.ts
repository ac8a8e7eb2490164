import { TieoutClient } from "../tieout-client.ts";
import { RECONCILIATIONS } from "./books.ts";
import { SOURCES } from "./sources.ts";

/** A test environment of its own for each run, and the client that works in it. */
export async function makeTenant(url: string, bootstrapKey: string): Promise<TieoutClient> {
  const bootstrap = new TieoutClient(url, bootstrapKey);
  const name = `Demo of ${new Date().toISOString()}`;
  const made = await bootstrap.send("POST", "/v1/environments", { name, mode: "test" });
  if (made.status !== 201) {
    throw new Error(
      `${url} answers, but made no environment (${made.status}). Set TIEOUT_API_KEY to its bootstrap key, or PORT to a free port.`,
    );
  }
  const environment = made.body as { id: string };
  const { key } = await bootstrap.post<{ key: string }>("/v1/api_keys", {
    name,
    scopes: ["admin"],
    environment_id: environment.id,
  });
  return new TieoutClient(url, key);
}

/** Makes the sources, reconciliations and rules of the books; answers the ids of the reconciliations in their order. */
export async function configure(client: TieoutClient): Promise<string[]> {
  for (const { key, name } of SOURCES) await client.post("/v1/data_sources", { key, name });
  const ids: string[] = [];
  for (const { name, runType, sideA, sideB, rules } of RECONCILIATIONS) {
    const body = { name, run_type: runType, side_a: [sideA], side_b: [sideB] };
    const { id } = await client.post<{ id: string }>("/v1/reconciliations", body);
    for (const rule of rules) await client.post("/v1/reconciliation_rules", { reconciliation_id: id, ...rule });
    ids.push(id);
  }
  return ids;
}
