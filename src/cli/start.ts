import { parseRateLimit } from "./deployment.ts";
import { isPortFree, type LocalWorker, startLocalWorker } from "./local-worker.ts";

const CRON_INTERVAL_MS = 60_000;
const LIFE_CHECK_MS = 60_000;
const PARENT_CHECK_MS = 1_000;

const port = Number(process.env.PORT || 8787);
const stateDir = process.env.STATE_DIR || ".wrangler/state";
const key = process.env.BOOTSTRAP_API_KEY || "dev-bootstrap-key";

let worker: LocalWorker | undefined;
let isStopping = false;
let isCronRunning = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
if (process.env.npm_lifecycle_event) stopWithParent();

if (!Number.isInteger(port) || port < 1 || port > 65_535) fail("PORT must be a number from 1 to 65535.");
if (!(await isPortFree(port))) fail(`Port ${port} is taken. Free it, or choose another: PORT=8788 npm start`);

console.log("Starting Tieout …");
try {
  worker = await startLocalWorker({
    port,
    stateDir,
    vars: { BOOTSTRAP_API_KEY: key, ALLOW_LOCAL_WEBHOOKS: "true" },
    rateLimitPerSecond: parseRateLimit(process.env.RATE_LIMIT_PER_SECOND),
    onOutput: (text) => process.stdout.write(text),
  });
} catch (error) {
  fail((error as Error).message);
}

console.log(`
  Tieout answers on http://localhost:${port}

  Key         ${key}
  Try         curl -H "X-API-KEY: ${key}" http://localhost:${port}/v1/data_sources
  API viewer  http://localhost:${port}/docs
  Data        ${stateDir}
  Cron        every minute; at once: curl http://localhost:${port}/cdn-cgi/handler/scheduled
  Stop        Ctrl-C
`);

setInterval(runCron, CRON_INTERVAL_MS);
setInterval(checkLife, LIFE_CHECK_MS);
await worker.exited;
if (!isStopping) fail("The Worker ended by itself.");

async function runCron(): Promise<void> {
  if (isCronRunning || !worker) return;
  isCronRunning = true;
  await worker.triggerCron().catch((error: Error) => console.error(`Cron: ${error.message}`));
  isCronRunning = false;
}

// Wrangler restarts a runtime that crashed, but after a crash of its own proxy it accepts requests and answers none.
async function checkLife(): Promise<void> {
  if (worker && !(await worker.answers()) && !isStopping) fail("The Worker no longer answers.");
}

async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await worker?.stop();
  process.exit(0);
}

// A killed npm passes no signal on.
function stopWithParent(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MS).unref();
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
