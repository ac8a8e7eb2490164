import { describe, expect, it } from "vitest";
import { followPayment, listForbiddenChanges, type TransactionChange } from "../../../src/core/ledger/transitions.ts";

const NO_CHANGE = {
  description: false,
  effective_at: false,
  ledger_entries: false,
  ledgerable_type: false,
  ledgerable_id: false,
  external_id: false,
  metadata: false,
};
const FIELDS = Object.keys(NO_CHANGE) as (keyof typeof NO_CHANGE)[];
const STATUSES = ["pending", "posted", "archived"] as const;

const refused = (current: (typeof STATUSES)[number], change: Partial<TransactionChange>, isLinked = false) =>
  listForbiddenChanges({ status: current, isLinked }, { ...NO_CHANGE, status: current, ...change }).map(
    ({ path }) => path,
  );

describe("a ledger transaction", () => {
  it.each([
    ["pending", ["pending", "posted", "archived"]],
    ["posted", ["posted"]],
    ["archived", ["archived"]],
  ] as const)("that is %s may become %j", (current, allowed) => {
    for (const status of STATUSES) {
      expect(refused(current, { status })).toEqual((allowed as readonly string[]).includes(status) ? [] : ["/status"]);
    }
  });

  it.each([
    ["pending", FIELDS],
    ["posted", ["external_id", "metadata"]],
    ["archived", []],
  ] as const)("that is %s may change %j", (current, allowed) => {
    for (const field of FIELDS) {
      expect(refused(current, { [field]: true })).toEqual(
        (allowed as readonly string[]).includes(field) ? [] : [`/${field}`],
      );
    }
  });

  it("says everything that may not change", () => {
    expect(refused("posted", { status: "archived", description: true, ledger_entries: true })).toEqual([
      "/status",
      "/description",
      "/ledger_entries",
    ]);
  });

  it("has the status of the payment that it is linked to", () => {
    expect(refused("pending", { status: "posted" }, true)).toEqual(["/status"]);
    expect(refused("pending", { description: true }, true)).toEqual([]);
  });

  it.each([
    ["pending", "unreconciled", { kind: "none" }],
    ["pending", "partially_reconciled", { kind: "none" }],
    ["pending", "reconciled", { kind: "become", status: "posted" }],
    ["pending", "archived", { kind: "become", status: "archived" }],
    ["posted", "unreconciled", { kind: "reverse_and_renew" }],
    ["posted", "partially_reconciled", { kind: "reverse_and_renew" }],
    ["posted", "reconciled", { kind: "none" }],
    ["posted", "archived", undefined],
    ["archived", "unreconciled", undefined],
    ["archived", "partially_reconciled", undefined],
    ["archived", "reconciled", undefined],
    ["archived", "archived", { kind: "none" }],
  ] as const)("that is %s follows a payment that is %s", (transaction, payment, followUp) => {
    expect(followPayment(transaction, payment)).toEqual(followUp);
  });
});
