import type { Endpoint } from "../endpoint.ts";
import { dataSourceEndpoints } from "./data-sources.ts";

/** Every endpoint of the door for records. */
export const v1Endpoints: readonly Endpoint[] = [...dataSourceEndpoints];
