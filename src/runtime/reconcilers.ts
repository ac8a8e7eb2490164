import { POKE_WAIT_MS } from "../config.ts";
import type { Reconcilers } from "../services/reconcilers.ts";
import type { Reconciler } from "./reconciler.ts";

/** `waitUntil` keeps a poke alive whose request has been answered before it was worked off. */
export function openReconcilers(
  namespace: DurableObjectNamespace<Reconciler>,
  waitUntil: (work: Promise<unknown>) => void,
): Reconcilers {
  const open = (uid: string) => namespace.getByName(uid);
  return {
    async poke(uids) {
      const pokes = Promise.allSettled(uids.map((uid) => open(uid).poke()));
      waitUntil(pokes);
      await Promise.race([pokes, scheduler.wait(POKE_WAIT_MS)]);
    },
    matchByHand: (uid, command, alongside) => open(uid).matchByHand(command, alongside),
    voidMatch: (uid, matchUid, reason, alongside) => open(uid).voidMatch(matchUid, reason, alongside),
    linkByHand: (uid, command, alongside) => open(uid).linkByHand(command, alongside),
    unlink: (uid, lineItemUid, alongside) => open(uid).voidMatch(lineItemUid, null, alongside),
    previewPaymentRule: (uid, ruleUid) => open(uid).previewPaymentRule(ruleUid),
    findCandidates: (uid, recordUid, limit) => open(uid).findCandidates(recordUid, limit),
    checkIndex: (uid, place) => open(uid).checkIndex(place),
    rebuildIndex: (uid) => open(uid).rebuildIndex(),
    // The cron finishes what does not come about here.
    dissolve: (uid) =>
      open(uid)
        .dissolve()
        .catch(() => ({ done: false })),
  };
}
