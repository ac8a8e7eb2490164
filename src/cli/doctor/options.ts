export interface DoctorOptions {
  url: string;
  key: string;
  repairs: boolean;
}

export const USAGE = `npm run doctor -- [--repair] [--url <address of a Worker>] [--key <admin key>]

Holds every row of the key's environment against the others, and the indexes of its Reconcilers against the database.
--repair has indexes that differ built again. TIEOUT_URL and TIEOUT_API_KEY stand for --url and --key.
Ends with 0 if nothing is wrong, with 1 if something is, and with 2 if not everything could be checked.`;

/** What is asked for; throws on an argument that nobody knows. */
export function readOptions(args: readonly string[], env: Record<string, string | undefined>): DoctorOptions | "help" {
  const given: Record<string, string> = {};
  const waiting = args.flatMap((arg) => (arg.startsWith("--") && arg.includes("=") ? splitAtEquals(arg) : [arg]));
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === "--help" || arg === "-h") return "help";
    if (arg === "--repair") given.repair = arg;
    else if (arg === "--url" || arg === "--key") given[arg.slice(2)] = takeValue(arg, waiting.shift());
    else throw new Error(`There is no option ${arg}.`);
  }
  const url = given.url ?? (env.TIEOUT_URL || `http://localhost:${env.PORT || 8787}`);
  return {
    url: readUrl(url),
    key: given.key ?? (env.TIEOUT_API_KEY || env.BOOTSTRAP_API_KEY || "dev-bootstrap-key"),
    repairs: given.repair !== undefined,
  };
}

function splitAtEquals(arg: string): string[] {
  const place = arg.indexOf("=");
  return [arg.slice(0, place), arg.slice(place + 1)];
}

function takeValue(name: string, value: string | undefined): string {
  if (!value) throw new Error(`${name} needs a value.`);
  return value;
}

function readUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new Error(`${url} is no address of a Worker.`);
  return url.replace(/\/+$/, "");
}
