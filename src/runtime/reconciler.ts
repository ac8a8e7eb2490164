import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../config.ts";
import type { Failure, Result } from "../core/result.ts";
import type { Statement } from "../db/client.ts";
import type { ManualMatchCommand } from "../services/reconcilers.ts";

export class Reconciler extends DurableObject<Bindings> {
  async poke(): Promise<void> {}
  async matchByHand(_c: ManualMatchCommand, _a: Statement[]): Promise<Result<{ matchUid: string }, Failure>> {
    throw new Error("not yet");
  }
  async voidMatch(_m: string, _r: string | null, _a: Statement[]): Promise<Result<null, Failure>> {
    throw new Error("not yet");
  }
  async dissolve(): Promise<{ done: boolean }> {
    throw new Error("not yet");
  }
}
