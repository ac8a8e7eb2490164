import { runDurableObjectAlarm } from "cloudflare:test";
import { handleCron } from "../../src/runtime/cron.ts";
import type { Reply } from "./api.ts";
import { bindings, must, type Scene } from "./scene.ts";

export const PATH = "/v1/reconciliation_exceptions";

export const cron = () => handleCron(bindings, Date.now());

/** The Reconciler's alarm, for as long as it has one. */
export async function ringAlarms(scene: Pick<Scene, "reconciliation">): Promise<void> {
  const stub = bindings.RECONCILER.getByName(scene.reconciliation);
  for (let times = 0; await runDurableObjectAlarm(stub); times++)
    if (times > 100) throw new Error("it does not settle");
}

export async function listExceptions(scene: Scene, query = ""): Promise<Reply["body"][]> {
  const reply = await must(scene.api.get(`${PATH}?reconciliation_id=${scene.reconciliation}${query}`), 200);
  return reply.body.data;
}

/** The exception of one of the scene's data sources. */
export async function exceptionOf(scene: Scene, typeKey: string): Promise<Reply["body"]> {
  const [exception] = await listExceptions(scene, `&type_key=${typeKey}`);
  return exception;
}

/** Types of the events about exceptions, oldest first. */
export async function listTurns(scene: Scene): Promise<string[]> {
  const { body } = await must(scene.api.get("/v1/events?limit=200"), 200);
  const types = body.data.map((event: { event_type: string }) => event.event_type);
  return types.filter((type: string) => type.startsWith("reconciliation_exception.")).reverse();
}
