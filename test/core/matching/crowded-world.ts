import type fc from "fast-check";
import { type OracleWorld, type OracleWorldOptions, worldArbitrary } from "../../oracle/arbitraries.ts";
import type { OracleRecord } from "../../oracle/model.ts";

const AMOUNTS_MINOR = [50, 100, 100, 150];

/** Worlds of one currency and hardly any amounts, in which many records of Side B lack what groups go by. */
export function crowdedWorlds(options: OracleWorldOptions): fc.Arbitrary<OracleWorld> {
  return worldArbitrary(options).map(({ records, rules }) => ({ rules, records: records.map(crowd) }));
}

function crowd(record: OracleRecord): OracleRecord {
  const { batch, ...others } = record.metadata;
  const isLoose = record.side === "b" && record.arrival % 2 === 0;
  return {
    ...record,
    currency: "USD",
    exponent: 2,
    amount: AMOUNTS_MINOR[record.amount % AMOUNTS_MINOR.length] as number,
    metadata: isLoose || batch === undefined ? others : { ...others, batch },
  };
}
