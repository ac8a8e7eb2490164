import { parseArgs } from "node:util";

export interface Options {
  seed: number;
  kills: number;
}

export const USAGE = `npm run test:chaos -- [--short] [--kills <number>] [--seed <number>]

Loads a local Worker of its own with records, bulk requests, files and payments, kills it again and again, restarts it on the same data, and holds everything against
what was sent. --short kills it twice instead of fifteen times. The seed of a run is printed; with it the same requests
are sent and the same moments drawn, though never the very same interleaving. Ends with 0 if nothing is wrong.`;

const KILLS = 15;
const SHORT_KILLS = 2;
const SEED_MAX = 2 ** 31;

/** What is asked for; throws on an argument that nobody knows. */
export function readOptions(args: string[]): Options | "help" {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: "boolean", default: false },
      kills: { type: "string" },
      seed: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return {
    seed: readNumber("seed", values.seed) ?? Math.floor(Math.random() * SEED_MAX),
    kills: readNumber("kills", values.kills) ?? (values.short ? SHORT_KILLS : KILLS),
  };
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} must be a whole number.`);
  return number;
}
