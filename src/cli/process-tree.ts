import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Parent of every process that runs; one that has ended and waits for its parent is left out. */
type Processes = Map<number, number>;

export function listDescendants(pid: number, processes = listProcesses()): number[] {
  const children = [...processes].filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...listDescendants(child, processes)]);
}

export function listRunning(pids: Iterable<number>): number[] {
  const processes = listProcesses();
  return [...pids].filter((pid) => processes.has(pid));
}

export function signalAll(pids: Iterable<number>, signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}

function listProcesses(): Processes {
  const lines = process.platform === "linux" ? readProc() : runPs();
  return new Map(lines.filter(({ state }) => !state.startsWith("Z")).map(({ pid, parent }) => [pid, parent]));
}

interface ProcessLine {
  pid: number;
  parent: number;
  state: string;
}

// A slim Linux image has no `ps`.
function readProc(): ProcessLine[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // The second field is the program's name in brackets, and may hold spaces and brackets itself.
        const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return [{ pid: Number(name), parent: Number(parent), state }];
      } catch {
        return [];
      }
    });
}

function runPs(): ProcessLine[] {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, state = ""] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), state };
    });
}
