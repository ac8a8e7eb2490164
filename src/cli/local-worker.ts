import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, relative, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { moveConfig, setRateLimit } from "./deployment.ts";
import { listDescendants, listRunning, signalAll } from "./process-tree.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOST = "127.0.0.1";
const START_LIMIT_MS = 90_000;
const ANSWER_LIMIT_MS = 30_000;
const HEALTH_LIMIT_MS = 5_000;
const STOP_GRACE_MS = 5_000;
const POLL_MS = 100;
const FAMILY_REFRESH_MS = 2_000;

export interface LocalWorkerOptions {
  port: number;
  /** What D1, the objects and the queue keep; it survives a restart. */
  stateDir: string;
  vars?: Record<string, string>;
  /** Requests that each API key may send in a second; by default there is no limit. */
  rateLimitPerSecond?: number | undefined;
  /** What the Worker and wrangler print, once the Worker answers. */
  onOutput?: (text: string) => void;
}

export interface LocalWorker {
  url: string;
  /** Wrangler's process; the runtime is its child. */
  pid: number;
  /** Settles when the Worker is gone, asked or not. */
  exited: Promise<void>;
  /** Ends it in order; settles when its processes are gone and its port is free. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): void;
  triggerCron(): Promise<void>;
  /** False when nothing at all comes back, whatever the status would be. */
  answers(): Promise<boolean>;
}

/** Migrates the local database and starts the Worker on it; settles when /health answers 200. */
export async function startLocalWorker(options: LocalWorkerOptions): Promise<LocalWorker> {
  const stateDir = resolve(ROOT, options.stateDir);
  mkdirSync(stateDir, { recursive: true });
  await migrate(stateDir);

  const url = `http://${HOST}:${options.port}`;
  const { rateLimitPerSecond } = options;
  const config =
    rateLimitPerSecond === undefined ? [] : ["--config", await writeLimitedConfig(stateDir, rateLimitPerSecond)];
  const given = { ...(rateLimitPerSecond === undefined ? { NO_RATE_LIMITS: "true" } : {}), ...options.vars };
  const vars = Object.entries(given).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const wrangler = spawnWrangler(
    // biome-ignore format: an option and its value belong together
    [
      "dev", "--ip", HOST, "--port", String(options.port), "--inspector-port", "0",
      "--persist-to", stateDir, "--show-interactive-dev-session", "false", ...config, ...vars,
    ],
    stateDir,
  );
  const startOutput: string[] = [];
  let show = (text: string): void => void startOutput.push(text);
  wrangler.onOutput((text) => show(text));

  await waitUntilHealthy(url, wrangler).catch(async (error: Error) => {
    await wrangler.stop();
    throw new Error(`${error.message}\n${startOutput.join("")}`);
  });
  show = options.onOutput ?? (() => {});

  return {
    url,
    pid: wrangler.pid,
    exited: wrangler.exited.then(() => {}),
    async stop() {
      await wrangler.stop();
      while (!(await isPortFree(options.port))) await wait(POLL_MS);
    },
    kill: wrangler.kill,
    triggerCron: () => triggerCron(url),
    answers: async () => (await readHealth(url, ANSWER_LIMIT_MS)) !== undefined,
  };
}

/** Runs the cron of a local Worker now; deployed ones do not answer to this. */
export async function triggerCron(url: string): Promise<void> {
  const response = await fetch(`${url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`);
  const outcome = await response.text();
  if (!response.ok) throw new Error(`The cron run ended with: ${outcome}`);
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, HOST), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/** The limit is part of a binding, and no option of wrangler's changes that. */
async function writeLimitedConfig(stateDir: string, perSecond: number): Promise<string> {
  const { experimental_readRawConfig: readConfig } = await import("wrangler");
  const { rawConfig } = readConfig({ config: join(ROOT, "wrangler.toml") });
  const file = join(stateDir, "wrangler.json");
  const config = moveConfig(setRateLimit(rawConfig, perSecond), relative(stateDir, ROOT));
  writeFileSync(file, JSON.stringify(config, null, 2));
  return file;
}

async function migrate(stateDir: string): Promise<void> {
  const wrangler = spawnWrangler(["d1", "migrations", "apply", "DB", "--local", "--persist-to", stateDir], stateDir);
  const output: string[] = [];
  wrangler.onOutput((text) => output.push(text));
  const code = await wrangler.exited;
  if (code !== 0) throw new Error(`The migrations could not be applied.\n${output.join("")}`);
}

async function waitUntilHealthy(url: string, wrangler: Wrangler): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  let isGone = false;
  void wrangler.exited.then(() => {
    isGone = true;
  });
  while ((await readHealth(url, HEALTH_LIMIT_MS)) !== 200) {
    if (isGone) throw new Error("The Worker ended before it answered.");
    if (Date.now() > deadline) throw new Error(`The Worker did not answer within ${START_LIMIT_MS / 1000} seconds.`);
    await wait(POLL_MS);
  }
}

async function readHealth(url: string, limitMs: number): Promise<number | undefined> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(limitMs) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}

interface Wrangler {
  pid: number;
  exited: Promise<number | null>;
  onOutput(listener: (text: string) => void): void;
  stop(): Promise<void>;
  kill(): void;
}

function spawnWrangler(args: string[], stateDir: string): Wrangler {
  const isLongLived = args[0] === "dev";
  const child = spawn(
    process.execPath,
    [
      "--no-warnings",
      ...(isLongLived ? ["--import", import.meta.resolve("./stop-with-parent.ts")] : []),
      fileURLToPath(import.meta.resolve("wrangler")),
      ...args,
    ],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe", ...(isLongLived ? (["ipc"] as const) : [])],
      env: {
        ...process.env,
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_HIDE_BANNER: "true",
        WRANGLER_WRITE_LOGS: "false",
        // Two Workers of one name must not find each other.
        WRANGLER_REGISTRY_PATH: join(stateDir, "registry"),
        // Its answer is only the visitor's place; offline it costs a warning.
        CLOUDFLARE_CF_FETCH_ENABLED: "false",
        // Would write a trace of every request into the state.
        X_LOCAL_OBSERVABILITY: "false",
      },
    },
  );
  const { pid } = child;
  if (pid === undefined) throw new Error("wrangler could not be started.");

  // An orphan has lost the trace to its parent, so the family is written down while all of it lives.
  let family = new Set<number>();
  const refresh = setInterval(() => {
    family = new Set(listDescendants(pid));
  }, FAMILY_REFRESH_MS).unref();
  const kill = (): void => signalAll([pid, ...listDescendants(pid), ...family], "SIGKILL");
  process.once("exit", kill);

  const exited = waitForExit(child).then((code) => {
    clearInterval(refresh);
    process.removeListener("exit", kill);
    signalAll(family, "SIGKILL");
    return code;
  });

  return {
    pid,
    exited,
    kill,
    onOutput(listener) {
      child.stdout?.setEncoding("utf8").on("data", listener);
      child.stderr?.setEncoding("utf8").on("data", listener);
    },
    async stop() {
      family = new Set([pid, ...listDescendants(pid)]);
      child.kill("SIGTERM");
      const deadline = Date.now() + STOP_GRACE_MS;
      while (listRunning(family).length > 0) {
        if (Date.now() > deadline) signalAll(family, "SIGKILL");
        await wait(POLL_MS);
      }
      await exited;
    },
  };
}

async function waitForExit(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, "exit");
  return code;
}
