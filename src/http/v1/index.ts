import type { Endpoint } from "../endpoint.ts";
import { apiKeyEndpoints } from "./api-keys.ts";
import { auditEndpoints } from "./audit.ts";
import { auditEntryEndpoints } from "./audit-entries.ts";
import { bulkRequestEndpoints } from "./bulk-requests.ts";
import { candidateEndpoints } from "./candidates.ts";
import { dataSourceEndpoints } from "./data-sources.ts";
import { environmentEndpoints } from "./environments.ts";
import { eventEndpoints } from "./events.ts";
import { importEndpoints } from "./imports.ts";
import { integrityEndpoints } from "./integrity.ts";
import { matchEndpoints } from "./matches.ts";
import { overdueMarkEndpoints } from "./overdue-marks.ts";
import { propertyDefinitionEndpoints } from "./property-definitions.ts";
import { exceptionEndpoints } from "./reconciliation-exceptions.ts";
import { summaryEndpoints } from "./reconciliation-summaries.ts";
import { reconciliationEndpoints } from "./reconciliations.ts";
import { recordEndpoints } from "./records.ts";
import { ruleEndpoints } from "./rules.ts";
import { runEndpoints } from "./runs.ts";
import { webhookDeliveryEndpoints } from "./webhook-deliveries.ts";
import { webhookEndpointEndpoints } from "./webhook-endpoints.ts";

/** Every endpoint of the door for records. */
export const v1Endpoints: readonly Endpoint[] = [
  ...environmentEndpoints,
  ...apiKeyEndpoints,
  ...dataSourceEndpoints,
  ...propertyDefinitionEndpoints,
  ...recordEndpoints,
  ...bulkRequestEndpoints,
  ...importEndpoints,
  ...candidateEndpoints,
  ...reconciliationEndpoints,
  ...summaryEndpoints,
  ...auditEndpoints,
  ...ruleEndpoints,
  ...matchEndpoints,
  ...runEndpoints,
  ...exceptionEndpoints,
  ...overdueMarkEndpoints,
  ...webhookEndpointEndpoints,
  ...webhookDeliveryEndpoints,
  ...eventEndpoints,
  ...auditEntryEndpoints,
  ...integrityEndpoints,
];
