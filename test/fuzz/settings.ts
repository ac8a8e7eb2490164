import { env } from "cloudflare:workers";

/** From the environment variables of these names; see vitest.config.ts. */
export const { FUZZ_SEED, FUZZ_REQUESTS } = env as unknown as { FUZZ_SEED: number; FUZZ_REQUESTS: number };
