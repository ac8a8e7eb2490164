import type { WebhookFormat } from "./webhook-message.ts";

/** What a client sees of a webhook endpoint, its secret apart; times in ms. */
export interface WebhookEndpointSnapshot {
  uid: string;
  url: string;
  eventTypes: string[];
  description: string | null;
  status: "enabled" | "disabled";
  format: WebhookFormat;
  createdAt: number;
  updatedAt: number;
}

/** The webhook endpoint as /v1 shows it. */
export function presentWebhookEndpoint(endpoint: WebhookEndpointSnapshot) {
  return {
    id: endpoint.uid,
    url: endpoint.url,
    event_types: endpoint.eventTypes,
    description: endpoint.description,
    status: endpoint.status,
    format: endpoint.format,
    created_at: new Date(endpoint.createdAt).toISOString(),
    updated_at: new Date(endpoint.updatedAt).toISOString(),
  };
}
