/** What an internal account keeps and answers without a meaning here, under the names of the door. */
export interface AccountAttributes {
  party_name?: string | null;
  party_type?: string | null;
  party_address?: PartyAddress | null;
  account_type?: string | null;
  account_capabilities?: AccountCapability[] | null;
  connection_id?: string | null;
  counterparty_id?: string | null;
  legal_entity_id?: string | null;
  parent_account_id?: string | null;
  ledger_account_id?: string | null;
  contra_ledger_account_id?: string | null;
  vendor_attributes?: Record<string, string> | null;
}

export interface PartyAddress {
  id: string;
  line1: string | null;
  line2: string | null;
  locality: string | null;
  region: string | null;
  postal_code: string | null;
  country: string | null;
}

export interface AccountCapability {
  id: string;
  payment_type: string;
  direction: string;
  identifier: string | null;
}
