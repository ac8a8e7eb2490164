import { z } from "@hono/zod-openapi";
import { type ExpectedPaymentSnapshot, presentExpectedPayment } from "../../core/payment/expected-payment-view.ts";
import { PAYMENT_TYPES } from "../../core/payment-type.ts";
import { DIRECTIONS, signOf } from "../../core/record.ts";
import { notFound, ok, type Result } from "../../core/result.ts";
import { findExpectedPayment } from "../../db/expected-payments.ts";
import { archiveExpectedPayment } from "../../services/archive-expected-payment.ts";
import { createExpectedPayment } from "../../services/create-expected-payment.ts";
import { listExpectedPaymentsBy } from "../../services/list-expected-payments-by.ts";
import { updateExpectedPayment } from "../../services/update-expected-payment.ts";
import { endpoint } from "../endpoint.ts";
import { queryMembers } from "../query-parameters.ts";
import { expectedPaymentPatch, newExpectedPayment, readNewPayment, readPaymentPatch } from "./expected-payment-body.ts";
import { expectedPayment, PAYMENT_STATUSES } from "./expected-payment-shape.ts";
import { integer, metadataQuery, readPairs, second } from "./ledger-query.ts";
import { pageAnswer, pageQuery, presentPage, readPage } from "./pagination.ts";

const TAG = "Expected payments";
const LIST = "expected_payments";

const params = z.object({ id: z.uuid().meta({ description: "The expected payment's id" }) });

const query = z.strictObject({
  ...pageQuery,
  status: z.enum(PAYMENT_STATUSES).optional().meta({ description: "The payment's status" }),
  internal_account_id: z.uuid().optional().meta({ description: "The account of the rule variables" }),
  external_id: z.string().optional().meta({ description: "The caller's own identifier" }),
  direction: z.enum(DIRECTIONS).optional().meta({ description: "Of the rule variables" }),
  type: z.enum(PAYMENT_TYPES).optional().meta({ description: "Of one of the rule variables" }),
  counterparty_id: z.string().optional().meta({ description: "Of the rule variables" }),
  amount: queryMembers(
    { gt: integer, gte: integer, lt: integer, lte: integer, eq: integer },
    "An amount, in minor units, that lies within the payment's bounds",
  ),
  metadata: metadataQuery,
  created_at_lower_bound: second.optional().meta({ description: "The first second of making, included" }),
  created_at_upper_bound: second.optional().meta({ description: "The last second of making, included" }),
  updated_at_lower_bound: second.optional().meta({ description: "The first second of change, included" }),
  updated_at_upper_bound: second.optional().meta({ description: "The last second of change, included" }),
});

function readFilters(given: z.output<typeof query>) {
  return {
    status: given.status,
    accountUid: given.internal_account_id,
    externalId: given.external_id,
    direction: given.direction && signOf(given.direction),
    type: given.type,
    counterpartyId: given.counterparty_id,
    amount: given.amount,
    createdAt: { gte: given.created_at_lower_bound, lte: given.created_at_upper_bound },
    updatedAt: { gte: given.updated_at_lower_bound, lte: given.updated_at_upper_bound },
    metadata: readPairs(given.metadata),
  };
}

function answer(status: number, result: Result<ExpectedPaymentSnapshot>, headers: Record<string, string> = {}) {
  return result.ok ? ok({ status, body: presentExpectedPayment(result.value), headers }) : result;
}

export const expectedPaymentEndpoints = [
  endpoint({
    method: "post",
    path: "/api/expected_payments",
    operationId: "createExpectedPayment",
    tag: TAG,
    summary: "Expect a payment",
    description:
      "Waits for matching, at most 2 seconds. A ledger transaction that is sent with the payment is made with it or not at all, and follows its status. One that is one-sided is completed by the ledger's clearing account, if it has one.",
    scope: "write",
    body: newExpectedPayment,
    answers: { 201: { description: "The expected payment", schema: expectedPayment } },
    refusals: [409],
    async handle({ ctx, body }) {
      const input = readNewPayment(body);
      if (!input.ok) return input;
      const created = await createExpectedPayment(ctx, input.value);
      return created.ok ? answer(201, created, { Location: `/api/expected_payments/${created.value.id}` }) : created;
    },
  }),
  endpoint({
    method: "get",
    path: "/api/expected_payments",
    operationId: "listExpectedPayments",
    tag: TAG,
    summary: "List expected payments",
    scope: "read",
    query,
    answers: { 200: pageAnswer(expectedPayment) },
    async handle({ ctx, query }) {
      const page = await readPage(ctx, LIST, query);
      if (!page.ok) return page;
      const found = await listExpectedPaymentsBy(ctx, readFilters(query), page.value);
      return ok(await presentPage(ctx, LIST, page.value, found, presentExpectedPayment));
    },
  }),
  endpoint({
    method: "get",
    path: "/api/expected_payments/{id}",
    operationId: "getExpectedPayment",
    tag: TAG,
    summary: "Read an expected payment",
    scope: "read",
    params,
    answers: { 200: { description: "The expected payment", schema: expectedPayment } },
    async handle({ ctx, params }) {
      const found = await findExpectedPayment(ctx.db, ctx.environmentId, params.id);
      return answer(200, found ? ok(found) : notFound("expected payment"));
    },
  }),
  endpoint({
    method: "patch",
    path: "/api/expected_payments/{id}",
    operationId: "updateExpectedPayment",
    tag: TAG,
    summary: "Change an expected payment, or close it short",
    description:
      "What is absent stays; metadata is merged, and a value of null or an empty text removes its name. The rule variables of a reconciled or archived payment stay as they are; those of a partially reconciled one keep account, direction and currency, and a lower bound above what is reconciled. The status reconciled takes what a partially reconciled payment has got for all of it.",
    scope: "write",
    params,
    body: expectedPaymentPatch,
    answers: { 200: { description: "The expected payment", schema: expectedPayment } },
    refusals: [409],
    async handle({ ctx, params, body }) {
      return answer(200, await updateExpectedPayment(ctx, params.id, readPaymentPatch(body)));
    },
  }),
  endpoint({
    method: "delete",
    path: "/api/expected_payments/{id}",
    operationId: "archiveExpectedPayment",
    tag: TAG,
    summary: "Archive an unreconciled expected payment",
    description: "It is matched with nothing any more, and its ledger transaction is archived with it.",
    scope: "write",
    params,
    answers: { 200: { description: "The expected payment", schema: expectedPayment } },
    refusals: [409],
    async handle({ ctx, params }) {
      return answer(200, await archiveExpectedPayment(ctx, params.id));
    },
  }),
];
