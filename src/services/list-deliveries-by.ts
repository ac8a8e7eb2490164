import type { DeliveryStatus } from "../core/delivery.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { type DeliveryRow, findEndpointId, listDeliveries } from "../db/deliveries.ts";
import { findEvent } from "../db/events.ts";
import type { Page, PageRequest } from "../db/page.ts";
import type { ServiceContext } from "./context.ts";

export interface DeliveryQuery {
  endpointUid: string | undefined;
  eventUid: string | undefined;
  status: DeliveryStatus | undefined;
}

/** Lists deliveries by filters that name other resources; a name that is not known in the environment is refused. */
export async function listDeliveriesBy(
  ctx: ServiceContext,
  { endpointUid, eventUid, status }: DeliveryQuery,
  page: PageRequest,
): Promise<Result<Page<DeliveryRow>>> {
  const [endpointId, event] = await Promise.all([
    endpointUid === undefined ? undefined : findEndpointId(ctx.db, ctx.environmentId, endpointUid),
    eventUid === undefined ? undefined : findEvent(ctx.db, ctx.environmentId, eventUid),
  ]);
  const errors: FieldError[] = [];
  if (endpointUid !== undefined && endpointId === undefined) errors.push(unknown("endpoint_id", "webhook endpoint"));
  if (eventUid !== undefined && !event) errors.push(unknown("event_id", "event"));
  if (errors.length > 0) return invalid(errors);
  return ok(await listDeliveries(ctx.db, ctx.environmentId, { endpointId, eventId: event?.id, status }, page));
}

function unknown(path: string, resource: string): FieldError {
  return { path, code: "unknown", message: `There is no such ${resource} in this environment.` };
}
