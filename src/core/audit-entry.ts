const CHANGES = {
  data_source: ["created", "updated", "deleted"],
  property_definition: ["created", "updated", "deleted"],
  environment: ["created"],
  reconciliation: ["created", "updated", "deleted"],
  reconciliation_rule: ["created", "updated", "deleted"],
  reconciliation_exception: ["updated", "commented"],
  internal_account: ["created", "updated"],
  payment_rule: ["created", "updated", "deleted"],
  ledger: ["created", "updated", "deleted"],
  ledger_account: ["created", "updated", "deleted"],
  webhook_endpoint: ["created", "updated", "deleted", "secret_rotated", "disabled"],
  api_key: ["created", "rotated", "revoked"],
} as const;

/** A resource whose changes leave an entry; records, matches, payments and the like have histories of their own. */
export type AuditedType = keyof typeof CHANGES;

/** What was done to a resource: `data_source.created`. */
export type AuditAction = { [Type in AuditedType]: `${Type}.${(typeof CHANGES)[Type][number]}` }[AuditedType];

export const AUDITED_TYPES = Object.keys(CHANGES) as AuditedType[];

export const AUDIT_ACTIONS = AUDITED_TYPES.flatMap((type) =>
  CHANGES[type].map((change) => `${type}.${change}`),
) as AuditAction[];

/** The type of the resource to which an action is done. */
export function typeOfAction(action: AuditAction): AuditedType {
  return action.slice(0, action.indexOf(".")) as AuditedType;
}
