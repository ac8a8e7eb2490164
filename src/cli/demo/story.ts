import type { Difference } from "./outcome.ts";

/** What one story of the demo has to tell. */
export interface Story {
  lines: string[];
  /** Where something came out otherwise than it had to. */
  differences: Difference[];
  /** Requests that show more of it, while its Worker runs. */
  next: string[];
}

/** Where a story is played: a Worker, and the key with which it makes an environment of its own. */
export interface Stage {
  url: string;
  bootstrapKey: string;
  /** Says what is going on. */
  tell(line: string): void;
}
