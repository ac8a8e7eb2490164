import { describe, expect, it } from "vitest";
import { MemoryIndex } from "../../../src/core/matching/memory-index.ts";
import { type PaymentRecord, paymentWorlds } from "../../oracle/payment-worlds.ts";
import { linksOf, nameOf, type OracleLink, type OraclePaymentRule, type PaymentState } from "../../oracle/payments.ts";
import fc from "../../support/fast-check.ts";
import { PaymentWorld } from "./payment-world.ts";

const NUM_RUNS = 3_000;

describe("a record under a rule that chooses the earliest", () => {
  it("is matched first with the best that the oracle allows", () => {
    let made = 0;
    const draws = paymentWorlds({ ambiguous: ["earliest"], maxRules: 1 });
    fc.assert(
      fc.property(draws, fc.nat(30), ({ rules, records }, place) => {
        const world = new PaymentWorld(rules, new MemoryIndex());
        for (const record of records) world.put(record);
        const { id } = records[place % records.length] as PaymentRecord;
        const best = findBest(world.state, rules[0] as OraclePaymentRule, records, id);
        world.drain([world.idOf(id)]);
        const [first] = world.made;
        expect(first && nameOf(first.link)).toEqual(best && nameOf(best));
        made += world.made.length;
      }),
      { numRuns: NUM_RUNS },
    );
    expect(made).toBeGreaterThan(NUM_RUNS / 20);
  });
});

/** The link with a record in it of the smallest difference, then of the earliest other side, by days and arrival. */
function findBest(
  state: PaymentState,
  rule: OraclePaymentRule,
  records: readonly PaymentRecord[],
  id: string,
): OracleLink | undefined {
  const orderOf = (other: string) => {
    const place = records.findIndex((record) => record.id === other);
    return `${dayOf(records[place] as PaymentRecord)} ${String(place).padStart(3, "0")}`;
  };
  const rankOf = ({ transaction_id, parts }: OracleLink) => {
    const [part] = parts;
    const upper = state.payments.find((payment) => payment.id === part?.payment_id)?.upper ?? 0;
    const isInstalment = rule.strategy === "many_transactions_to_one_expected_payment";
    const difference = isInstalment ? upper - (part?.amount ?? 0) : 0;
    const others = transaction_id === id ? parts.map(({ payment_id }) => payment_id) : [transaction_id];
    return `${difference} ${others.map(orderOf).sort().join(" ")}`;
  };
  return linksOf(state, rule)
    .filter(({ transaction_id, parts }) => [transaction_id, ...parts.map((part) => part.payment_id)].includes(id))
    .toSorted((left, right) => (rankOf(left) < rankOf(right) ? -1 : 1))[0];
}

function dayOf(record: PaymentRecord): string {
  return record.kind === "transaction" ? record.date : (record.dates.lower ?? record.dates.upper ?? "2026-02-28");
}
