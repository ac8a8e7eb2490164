import { env } from "cloudflare:workers";
import type { Bindings } from "../../src/config.ts";
import { openDb, type Statement } from "../../src/db/client.ts";
import { dissolveReconciliation } from "../../src/services/dissolve-reconciliation.ts";
import { linkByHand } from "../../src/services/link-by-hand.ts";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import type { LinkCommand, ManualMatchCommand } from "../../src/services/reconcilers.ts";
import { voidMatches } from "../../src/services/void-matches.ts";
import type { WorkDependencies } from "../../src/services/work-off.ts";

/** From here on nothing is matched by itself, and what is asked of a Reconciler is done at once, with the Worker's database. */
export function quietReconcilers(): void {
  const open = (uid: string) => ({
    poke: async () => undefined,
    rebuildIndex: async () => undefined,
    matchByHand: (command: ManualMatchCommand, alongside: Statement[]) =>
      matchByHand(dependencies(uid), command, alongside),
    linkByHand: (command: LinkCommand, alongside: Statement[]) => linkByHand(dependencies(uid), command, alongside),
    voidMatch: (match: string, reason: string | null, alongside: Statement[]) =>
      voidMatches(dependencies(uid), [match], reason, alongside),
    dissolve: () => dissolveReconciliation(dependencies(uid)),
  });
  Object.assign(env, { RECONCILER: { getByName: open } });
}

function dependencies(reconciliationUid: string): WorkDependencies {
  return {
    db: openDb((env as unknown as Bindings).DB),
    reconciliationUid,
    now: () => Date.now(),
    sendDeliveries: () => undefined,
  };
}
