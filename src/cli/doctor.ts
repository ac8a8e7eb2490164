import { setTimeout as wait } from "node:timers/promises";
import { examine } from "./doctor/examination.ts";
import { type DoctorOptions, readOptions, USAGE } from "./doctor/options.ts";
import { describeError } from "./doctor/report.ts";
import { TieoutClient } from "./tieout-client.ts";

const COULD_NOT_CHECK = 2;

process.exitCode = await run();

async function run(): Promise<number> {
  const options = read();
  if (typeof options === "number") return options;
  const { url, key, repairs } = options;
  print(`Looking at ${url}`, "");
  try {
    return await examine({ client: new TieoutClient(url, key), repairs, now: Date.now, wait, tell: print });
  } catch (error) {
    console.error(`\nIt could not be checked: ${describeError(error)}`);
    return COULD_NOT_CHECK;
  }
}

function read(): DoctorOptions | number {
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options !== "help") return options;
    print(USAGE);
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return COULD_NOT_CHECK;
  }
}

function print(...lines: string[]): void {
  for (const line of lines) console.log(line);
}
