import { setTimeout as wait } from "node:timers/promises";

const WAIT_LIMIT_MS = 75_000;
const POLL_MS = 100;

/** When the time is up the demo goes on, and the comparison says what is missing. */
export async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!(await holds()) && Date.now() < deadline) await wait(POLL_MS);
}
