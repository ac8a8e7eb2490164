import ModernTreasury from "modern-treasury";

const ORGANISATION = "harbour-coffee";
const PAGE_ROWS = 100;

export type PaymentsClient = ModernTreasury;

/** Modern Treasury's own client, with nothing changed but its address. */
export function newPaymentsClient(url: string, key: string): PaymentsClient {
  return new ModernTreasury({ baseURL: url, organizationID: ORGANISATION, apiKey: key });
}

/** Walks through every page of a list. */
export async function listAll<Row>(list: (query: { per_page: number }) => AsyncIterable<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of list({ per_page: PAGE_ROWS })) rows.push(row);
  return rows;
}
