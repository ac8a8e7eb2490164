import type { Bindings } from "../config.ts";
import type { Scope } from "../core/api-key.ts";
import type { ServiceContext } from "../services/context.ts";

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    /** As it was sent. */
    apiKey: string;
    /** Who calls, once that is known, for the log. */
    caller?: { environmentUid: string; keyUid: string | null };
    /** The caller's context, or a refusal thrown if its key lacks the scope. */
    authorize: (scope: Scope) => ServiceContext;
  };
}
