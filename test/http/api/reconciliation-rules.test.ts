import { describe, expect, it } from "vitest";
import { paymentRuleEndpoints } from "../../../src/http/api/reconciliation-rules.ts";
import type { Api } from "../../support/api.ts";
import { type BankAccount, newBankAccount, refusalOf } from "../../support/bank-account.ts";
import { bindings, must } from "../../support/scene.ts";
import { itIsGuarded } from "../../support/security.ts";
import { newTenant } from "../../support/tenant.ts";

const PATH = "/api/reconciliation_rules";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

const INVOICE = {
  field: "transaction.vendor_description",
  operator: "contains",
  value_field: "expected_payment.custom_identifiers.invoice",
};
const only = (...conditions: unknown[]) => ({ operator: "and", blocks: [{ operator: "and", conditions }] });
const RULE = { name: "Invoices", strategy: "one_to_one", conditions: only(INVOICE) };
const GROUPS = {
  ...RULE,
  strategy: "one_transaction_to_many_expected_payments",
  group_by: ["custom_identifiers.batch_id"],
};

const make = async (by: Api, fields: Record<string, unknown> = {}) =>
  (await must(by.post(PATH, { ...RULE, ...fields }), 201)).body;

async function newAccount(by: Api): Promise<string> {
  return (await must(by.post("/api/internal_accounts", { name: "Operating", currency: "USD" }), 201)).body.id;
}

async function namesOf(by: Api, query = ""): Promise<string[]> {
  const { body } = await must(by.get(`${PATH}?${query}`), 200);
  return body.map((rule: { name: string }) => rule.name);
}

async function generationOf(account: string): Promise<number> {
  const query = "select generation from reconciliations where uid = ?";
  const row = await bindings.DB.prepare(query).bind(account).first<{ generation: number }>();
  if (!row) throw new Error("the account has no reconciliation");
  return row.generation;
}

const generationsOf = (...accounts: string[]) => Promise.all(accounts.map(generationOf));

describe("reconciliation rules", () => {
  it("are made for every account, active, careful and in the middle of the order unless they say otherwise", async () => {
    const { writer, reader } = await newTenant();
    const made = await writer.post(PATH, RULE);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(`${PATH}/${made.body.id}`);
    expect(made.body).toEqual({
      id: made.body.id,
      object: "reconciliation_rule",
      live_mode: false,
      name: "Invoices",
      priority: 100,
      strategy: "one_to_one",
      internal_account_ids: null,
      conditions: RULE.conditions,
      group_by: null,
      on_ambiguous: "skip",
      status: "active",
      version: 1,
      plan: { kind: "range" },
      created_at: expect.stringMatching(WHOLE_SECONDS),
      updated_at: made.body.created_at,
    });
    expect((await reader.get(`${PATH}/${made.body.id}`)).body).toEqual(made.body);
  });

  it("keep what they are given", async () => {
    const { writer } = await newTenant();
    const internal_account_ids = [await newAccount(writer), await newAccount(writer)].reverse();
    const given = { ...GROUPS, priority: 7, internal_account_ids, on_ambiguous: "earliest", status: "inactive" };
    const rule = await make(writer, given);
    expect(rule).toMatchObject({ ...given, group_by: ["expected_payment.custom_identifiers.batch_id"] });
    expect(rule.plan).toEqual({ kind: "scan", why: expect.stringContaining("Add an equals") });
  });

  it.each<[string, Record<string, unknown>, [string, string]]>([
    ["no name", { name: undefined }, ["parameter_missing", "name"]],
    ["an empty name", { name: "" }, ["parameter_invalid", "name"]],
    ["no strategy", { strategy: undefined }, ["parameter_missing", "strategy"]],
    ["an unknown strategy", { strategy: "many_to_many" }, ["parameter_invalid", "strategy"]],
    ["a priority below zero", { priority: -1 }, ["parameter_invalid", "priority"]],
    ["an unknown status", { status: "paused" }, ["parameter_invalid", "status"]],
    ["a field that nobody knows", { cardinality: "one_to_one" }, ["parameter_invalid", "cardinality"]],
    ["no conditions", { conditions: undefined }, ["parameter_missing", "conditions"]],
    [
      "a field that there is not",
      { conditions: only(INVOICE, { ...INVOICE, field: "transaction.amount" }) },
      ["parameter_invalid", "conditions.blocks[0].conditions[1].field"],
    ],
    [
      "an operator that is not of the field",
      { conditions: only({ field: "transaction.type", operator: "contains", value: "ach" }) },
      ["parameter_invalid", "conditions.blocks[0].conditions[0].operator"],
    ],
    [
      "nothing to compare with",
      { conditions: only({ field: "transaction.type", operator: "equals" }) },
      ["parameter_missing", "conditions.blocks[0].conditions[0].value"],
    ],
    [
      "a condition on an unknown account",
      { conditions: only({ field: "transaction.internal_account_id", operator: "equals", value: UNKNOWN_ID }) },
      ["resource_not_found", "conditions.blocks[0].conditions[0].value"],
    ],
    [
      "groups without fields to group by",
      { strategy: "one_transaction_to_many_expected_payments" },
      ["parameter_missing", "group_by"],
    ],
    ["fields to group by without groups", { group_by: ["type"] }, ["parameter_invalid", "group_by"]],
    ["no account at all", { internal_account_ids: [] }, ["parameter_invalid", "internal_account_ids"]],
    ["an unknown account", { internal_account_ids: [UNKNOWN_ID] }, ["resource_not_found", "internal_account_ids[0]"]],
    [
      "an account twice",
      { internal_account_ids: [UNKNOWN_ID, UNKNOWN_ID] },
      ["parameter_invalid", "internal_account_ids[1]"],
    ],
    [
      "101 accounts",
      { internal_account_ids: Array.from({ length: 101 }, (_, index) => `${index}`) },
      ["parameter_invalid", "internal_account_ids"],
    ],
  ])("are not made with %s", async (_, fields, refusal) => {
    const { writer } = await newTenant();
    expect(refusalOf(await writer.post(PATH, { ...RULE, ...fields }))).toEqual([422, ...refusal]);
    expect(await namesOf(writer)).toEqual([]);
  });

  it("do not know the accounts of another environment", async () => {
    const [{ writer }, stranger] = await Promise.all([newTenant(), newTenant()]);
    const internal_account_ids = [await newAccount(writer), await newAccount(stranger.writer)];
    const made = await writer.post(PATH, { ...RULE, internal_account_ids });
    expect(refusalOf(made)).toEqual([422, "resource_not_found", "internal_account_ids[1]"]);
  });

  it("get another version only when they say something else", async () => {
    const { writer } = await newTenant();
    const { id } = await make(writer);
    const patch = async (body: unknown) => (await must(writer.patch(`${PATH}/${id}`, body), 200)).body;
    expect(await patch({ name: "Other", priority: 1, status: "inactive" })).toMatchObject({
      name: "Other",
      priority: 1,
      status: "inactive",
      version: 1,
    });
    expect(await patch({ conditions: RULE.conditions })).toMatchObject({ version: 1 });
    expect(await patch({ on_ambiguous: "earliest" })).toMatchObject({ on_ambiguous: "earliest", version: 2 });
    const conditions = { operator: "and", blocks: [] };
    expect(await patch({ conditions })).toMatchObject({ conditions, on_ambiguous: "earliest", version: 3 });
    const { name, strategy } = await patch({ strategy: GROUPS.strategy, group_by: GROUPS.group_by });
    expect([name, strategy]).toEqual(["Other", GROUPS.strategy]);
  });

  it.each<[string, Record<string, unknown>, [string, string]]>([
    ["a strategy that groups, and no fields", { strategy: GROUPS.strategy }, ["parameter_missing", "group_by"]],
    ["no name", { name: null }, ["parameter_invalid", "name"]],
    ["an unknown member", { id: UNKNOWN_ID }, ["parameter_invalid", "id"]],
    ["an unknown account", { internal_account_ids: [UNKNOWN_ID] }, ["resource_not_found", "internal_account_ids[0]"]],
    ["wrong conditions", { conditions: { operator: "and" } }, ["parameter_missing", "conditions.blocks"]],
  ])("are not changed to %s", async (_, body, refusal) => {
    const { writer } = await newTenant();
    const rule = await make(writer);
    expect(refusalOf(await writer.patch(`${PATH}/${rule.id}`, body))).toEqual([422, ...refusal]);
    expect((await writer.get(`${PATH}/${rule.id}`)).body).toEqual(rule);
  });

  it("go for the accounts that they are given, for all of them again by null", async () => {
    const { writer } = await newTenant();
    const [one, other] = [await newAccount(writer), await newAccount(writer)];
    const { id } = await make(writer, { internal_account_ids: [one] });
    const patch = async (internal_account_ids: unknown) =>
      (await must(writer.patch(`${PATH}/${id}`, { internal_account_ids }), 200)).body.internal_account_ids;
    expect(await patch([other, one])).toEqual([other, one]);
    expect(await patch([other])).toEqual([other]);
    expect(await patch(null)).toBeNull();
    expect(await patch([one])).toEqual([one]);
  });

  it("are gone once they are deleted", async () => {
    const { writer } = await newTenant();
    const { id } = await make(writer);
    expect((await writer.delete(`${PATH}/${id}`)).status).toBe(204);
    for (const reply of [
      await writer.get(`${PATH}/${id}`),
      await writer.patch(`${PATH}/${id}`, { name: "x" }),
      await writer.delete(`${PATH}/${id}`),
      await writer.post(`${PATH}/${id}/preview`, {}),
    ]) {
      expect(refusalOf(reply)).toEqual([404, "resource_not_found", "id"]);
    }
    expect(await namesOf(writer)).toEqual([]);
  });

  it("are listed by status and by the account to which they apply", async () => {
    const { writer } = await newTenant();
    const [one, other] = [await newAccount(writer), await newAccount(writer)];
    await make(writer, { name: "all" });
    await make(writer, { name: "one", internal_account_ids: [one] });
    await make(writer, { name: "both", internal_account_ids: [one, other], status: "inactive" });
    expect(await namesOf(writer)).toEqual(["both", "one", "all"]);
    expect(await namesOf(writer, "status=active")).toEqual(["one", "all"]);
    expect(await namesOf(writer, `internal_account_id=${other}`)).toEqual(["both", "all"]);
    expect(await namesOf(writer, `internal_account_id=${one}&status=active`)).toEqual(["one", "all"]);
    expect(await namesOf(writer, `internal_account_id=${UNKNOWN_ID}`)).toEqual([]);
    expect(refusalOf(await writer.get(`${PATH}?status=paused`))).toEqual([422, "parameter_invalid", "status"]);
    expect(refusalOf(await writer.get(`${PATH}?name=all`))).toEqual([422, "parameter_invalid", "name"]);
  });

  it("are paged, newest first", async () => {
    const { writer } = await newTenant();
    for (const name of ["1", "2", "3"]) await make(writer, { name });
    const first = await must(writer.get(`${PATH}?per_page=2`), 200);
    expect(first.headers.get("x-per-page")).toBe("2");
    const cursor = first.headers.get("x-after-cursor") as string;
    const last = await must(writer.get(`${PATH}?per_page=2&after_cursor=${cursor}`), 200);
    expect([...first.body, ...last.body].map(({ name }) => name)).toEqual(["3", "2", "1"]);
    expect(last.headers.get("x-after-cursor")).toBe("");
    expect(refusalOf(await writer.get(`${PATH}?after_cursor=x`))).toEqual([422, "parameter_invalid", "after_cursor"]);
  });
});

describe("a change of a rule", () => {
  it("is told to the accounts that it was or will be for, and to no other", async () => {
    const { writer } = await newTenant();
    const [one, other, third] = [await newAccount(writer), await newAccount(writer), await newAccount(writer)];
    const toldBy = async (change: () => Promise<unknown>) => {
      const before = await generationsOf(one, other, third);
      await change();
      return (await generationsOf(one, other, third)).map((generation, index) => generation > Number(before[index]));
    };
    let id = "";
    const made = await toldBy(async () => {
      id = (await make(writer, { internal_account_ids: [one] })).id;
    });
    expect(made).toEqual([true, false, false]);
    const patch = (body: unknown) => toldBy(() => must(writer.patch(`${PATH}/${id}`, body), 200));
    expect(await patch({ on_ambiguous: "earliest" })).toEqual([true, false, false]);
    expect(await patch({ status: "inactive" })).toEqual([true, false, false]);
    expect(await patch({ priority: 1 })).toEqual([true, false, false]);
    expect(await patch({ priority: 1 })).toEqual([false, false, false]);
    expect(await patch({ internal_account_ids: [other] })).toEqual([true, true, false]);
    expect(await patch({ internal_account_ids: null })).toEqual([true, true, true]);
    expect(await patch({ name: "All" })).toEqual([true, true, true]);
    expect(await patch({ internal_account_ids: [other] })).toEqual([true, true, true]);
    expect(await toldBy(() => must(writer.delete(`${PATH}/${id}`), 204))).toEqual([false, true, false]);
  });

  it("is not lost to another one at the same moment", async () => {
    const { writer } = await newTenant();
    const { id } = await make(writer);
    const changes = [{ on_ambiguous: "earliest" }, { conditions: { operator: "and", blocks: [] } }, { priority: 3 }];
    const replies = await Promise.all(changes.map((change) => writer.patch(`${PATH}/${id}`, change)));
    for (const { status, headers } of replies) {
      expect([status, headers.get("retry-after")]).toEqual(status === 409 ? [409, "1"] : [200, null]);
    }
    const done = changes.filter((_, index) => replies[index]?.status === 200);
    const { body } = await writer.get(`${PATH}/${id}`);
    expect(done.length).toBeGreaterThan(0);
    expect(body).toMatchObject(Object.assign({}, ...done));
    expect(body.version).toBe(1 + done.filter((change) => !("priority" in change)).length);
  });

  it("is not told to another environment", async () => {
    const [{ writer }, stranger] = await Promise.all([newTenant(), newTenant()]);
    const account = await newAccount(stranger.writer);
    const before = await generationOf(account);
    await make(writer);
    expect(await generationOf(account)).toBe(before);
  });
});

const EMPTY_PREVIEW = {
  transactions_evaluated: 0,
  expected_payments_evaluated: 0,
  is_complete: true,
  matches: [],
  ambiguous_transaction_ids: [],
};

describe("a preview of a rule", () => {
  const previewOf = async ({ api }: BankAccount, rule: string, body: unknown = {}) =>
    (await must(api.post(`${PATH}/${rule}/preview`, body), 200)).body;

  it("shows what an inactive rule would match, and writes nothing", async () => {
    const bank = await newBankAccount();
    const invoiced = await bank.payment({ custom_identifiers: { invoice: "INV-1" } });
    await bank.payment({ custom_identifiers: { invoice: "INV-2" } });
    const paid = await bank.transaction({ vendor_description: "ACME INV-1" });
    await bank.transaction({ vendor_description: "ACME INV-2", amount: 9_999 });
    await bank.transaction({ vendor_description: "ACME INV-2", posted: false });
    const rule = await make(bank.api, { status: "inactive" });
    const shown = {
      rule_id: rule.id,
      transactions_evaluated: 2,
      expected_payments_evaluated: 2,
      is_complete: true,
      matches: [{ transaction_id: paid.id, amount: 10_000, expected_payments: [{ id: invoiced.id, amount: 10_000 }] }],
      ambiguous_transaction_ids: [],
    };
    expect(await previewOf(bank, rule.id)).toEqual(shown);
    expect(await previewOf(bank, rule.id, { internal_account_id: bank.account })).toEqual(shown);
    expect(await bank.read(`/api/expected_payments/${invoiced.id}`)).toMatchObject({ status: "unreconciled" });
  });

  it("names the transactions for which more than one match fits", async () => {
    const bank = await newBankAccount();
    for (const invoice of ["INV-1", "INV-2"]) await bank.payment({ custom_identifiers: { invoice } });
    const vague = await bank.transaction({ vendor_description: "INV-1 or INV-2" });
    const rule = await make(bank.api, { status: "inactive" });
    expect(await previewOf(bank, rule.id)).toMatchObject({ matches: [], ambiguous_transaction_ids: [vague.id] });
  });

  it("shows a group whole, and each instalment", async () => {
    const bank = await newBankAccount();
    const amounts = (amount: number) => ({ amount_lower_bound: amount, amount_upper_bound: amount });
    const members = [
      await bank.payment({ ...amounts(4_000), custom_identifiers: { batch_id: "7" } }),
      await bank.payment({ ...amounts(6_000), custom_identifiers: { batch_id: "7" } }),
    ];
    const lump = await bank.transaction({ vendor_description: "BATCH" });
    const conditions = only({ ...INVOICE, value_field: undefined, value: "BATCH" });
    const grouped = await make(bank.api, { ...GROUPS, conditions, status: "inactive" });
    const { matches } = await previewOf(bank, grouped.id);
    expect(matches).toMatchObject([{ transaction_id: lump.id, amount: 10_000 }]);
    expect(matches[0].expected_payments).toHaveLength(2);
    expect(matches[0].expected_payments).toEqual(
      expect.arrayContaining([
        { id: members[0].id, amount: 4_000 },
        { id: members[1].id, amount: 6_000 },
      ]),
    );
    const days = { date_lower_bound: "2026-03-01", date_upper_bound: "2026-03-31" };
    const whole = await bank.payment({ ...amounts(500), ...days, custom_identifiers: { invoice: "PART" } });
    for (const amount of [200, 300]) await bank.transaction({ amount, vendor_description: "PART" });
    const strategy = "many_transactions_to_one_expected_payment";
    const parted = await make(bank.api, { strategy, status: "inactive" });
    const instalments = (await previewOf(bank, parted.id)).matches;
    expect(instalments.map(({ amount }: { amount: number }) => amount).sort()).toEqual([200, 300]);
    for (const { amount, expected_payments } of instalments) {
      expect(expected_payments).toEqual([{ id: whole.id, amount }]);
    }
  });

  it("covers every account that the rule is for", async () => {
    const one = await newBankAccount();
    const other = await newBankAccount(one.tenant);
    for (const bank of [one, other]) {
      await bank.payment({ custom_identifiers: { invoice: "INV-1" } });
      await bank.transaction({ vendor_description: "INV-1" });
    }
    const everywhere = await make(one.api, { status: "inactive" });
    expect((await previewOf(one, everywhere.id)).matches).toHaveLength(2);
    const here = await make(one.api, { status: "inactive", internal_account_ids: [one.account] });
    expect((await previewOf(one, here.id)).matches).toHaveLength(1);
    const elsewhere = await one.api.post(`${PATH}/${here.id}/preview`, { internal_account_id: other.account });
    expect(refusalOf(elsewhere)).toEqual([422, "parameter_invalid", "internal_account_id"]);
    const unknown = await one.api.post(`${PATH}/${everywhere.id}/preview`, { internal_account_id: UNKNOWN_ID });
    expect(refusalOf(unknown)).toEqual([422, "resource_not_found", "internal_account_id"]);
  });

  it("is of 25 accounts at the most, and says when there are more", async () => {
    const { writer } = await newTenant();
    for (let count = 0; count < 25; count++) await newAccount(writer);
    const { id } = await make(writer, { status: "inactive" });
    const preview = async () => (await must(writer.post(`${PATH}/${id}/preview`, {}), 200)).body;
    expect(await preview()).toEqual({ rule_id: id, ...EMPTY_PREVIEW });
    await newAccount(writer);
    expect(await preview()).toEqual({ rule_id: id, ...EMPTY_PREVIEW, is_complete: false });
  });

  it("keeps apart what a person has taken apart", async () => {
    const bank = await newBankAccount();
    const expected = await bank.payment({ custom_identifiers: { invoice: "INV-1" } });
    const paid = await bank.transaction({ vendor_description: "INV-1" });
    const linked = await must(bank.link(paid.id, expected.id, 10_000), 201);
    await must(bank.api.delete(`/api/transaction_line_items/${linked.body.id}`), 200);
    const rule = await make(bank.api, { status: "inactive" });
    expect(await previewOf(bank, rule.id)).toMatchObject({ transactions_evaluated: 1, matches: [] });
  });
});

itIsGuarded({
  endpoints: paymentRuleEndpoints,
  prepare: async ({ writer }) => ({ id: (await make(writer)).id }),
});
