import { Api } from "../support/api.ts";
import { runBackground } from "./background.ts";
import { Dice } from "./dice.ts";
import { operations } from "./document.ts";
import { drawAddress } from "./requests.ts";
import type { World } from "./world.ts";

const sights = operations.filter(({ method, query }) => method === "GET" && !query.some((one) => one.required));

/** Looks at whatever a client can look at, so that there are ids and cursors to ask for. */
export async function survey(world: World): Promise<void> {
  await runBackground();
  const dice = new Dice(0);
  for (const client of world.clients) {
    const api = new Api(client.keys.admin);
    for (const operation of sights) {
      const { address, target } = drawAddress(dice, world, client, operation, false);
      if (target === "unknown") continue;
      const sizes = operation.query.map(({ name }) => name).filter((name) => name === "limit" || name === "per_page");
      for (const query of ["", ...sizes.map((name) => `?${name}=1`)]) {
        const { status, headers, body } = await api.get(address + query);
        if (status === 200) client.pool.harvest(operation.path, address, headers, body);
      }
    }
  }
  world.owners.clear();
}
