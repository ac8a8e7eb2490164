import { describe, expect, test } from "vitest";
import type { MatchView, RecordView } from "../../src/cli/demo/account.ts";
import { DEPOSITS, EARLY_LINE, TERMINAL } from "../../src/cli/demo/counter-books.ts";
import { expectOutcome } from "../../src/cli/demo/expected.ts";
import type { NewRecord } from "../../src/cli/demo/new-record.ts";
import { listNames } from "../../src/cli/demo/outcome.ts";
import { describeSet } from "../../src/cli/demo/record-report.ts";
import { compareWithPreview, type RunPair } from "../../src/cli/demo/run-pair.ts";
import { playShopMonth } from "../../src/cli/demo/shop-month.ts";
import { type RuleSight, readSight } from "../../src/cli/demo/sight.ts";
import { describeSight } from "../../src/cli/demo/sight-report.ts";
import { DEPOSIT_LOOKBACK_DAYS } from "../../src/cli/demo/till.ts";
import type { TieoutClient } from "../../src/cli/tieout-client.ts";

const month = playShopMonth("2028-03-15");
const all = [...month.records, month.straggler, ...month.late];
const from = (source: string): NewRecord[] => all.filter((record) => record.type_key === source);
const cents = (amount: string): number => Math.round(Number(amount) * 100);
const signed = ({ direction, amount }: NewRecord): number => (direction === "credit" ? 1 : -1) * cents(amount);
const nameAll = (records: readonly NewRecord[]): string => listNames(records.map(({ external_id: id }) => id));

describe("the card terminal", () => {
  const entriesOf = ({ description }: NewRecord): NewRecord[] =>
    from("terminal_entries").filter(({ metadata }) => description.includes(` ${metadata.payout_id} `));

  test("is paid out in full but for one fee that is listed nowhere", () => {
    const gaps = from("card_account").map((line) => {
      const sum = entriesOf(line).reduce((total, entry) => total + signed(entry), 0);
      return [line.external_id, sum - cents(line.amount)];
    });
    expect(gaps).toEqual([
      ["ca-4201", 0],
      ["ca-4202", 0],
      ["ca-4203", 0],
      ["ca-4204", 1500],
      ["ca-4205", 0],
    ]);
  });

  test("has debits in every payout, and a refund in some", () => {
    const debits = from("card_account").map((line) => entriesOf(line).filter((entry) => signed(entry) < 0).length);
    expect(debits).toEqual([1, 2, 1, 1, 2]);
  });

  test("is sent without one charge of the payout that is at the bank early", () => {
    const early = from("card_account").find(({ external_id: id }) => id === EARLY_LINE) as NewRecord;
    expect(entriesOf(early)).toContain(month.straggler);
    expect(month.records).toContain(early);
    expect(month.records).not.toContain(month.straggler);
  });

  test("ends with what is paid out, and the sums where they differ", () => {
    const { reconciliations, sights } = expectOutcome(month);
    expect(reconciliations[TERMINAL.name]?.matches).toBe(4);
    expect(sights["ca-4204"]?.failed).toEqual(["amount: 249.2, 234.2"]);
    expect(sights[EARLY_LINE]?.sets).toEqual(["tc_3011 tc_3012 tc_3013 tc_3014 tf_4203"]);
  });
});

describe("the till", () => {
  const days = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000;

  function listFitting(line: NewRecord): string[] {
    const pool = from("till_receipts").filter(({ date }) => {
      const age = days(date, line.date);
      return age >= 0 && age <= DEPOSIT_LOOKBACK_DAYS;
    });
    const sets = Array.from({ length: 2 ** pool.length }, (_, bits) => pool.filter((_, place) => (bits >> place) & 1));
    const fitting = sets.filter((set) => set.reduce((sum, one) => sum + signed(one), 0) === cents(line.amount));
    return fitting.map(nameAll).sort();
  }

  test("has for each deposit the sets that the shop knows of, and no others", () => {
    const known = month.till.flatMap(({ members, line, rivals }) =>
      line ? [[line.external_id, [members, ...rivals].map(nameAll).sort()]] : [],
    );
    expect(from("cash_account").map((line) => [line.external_id, listFitting(line)])).toEqual(known);
    expect(known.map(([, sets]) => sets?.length)).toEqual([1, 1, 2, 1]);
  });

  test("ends with the deposits of which there is no doubt", () => {
    const { reconciliations, sights, preview } = expectOutcome(month);
    expect(reconciliations[DEPOSITS.name]?.matches).toBe(3);
    expect(preview.ambiguous).toBe(6);
    expect(sights["ka-21"]?.sets).toEqual(["rc-009 rc-010 rc-012 rc-013", "rc-009 rc-011 rc-012 rc-013"]);
    expect(sights["rc-011"]?.sets).toEqual(["rc-009 rc-011 rc-012 rc-013"]);
  });
});

describe("a commit of a preview", () => {
  const proposed = [newMatch("m1", 10), newMatch("m2", 20)];
  const pairOf = (made: MatchView[]) => ({ proposed, made }) as RunPair;

  test("is what was shown when ids, records and amounts are the same, in whatever order", () => {
    expect(compareWithPreview(pairOf([...proposed].reverse()), proposed)).toEqual([]);
  });

  test.each<[string, MatchView[]]>([
    ["one more", [...proposed, newMatch("m3", 30)]],
    ["one less", proposed.slice(1)],
    ["another amount", [newMatch("m1", 11), newMatch("m2", 20)]],
    ["another id", [newMatch("m4", 10), newMatch("m2", 20)]],
  ])("is not when there is %s, in the run or in the reconciliation", (_, others) => {
    expect(compareWithPreview(pairOf(others), proposed)).not.toEqual([]);
    expect(compareWithPreview(pairOf(proposed), others)).not.toEqual([]);
  });
});

describe("what candidates say", () => {
  const line = newView({ id: "line", type_key: "card_account", external_id: "ca-1", amount: 10 });
  const charge = newView({ id: "r1", external_id: "tc_1", amount: 12.5 });
  const fee = newView({ id: "r2", external_id: "tf_1", amount: 1.5, direction: "debit" });
  const short = newSight({ groups: [groupOf("r1", "r2")], outcomes: ["passed", "failed"] });
  const far = newSight({ outcomes: ["failed", "failed"] });
  const fits = newSight({
    groups: [groupOf("r1")],
    matched: true,
    finding: "ambiguous",
    outcomes: ["passed", "passed"],
  });
  const read = (...rules: RuleSight[]) => readSight(answering(line, rules), "line", "c1");

  test("is, when sets fit, each of them once", async () => {
    const other = { ...fits, groups: [groupOf("r2")] };
    expect((await read(far, fits, fits, other)).nearest).toEqual([fits, other]);
  });

  test("is, when none fits, the set of which the fewest conditions fail", async () => {
    expect((await read(far, short, short)).nearest).toEqual([short]);
  });

  test("is nothing when there are none", async () => {
    expect(describeSight(await read(), [])).toEqual(["candidates: there are none"]);
  });

  test("shows both sums, by how much they differ, and the condition that failed", async () => {
    expect(describeSight(await read(short), [charge, fee])).toEqual([
      "candidates: nothing fits, the nearest is",
      "  2 terminal entries: 12.50 (1 credit) − 1.50 (1 debit) = 11.00, which is 1.00 more than 10.00",
      `  passed: A's date eq B's date: 1, 2`,
      `  failed: A's amount eq B's amount: 1, 2`,
    ]);
  });

  test("shows a set that fits without a difference", async () => {
    const [head, set] = describeSight(await read(fits), [{ ...charge, amount: 10 }]);
    expect(head).toContain("ambiguous");
    expect(set).toBe("  1 terminal entry: tc_1 10.00 = 10.00");
  });
});

test("a long set is told by its sum", () => {
  const many = Array.from({ length: 7 }, (_, place) => newView({ external_id: `tc_${place}`, amount: 2 }));
  expect(describeSet(many)).toBe("7 terminal entries: 14.00 (7 credits) = 14.00");
  expect(describeSet(many.slice(5))).toBe("2 terminal entries: tc_5 2.00 + tc_6 2.00 = 4.00");
});

function answering(record: RecordView, rules: RuleSight[]): TieoutClient {
  const get = async (path: string) => (path.includes("/candidates?") ? { data: [{ record, rules }] } : record);
  return { get } as unknown as TieoutClient;
}

function groupOf(...ids: string[]): RuleSight["groups"][number] {
  return { side: "a", record_ids: ids, records: ids.length, amount: 1, direction: "credit" };
}

function newSight({
  outcomes,
  ...fields
}: Partial<RuleSight> & { outcomes: ["passed" | "failed", "passed" | "failed"] }): RuleSight {
  const conditions = (["date", "amount"] as const).map((field, place) => {
    return { condition: { key: field, operand: "eq", value: field }, a: 1, b: 2, outcome: outcomes[place] as string };
  });
  return { matched: false, finding: null, groups: [], conditions, ...fields };
}

function newMatch(id: string, amount: number): MatchView {
  const records: MatchView["records"] = [{ record_id: `a of ${amount}`, side: "a", amount }];
  return { id, rule_id: "u1", variance: 0, records, explanation: [] };
}

function newView(fields: Partial<RecordView>): RecordView {
  return {
    id: "r0",
    type_key: "terminal_entries",
    date: "2026-10-01",
    amount: 1,
    currency: "USD",
    direction: "credit",
    external_id: "x",
    description: "",
    status: "unreconciled",
    reconciled_amount: 0,
    reconciliations: [],
    ...fields,
  };
}
