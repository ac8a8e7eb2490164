import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort, type LocalWorker, startLocalWorker } from "../local-worker.ts";
import { listDescendants, signalAll } from "../process-tree.ts";

const PROBE_LIMIT_MS = 3_000;

export interface DemoWorker {
  url: string;
  isOwn: boolean;
  stop(): Promise<void>;
}

/** The Worker that answers on `port`, or one of the demo's own, on data that goes with it. */
export async function findOrStartWorker(port: number, key: string, onStart: () => void): Promise<DemoWorker> {
  const url = `http://localhost:${port}`;
  if (await isTieout(url)) return { url, isOwn: false, stop: async () => {} };
  onStart();
  return startOwn(key);
}

async function startOwn(key: string): Promise<DemoWorker> {
  const stateDir = mkdtempSync(join(tmpdir(), "tieout-demo-"));
  const removeState = (): void => rmSync(stateDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  // Whatever ends the demo, the Worker must not write into the folder any more when it is removed.
  process.once("exit", () => {
    signalAll(listDescendants(process.pid), "SIGKILL");
    removeState();
  });
  const worker: LocalWorker = await startLocalWorker({
    port: await findFreePort(),
    stateDir,
    vars: { BOOTSTRAP_API_KEY: key, ALLOW_LOCAL_WEBHOOKS: "true" },
  });
  return {
    url: worker.url,
    isOwn: true,
    async stop() {
      await worker.stop();
      removeState();
    },
  };
}

async function isTieout(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
    return response.ok && ((await response.json()) as { status?: string }).status === "ok";
  } catch {
    return false;
  }
}
