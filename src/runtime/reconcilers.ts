import { POKE_WAIT_MS } from "../config.ts";
import type { Reconcilers } from "../services/reconcilers.ts";
import type { Reconciler } from "./reconciler.ts";

export function openReconcilers(namespace: DurableObjectNamespace<Reconciler>): Reconcilers {
  const open = (uid: string) => namespace.getByName(uid);
  return {
    async poke(uids) {
      const pokes = Promise.allSettled(uids.map((uid) => open(uid).poke()));
      await Promise.race([pokes, scheduler.wait(POKE_WAIT_MS)]);
    },
    matchByHand: (uid, command, alongside) => open(uid).matchByHand(command, alongside),
    voidMatch: (uid, matchUid, reason, alongside) => open(uid).voidMatch(matchUid, reason, alongside),
    dissolve: (uid) => open(uid).dissolve(),
  };
}
