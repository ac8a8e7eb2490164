import {
  AuthenticationError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  UnprocessableEntityError,
} from "modern-treasury";
import { describe, expect, it } from "vitest";
import { newTenant } from "../support/tenant.ts";
import { errorOf, newClient } from "./client.ts";

const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";
const ACCOUNT = {
  name: "Operating",
  currency: "USD",
  connection_id: "0198b1f2-7c3a-7d4e-8f5a-000000000001",
  party_name: "Acme, Inc.",
} as const;

async function newWriter() {
  const { keys } = await newTenant();
  return newClient(keys.writer);
}

describe("Modern Treasury's SDK", () => {
  it("pings", async () => {
    const { client, sent } = await newWriter();
    expect(await client.ping()).toEqual({ ping: "pong" });
    expect(sent[0]?.headers.get("authorization")).toMatch(/^Basic /);
    expect(sent[0]?.headers.get("user-agent")).toBe("ModernTreasury/JS 3.3.0");
  });

  it("gets its errors by class, none of them asked for twice", async () => {
    const { keys } = await newTenant();
    const { client, sent } = newClient(keys.writer);
    await client.internalAccounts.create({ ...ACCOUNT, external_id: "ops" } as never);
    const { internalAccounts } = client;
    const create = (fields: object) => internalAccounts.create({ ...ACCOUNT, ...fields });
    const refused = [
      [() => newClient("wrong").client.ping(), AuthenticationError, "invalid_key"],
      [() => newClient(keys.reader).client.internalAccounts.create(ACCOUNT), PermissionDeniedError, "forbidden"],
      [() => internalAccounts.retrieve(UNKNOWN_ID), NotFoundError, "resource_not_found"],
      [() => create({ external_id: "ops" }), ConflictError, "conflict"],
      [() => create({ currency: "QQQ" }), UnprocessableEntityError, "parameter_invalid"],
      [() => create({ name: undefined }), UnprocessableEntityError, "parameter_missing"],
    ] as const;
    for (const [call, kind, code] of refused) {
      const error = await errorOf(call());
      expect(error).toBeInstanceOf(kind);
      expect((error as InstanceType<typeof kind>).error).toMatchObject({ errors: { code } });
    }
    expect(sent).toHaveLength(5);
  });
});

describe("internal accounts of Modern Treasury's SDK", () => {
  it("are created, retrieved and updated", async () => {
    const { client } = await newWriter();
    const made = await client.internalAccounts.create({
      ...ACCOUNT,
      account_type: "checking",
      party_address: { line1: "1 Main St", locality: "Springfield", region: "IL", postal_code: "62701", country: "US" },
      vendor_attributes: { branch: "7" },
    });
    expect(made).toMatchObject({
      object: "internal_account",
      live_mode: false,
      name: "Operating",
      party_name: "Acme, Inc.",
      account_type: "checking",
      connection: { id: ACCOUNT.connection_id, object: "connection" },
      party_address: { object: "address", locality: "Springfield" },
    });
    expect(await client.internalAccounts.retrieve(made.id)).toEqual(made);
    const metadata = { team: "treasury", "Key Name": "x y" };
    expect(await client.internalAccounts.update(made.id, { name: "Payroll", metadata })).toMatchObject({
      name: "Payroll",
      metadata,
    });
    const emptied = await client.internalAccounts.update(made.id, { metadata: { team: "" } });
    expect(emptied.metadata).toEqual({ "Key Name": "x y" });
    expect((await client.internalAccounts.update(made.id)).metadata).toEqual({ "Key Name": "x y" });
  });

  it("are listed page by page by themselves, with the filters of the first page", async () => {
    const { client, sent } = await newWriter();
    const names: string[] = [];
    for (let i = 1; i <= 5; i++) {
      const { id, name } = await client.internalAccounts.create({ ...ACCOUNT, name: `Account ${i}` });
      await client.internalAccounts.update(id, { metadata: { "Key Name": "x y" } });
      names.unshift(name as string);
    }
    await client.internalAccounts.create(ACCOUNT);
    sent.length = 0;
    const listed: (string | null)[] = [];
    const query = { per_page: 2, currency: "USD", metadata: { "Key Name": "x y" }, status: "active" } as const;
    for await (const account of client.internalAccounts.list(query)) listed.push(account.name);
    expect(listed).toEqual(names);
    expect(sent.map(({ url }) => url.searchParams.get("metadata[Key Name]"))).toEqual(["x y", "x y", "x y"]);
    const page = await client.internalAccounts.list({ per_page: 2 });
    expect([page.per_page, page.items.length, page.hasNextPage()]).toEqual([2, 2, true]);
  });
});
