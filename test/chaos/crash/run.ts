import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Account, readAccount } from "./account.ts";
import { Book } from "./book.ts";
import { ChaosClient } from "./chaos-client.ts";
import { listEventProblems } from "./event-verdict.ts";
import { loadUnderFire } from "./load.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { listPaymentProblems } from "./payment-verdict.ts";
import { Random } from "./random.ts";
import { listRecordProblems } from "./record-verdict.ts";
import { describeRun } from "./report.ts";
import { settle } from "./settle.ts";
import { setStage } from "./stage.ts";
import { WebhookSink } from "./webhook-sink.ts";
import { WorkerUnderFire } from "./worker-under-fire.ts";

const DOCTOR = join(import.meta.dirname, "../../../src/cli/doctor.ts");
const VERDICT_MAX_TRIES = 4;
const VERDICT_WAIT_MS = 10_000;
const SHOWN_PROBLEMS = 40;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));
process.exit(await main());

async function main(): Promise<number> {
  let options: Options | "help";
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === "help") {
    print(USAGE);
    return 0;
  }
  const stateDir = mkdtempSync(join(tmpdir(), "tieout-chaos-"));
  print(`Seed ${options.seed}: the Worker will be killed ${options.kills} times.`);
  let isClean = false;
  try {
    isClean = await playChaos(options, stateDir);
  } catch (error) {
    console.error(`\nIt broke off: ${(error as Error).stack}`);
  }
  const again = `npm run test:chaos -- --seed ${options.seed} --kills ${options.kills}`;
  print(
    "",
    isClean
      ? `Nothing lost, nothing twice. The same once more: ${again}`
      : `Its state is left in ${stateDir}. ${again}`,
  );
  if (isClean) rmSync(stateDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return isClean ? 0 : 1;
}

async function playChaos({ seed, kills }: Options, stateDir: string): Promise<boolean> {
  const random = new Random(seed);
  const sink = await WebhookSink.start(random.fork(1));
  const fire = await WorkerUnderFire.start(stateDir);
  try {
    const client = new ChaosClient(fire);
    const book = new Book();
    const stage = await setStage(client, sink.url);
    sink.trust(stage.secret);
    const startedAt = Date.now();
    await loadUnderFire(fire, client, book, stage, random.fork(2), kills);
    const loadSeconds = (Date.now() - startedAt) / 1_000;
    sink.isKind = true;
    const settling = await settle(client);
    const { account, problems } = await judge(async () => {
      const account = await readAccount(client, stage);
      return { account, problems: judgeAll(book, account, sink) };
    });
    print(...describeRun({ fire, client, book, sink, account, settling, loadSeconds }));
    const isHealthy = await runDoctor(fire);
    const all = [...problems, ...client.strange];
    if (all.length > 0) print("", `${all.length} things are wrong:`, ...all.slice(0, SHOWN_PROBLEMS));
    return isHealthy && all.length === 0;
  } finally {
    sink.stop();
    await fire.stop();
  }
}

/** What is not as it has to be may be on its way; what stays so is wrong. */
async function judge(look: () => Promise<{ account: Account; problems: string[] }>) {
  for (let tries = 1; ; tries++) {
    const seen = await look();
    if (seen.problems.length === 0 || tries === VERDICT_MAX_TRIES) return seen;
    await wait(VERDICT_WAIT_MS);
  }
}

function judgeAll(book: Book, account: Account, sink: WebhookSink): string[] {
  return [
    ...listRecordProblems(book, account),
    ...listPaymentProblems(book, account),
    ...listEventProblems(account, sink),
  ];
}

async function runDoctor(fire: WorkerUnderFire): Promise<boolean> {
  print("", "doctor");
  const doctor = spawn(process.execPath, [DOCTOR, "--url", fire.url, "--key", fire.key], { stdio: "inherit" });
  const [code] = await once(doctor, "exit");
  return code === 0;
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}
