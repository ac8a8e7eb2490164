const FIRST_WAIT_MS = 1_000;

/** An error of the request's own, as a wrong key is, has a status below 500; asking again would change nothing. */
function mayPass(error: unknown): boolean {
  const { status } = error as { status?: unknown };
  return typeof status !== "number" || status >= 500 || status === 429;
}

/** Does something up to so many times, with longer and longer waits, as long as it fails in a way that may pass. */
export async function persist<Result>(
  maxTries: number,
  wait: (ms: number) => Promise<void>,
  attempt: (tries: number) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(tries);
    } catch (error) {
      if (tries >= maxTries || !mayPass(error)) throw error;
      await wait(FIRST_WAIT_MS * 2 ** (tries - 1));
    }
  }
}
