import { z } from "@hono/zod-openapi";
import { v7 as newId } from "uuid";
import { formatSeconds } from "../../core/calendar.ts";
import { upperCurrencySchema } from "../../core/currency.ts";
import type { AccountAttributes, AccountCapability, PartyAddress } from "../../core/internal-account.ts";
import { keepValues, METADATA_TOO_LARGE, metadataFits, metadataSchema } from "../../core/metadata.ts";
import { PAYMENT_TYPES } from "../../core/payment-type.ts";
import { DIRECTIONS } from "../../core/record.ts";
import { notFound, ok } from "../../core/result.ts";
import { findInternalAccount, type InternalAccountRow, listInternalAccounts } from "../../db/internal-accounts.ts";
import type { ServiceContext } from "../../services/context.ts";
import { createInternalAccount } from "../../services/create-internal-account.ts";
import { updateInternalAccount } from "../../services/update-internal-account.ts";
import { endpoint } from "../endpoint.ts";
import { queryPairs } from "../query-parameters.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";
import { time } from "./time.ts";

const TAG = "Internal accounts";
const LIST = "internal_accounts";

const PARTY_TYPES = ["business", "individual"] as const;
const ACCOUNT_TYPES = [
  "base_wallet",
  "cash",
  "checking",
  "crypto_wallet",
  "ethereum_wallet",
  "general_ledger",
  "loan",
  "non_resident",
  "other",
  "overdraft",
  "polygon_wallet",
  "savings",
  "solana_wallet",
] as const;
const STATUSES = ["active", "pending_activation", "suspended", "pending_closure", "closed"] as const;

const id = z.uuid();
const common = { live_mode: z.boolean(), created_at: time, updated_at: time };
const text = z.string().nullable();

const internalAccount = z
  .object({
    id,
    object: z.literal("internal_account"),
    ...common,
    name: z.string(),
    party_name: text,
    party_type: z.enum(PARTY_TYPES).nullable(),
    party_address: z
      .object({
        id,
        object: z.literal("address"),
        ...common,
        line1: text,
        line2: text,
        locality: text,
        region: text,
        postal_code: text,
        country: text,
      })
      .nullable(),
    account_type: z.enum(ACCOUNT_TYPES).nullable(),
    account_details: z.array(z.object({})),
    routing_details: z.array(z.object({})),
    account_capabilities: z.array(
      z.object({
        id,
        object: z.literal("account_capability"),
        ...common,
        discarded_at: time.nullable(),
        payment_type: z.enum(PAYMENT_TYPES),
        direction: z.enum(DIRECTIONS),
        identifier: text,
      }),
    ),
    connection: z
      .object({
        id: z.string(),
        object: z.literal("connection"),
        ...common,
        discarded_at: time.nullable(),
        vendor_id: text,
        vendor_customer_id: text,
        vendor_name: text,
      })
      .nullable(),
    currency: z.string(),
    metadata: z.record(z.string(), z.string()),
    parent_account_id: id.nullable(),
    counterparty_id: text,
    vendor_id: text,
    legal_entity_id: text,
    status: z.enum(STATUSES),
    ledger_account_id: text,
    contra_ledger_account_id: text,
    external_id: text,
    debitable: z.boolean().nullable(),
  })
  .meta({
    id: "InternalAccount",
    example: {
      id: "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a",
      object: "internal_account",
      live_mode: false,
      created_at: "2026-01-15T09:30:00Z",
      updated_at: "2026-01-15T09:30:00Z",
      name: "Operating account",
      party_name: "Acme, Inc.",
      party_type: null,
      party_address: null,
      account_type: null,
      account_details: [],
      routing_details: [],
      account_capabilities: [],
      connection: null,
      currency: "USD",
      metadata: { team: "treasury" },
      parent_account_id: null,
      counterparty_id: null,
      vendor_id: null,
      legal_entity_id: null,
      status: "active",
      ledger_account_id: null,
      contra_ledger_account_id: null,
      external_id: null,
      debitable: null,
    },
  });

const name = z.string().min(1).max(255);
const keptText = z.string().min(1).max(255).nullish();

const newAddress = z.strictObject({
  line1: keptText,
  line2: keptText,
  locality: keptText,
  region: keptText,
  postal_code: keptText,
  country: keptText,
});

const ours = z.unknown().optional();
const newCapability = z.strictObject({
  payment_type: z.enum(PAYMENT_TYPES),
  direction: z.enum(DIRECTIONS),
  identifier: keptText,
  // Modern Treasury's SDK types a new capability as one that is there already. These are not the caller's to say.
  id: ours,
  object: ours,
  live_mode: ours,
  created_at: ours,
  updated_at: ours,
  discarded_at: ours,
});

const attributes = {
  party_name: keptText,
  party_type: z.enum(PARTY_TYPES).nullish(),
  party_address: newAddress.nullish(),
  account_type: z.enum(ACCOUNT_TYPES).nullish(),
  account_capabilities: z.array(newCapability).max(100).nullish(),
  connection_id: keptText,
  counterparty_id: keptText,
  legal_entity_id: keptText,
  parent_account_id: keptText,
  ledger_account_id: keptText,
  contra_ledger_account_id: keptText,
  vendor_attributes: z
    .record(z.string(), z.string().max(1000))
    .refine(metadataFits, { error: METADATA_TOO_LARGE.message, params: { code: METADATA_TOO_LARGE.code } })
    .nullish(),
};

const others = {
  external_id: z.string().min(1).max(180).nullish(),
  metadata: metadataSchema.optional(),
};

const newInternalAccount = z.strictObject({ name, currency: upperCurrencySchema, ...others, ...attributes }).meta({
  id: "NewInternalAccount",
  example: { name: "Operating account", currency: "USD", party_name: "Acme, Inc.", metadata: { team: "treasury" } },
});

const internalAccountPatch = z
  .strictObject({ name: name.optional(), ...others, ...attributes })
  .meta({ id: "InternalAccountPatch", example: { name: "Payroll", metadata: { team: "" } } });

const params = z.object({ id: id.meta({ description: "The internal account's id" }) });

const query = z.strictObject({
  ...pageQuery,
  currency: upperCurrencySchema.optional().meta({ description: "ISO 4217 code" }),
  counterparty_id: z.string().optional().meta({ description: "As it was given" }),
  legal_entity_id: z.string().optional().meta({ description: "As it was given" }),
  payment_type: z.enum(PAYMENT_TYPES).optional().meta({ description: "Of one of the account's capabilities" }),
  payment_direction: z.enum(DIRECTIONS).optional().meta({ description: "Of one of the account's capabilities" }),
  status: z.enum(STATUSES).optional().meta({ description: "Every account is active" }),
  external_id: z.string().optional().meta({ description: "The caller's own identifier" }),
  metadata: queryPairs("Pairs that all must be there: metadata[key]=value"),
});

type GivenAttributes = z.output<z.ZodObject<typeof attributes>>;

/** The attributes that were given, with ids for what is answered as an object of its own. */
function readAttributes({ party_address, account_capabilities, ...rest }: GivenAttributes): AccountAttributes {
  return {
    ...(rest as AccountAttributes),
    ...(party_address === undefined ? {} : { party_address: party_address && readAddress(party_address) }),
    ...(account_capabilities === undefined
      ? {}
      : { account_capabilities: account_capabilities?.map(readCapability) ?? null }),
  };
}

function readAddress(given: z.output<typeof newAddress>): PartyAddress {
  const { line1 = null, line2 = null, locality = null, region = null, postal_code = null, country = null } = given;
  return { id: newId(), line1, line2, locality, region, postal_code, country };
}

function readCapability(given: z.output<typeof newCapability>): AccountCapability {
  const { payment_type, direction, identifier = null } = given;
  return { id: newId(), payment_type, direction, identifier };
}

function presentInternalAccount(ctx: ServiceContext, row: InternalAccountRow) {
  const { party_address, account_capabilities, connection_id, ...kept } = row.attributes;
  const times = {
    live_mode: ctx.isLive,
    created_at: formatSeconds(row.createdAt),
    updated_at: formatSeconds(row.updatedAt),
  };
  return {
    id: row.uid,
    object: "internal_account",
    ...times,
    name: row.name,
    party_name: kept.party_name ?? null,
    party_type: kept.party_type ?? null,
    party_address: party_address ? { ...party_address, object: "address", ...times } : null,
    account_type: kept.account_type ?? null,
    account_details: [],
    routing_details: [],
    account_capabilities: (account_capabilities ?? []).map((capability) => ({
      ...capability,
      object: "account_capability",
      ...times,
      discarded_at: null,
    })),
    connection: typeof connection_id === "string" ? presentConnection(connection_id, times) : null,
    currency: row.currency,
    metadata: row.metadata,
    parent_account_id: kept.parent_account_id ?? null,
    counterparty_id: kept.counterparty_id ?? null,
    vendor_id: null,
    legal_entity_id: kept.legal_entity_id ?? null,
    status: "active",
    ledger_account_id: kept.ledger_account_id ?? null,
    contra_ledger_account_id: kept.contra_ledger_account_id ?? null,
    external_id: row.externalId,
    debitable: null,
  };
}

function presentConnection(connectionId: string, times: object) {
  const unknown = { discarded_at: null, vendor_id: null, vendor_customer_id: null, vendor_name: null };
  return { id: connectionId, object: "connection", ...times, ...unknown };
}

export const internalAccountEndpoints = [
  endpoint({
    method: "post",
    path: "/api/internal_accounts",
    operationId: "createInternalAccount",
    tag: TAG,
    summary: "Make an internal account and its data source",
    description:
      "Its transactions are the records of a data source of type internal_account, which /v1 lists and can reconcile. Beyond name and currency, what Modern Treasury takes is kept and answered, and means nothing here.",
    scope: "write",
    body: newInternalAccount,
    answers: { 201: { description: "The internal account", schema: internalAccount } },
    refusals: [409],
    async handle({ ctx, body }) {
      const { name, currency, external_id, metadata, ...given } = body;
      const created = await createInternalAccount(ctx, {
        name,
        currency,
        externalId: external_id ?? null,
        metadata: keepValues(metadata ?? {}),
        attributes: readAttributes(given),
      });
      if (!created.ok) return created;
      const location = `/api/internal_accounts/${created.value.uid}`;
      return ok({
        status: 201,
        body: presentInternalAccount(ctx, created.value),
        headers: { Location: location },
      });
    },
  }),
  endpoint({
    method: "get",
    path: "/api/internal_accounts",
    operationId: "listInternalAccounts",
    tag: TAG,
    summary: "List internal accounts",
    scope: "read",
    query,
    answers: { 200: pageAnswer(internalAccount) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const filters = {
        currency: query.currency,
        counterpartyId: query.counterparty_id,
        legalEntityId: query.legal_entity_id,
        paymentType: query.payment_type,
        paymentDirection: query.payment_direction,
        externalId: query.external_id,
        metadata: Object.entries(query.metadata ?? {}).map(([key, value]) => ({ key, value })),
      };
      const found =
        (query.status ?? "active") === "active"
          ? await listInternalAccounts(ctx.db, ctx.environmentId, filters, page.value)
          : { rows: [], next: null };
      return ok(await presentPage(ctx, LIST, page.value, found, (row) => presentInternalAccount(ctx, row)));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/internal_accounts/{id}",
    operationId: "getInternalAccount",
    tag: TAG,
    summary: "Read an internal account",
    scope: "read",
    params,
    answers: { 200: { description: "The internal account", schema: internalAccount } },
    async handle({ ctx, params }) {
      const row = await findInternalAccount(ctx.db, ctx.environmentId, params.id);
      return row ? ok({ status: 200, body: presentInternalAccount(ctx, row) }) : notFound("internal account");
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/internal_accounts/{id}",
    operationId: "updateInternalAccount",
    tag: TAG,
    summary: "Change an internal account, but not its currency",
    description: "What is absent stays. Metadata is merged; a value of null or an empty text removes its name.",
    scope: "write",
    params,
    body: internalAccountPatch,
    answers: { 200: { description: "The internal account", schema: internalAccount } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      const { name, external_id, metadata, ...given } = body;
      const updated = await updateInternalAccount(ctx, params.id, {
        name,
        externalId: external_id,
        metadata,
        attributes: readAttributes(given),
      });
      return updated.ok ? ok({ status: 200, body: presentInternalAccount(ctx, updated.value) }) : updated;
    },
  }),
];
