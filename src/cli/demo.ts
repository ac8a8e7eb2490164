import { playInvoices } from "./demo/invoices/invoice-story.ts";
import { describeDifferences, describeNext } from "./demo/report.ts";
import { playShop } from "./demo/shop-story.ts";
import type { Stage, Story } from "./demo/story.ts";
import { type DemoWorker, findOrStartWorker } from "./demo/worker.ts";

const PARENT_CHECK_MS = 1_000;

const port = Number(process.env.PORT || 8787);
const bootstrapKey = process.env.TIEOUT_API_KEY || process.env.BOOTSTRAP_API_KEY || "dev-bootstrap-key";

let worker: DemoWorker | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(130));
if (process.env.npm_lifecycle_event) endWithParent();

try {
  await end((await play()) ? 0 : 1);
} catch (error) {
  console.error(`\nThe demo broke off: ${(error as Error).message}`);
  await end(1);
}

async function play(): Promise<boolean> {
  const startedAt = Date.now();
  worker = await findOrStartWorker(port, bootstrapKey, () => print("Starting a Worker of its own …"));
  const { url, isOwn } = worker;
  const stage: Stage = { url, bootstrapKey, tell: print };
  const stories: Story[] = [];
  for (const playStory of [playShop, playInvoices]) stories.push(await playStory(stage));

  print("", `Worker: ${isOwn ? "one of the demo's own" : "the one that was running"} at ${url}`);
  for (const { lines } of stories) print("", ...lines);
  const requests = stories.flatMap(({ next }) => next);
  print("", ...describeNext(isOwn ? undefined : url, requests));
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const differences = stories.flatMap((story) => story.differences);
  if (differences.length === 0) print("", `Everything came out as expected, in ${seconds} s.`);
  else print("", "Not everything came out as expected:", ...describeDifferences(differences));
  return differences.length === 0;
}

async function end(code: number): Promise<never> {
  await worker?.stop();
  process.exit(code);
}

// A killed npm passes no signal on.
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(1), PARENT_CHECK_MS).unref();
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}
