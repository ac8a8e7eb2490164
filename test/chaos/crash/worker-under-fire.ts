import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort, type LocalWorker, startLocalWorker } from "../../../src/cli/local-worker.ts";

/** A local Worker that is killed again and again, and comes back on the same port and state. */
export class WorkerUnderFire {
  readonly url: string;
  readonly key = "chaos-bootstrap-key";
  readonly #stateDir: string;
  readonly #port: number;
  #worker: LocalWorker | undefined;
  #up = Promise.withResolvers<void>();
  kills = 0;
  /** How long it was not there, from each kill to the end of its restart. */
  downMs = 0;
  #killedAt: number | undefined;

  private constructor(stateDir: string, port: number) {
    this.#stateDir = stateDir;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(stateDir: string): Promise<WorkerUnderFire> {
    const fire = new WorkerUnderFire(stateDir, await findFreePort());
    await fire.restart();
    return fire;
  }

  /** What the Worker has printed, over all its lives. */
  get logFile(): string {
    return join(this.#stateDir, "worker-output.txt");
  }

  whenUp(): Promise<void> {
    return this.#up.promise;
  }

  async restart(): Promise<void> {
    this.#worker = await startLocalWorker({
      port: this.#port,
      stateDir: this.#stateDir,
      vars: { BOOTSTRAP_API_KEY: this.key, ALLOW_LOCAL_WEBHOOKS: "true" },
      onOutput: (text) => appendFileSync(this.logFile, text),
    });
    if (this.#killedAt !== undefined) this.downMs += Date.now() - this.#killedAt;
    this.#up.resolve();
  }

  /** SIGKILL for wrangler, its proxy and the runtime, as when the power goes. */
  async kill(): Promise<void> {
    const worker = this.#worker;
    if (!worker) throw new Error("there is nothing to kill");
    this.#up = Promise.withResolvers();
    this.#worker = undefined;
    this.kills += 1;
    this.#killedAt = Date.now();
    worker.kill();
    await worker.exited;
    await untilUnreachable(this.url);
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
  }
}

async function untilUnreachable(url: string): Promise<void> {
  for (;;) {
    try {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(200) });
      await response.body?.cancel();
    } catch {
      return;
    }
  }
}
