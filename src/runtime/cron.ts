import type { Bindings } from "../config.ts";
import { openDb } from "../db/client.ts";
import { resendStragglers } from "../services/resend-stragglers.ts";
import { sweepReconcilers } from "../services/sweep.ts";

/** Each minute: what no poke and no queue message has brought on its way. Finds its work by query, so it may run twice. */
export async function handleCron(env: Bindings, now: number): Promise<void> {
  const db = openDb(env.DB);
  const reconcilers = await sweepReconcilers(db, now, (uid) => env.RECONCILER.getByName(uid).sweep());
  const deliveries = await resendStragglers({ db, queue: env.WEBHOOKS }, now);
  console.log(JSON.stringify({ message: "cron", reconcilers, deliveries }));
}
