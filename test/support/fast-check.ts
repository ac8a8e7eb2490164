import { env } from "cloudflare:workers";
import fc from "fast-check";

const { PROPERTY_SEED } = env as unknown as { PROPERTY_SEED: number };
fc.configureGlobal({ seed: PROPERTY_SEED });

// Properties draw the same cases in every run, unless another seed is asked for.
export default fc;
