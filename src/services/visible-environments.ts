import type { Sight } from "../db/environments.ts";
import type { ServiceContext } from "./context.ts";

/** The bootstrap key sees every environment, another key its own. */
export function visibleEnvironments(ctx: ServiceContext): Sight {
  return ctx.isBootstrap ? "all" : ctx.environmentId;
}
