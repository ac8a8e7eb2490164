import type { Dice } from "./dice.ts";
import type { Json } from "./document.ts";

/** Of fields that say the same, a request may have one. */
const ALTERNATIVES = [
  ["amount", "amount_string"],
  ["effective_at", "effective_date"],
  ["type", "vendor_code"],
  ["ledger_transaction", "ledger_transaction_id"],
];
/** Where something is made, one of the two is wanted. */
const WANTED = ["amount", "type"];
/** Fields that say nothing without one another. */
const COMPANIONS = [
  ["ledgerable_type", "ledgerable_id"],
  ["vendor_code", "vendor_code_type"],
];
const BOUNDS = [
  ["amount_lower_bound", "amount_upper_bound"],
  ["date_lower_bound", "date_upper_bound"],
  ["date_from", "date_to"],
];
const GROUPING = ["metadata.ref", "external_id", "date", "currency"];
const PAYMENT_GROUPING = ["custom_identifiers.ref", "counterparty_id", "expected_payment.type"];
const MANY_PAYMENTS = "one_transaction_to_many_expected_payments";

type Fields = Record<string, unknown>;

/** Makes fields that stand together agree, which no schema asks for. */
export function relateFields(dice: Dice, drawn: Fields, schema: Json, draw: (name: string) => unknown): Fields {
  chooseAlternatives(drawn, schema, draw);
  for (const [lower = "", upper = ""] of BOUNDS) {
    const [low, high] = [drawn[lower], drawn[upper]] as [number, number];
    if (low !== undefined && high !== undefined && low > high) Object.assign(drawn, { [lower]: high, [upper]: low });
  }
  for (const [first = "", second = ""] of COMPANIONS) {
    if (first in drawn === second in drawn) continue;
    delete drawn[first];
    delete drawn[second];
  }
  return groupRight(dice, drawn);
}

function chooseAlternatives(drawn: Fields, { properties, required = [] }: Json, draw: (name: string) => unknown): void {
  for (const [first = "", second = ""] of ALTERNATIVES) {
    if (!(first in properties) || !(second in properties)) continue;
    if (first in drawn && second in drawn) delete drawn[second];
    const isWanted = required.length > 0 && WANTED.includes(first);
    if (isWanted && !(first in drawn) && !(second in drawn)) drawn[first] = draw(first);
  }
}

/** Groups are for rules of many, and these need them. */
function groupRight(dice: Dice, drawn: Fields): Fields {
  const { group_by: _, rollup, subset, ...others } = drawn;
  if ("strategy" in drawn) {
    return { ...others, ...(drawn.strategy === MANY_PAYMENTS ? { group_by: [dice.pick(PAYMENT_GROUPING)] } : {}) };
  }
  if (!("filters" in drawn)) return drawn;
  if (!("cardinality" in drawn) || drawn.cardinality === "one_to_one") return others;
  if (dice.percent(40)) return { ...others, subset: true };
  return { ...others, group_by: [dice.pick(GROUPING)], ...(rollup ? { rollup: { lookback_days: 5 } } : {}) };
}
