import { sumSignedCents } from "./cents.ts";
import { type DatedRecord, type NewRecord, newRecord } from "./new-record.ts";
import type { TrueGroup } from "./true-group.ts";

const PAYOUTS = 6;
const PAYOUT_DAYS = 5;
const FIRST_PAYOUT = 4201;
const FIRST_CHARGE = 3001;
const CHARGES = [2350, 4180, 1695, 7825, 3360, 5290, 990];
/** At the bank before its last charge is in the processor's list: the terminal was offline on that day. */
const EARLY_PAYOUT = 4203;
/** Less a fee that the processor does not list. */
const SHORT_PAYOUT = 4204;
const UNLISTED_FEE = 1500;
/** Announced on the last day, not at the bank yet. */
const LAST_PAYOUT = FIRST_PAYOUT + PAYOUTS - 1;
const PAYOUTS_WITH_REFUND = [4202, 4205];

/** The card terminal in the shop, whose processor pays out every few days what it has charged, less refunds and fees. */
export interface TerminalMonth {
  /** But for the straggler. */
  records: DatedRecord[];
  /** The last charge of a payout that the bank has already. */
  straggler: NewRecord;
  groups: TrueGroup[];
}

export function playTerminalMonth(dateOf: (day: number) => string): TerminalMonth {
  const payouts = Array.from({ length: PAYOUTS }, (_, place) => playPayout(place, dateOf));
  const early = payouts.find(({ number }) => number === EARLY_PAYOUT) as Payout;
  const straggler = early.charges.at(-1) as DatedRecord;
  return {
    records: payouts
      .flatMap(({ charges, others, line }) => [...charges, ...others, ...(line ? [line] : [])])
      .filter((dated) => dated !== straggler),
    straggler: straggler.record,
    groups: payouts.map(({ charges, others, line }) => ({
      members: [...charges, ...others].map(({ record }) => record),
      line: line?.record ?? null,
      rivals: [],
    })),
  };
}

interface Payout {
  number: number;
  charges: DatedRecord[];
  /** The refund, if there is one, and the fees. */
  others: DatedRecord[];
  line: DatedRecord | null;
}

function playPayout(place: number, dateOf: (day: number) => string): Payout {
  const number = FIRST_PAYOUT + place;
  const lastDay = (place + 1) * PAYOUT_DAYS;
  const metadata = { payout_id: `TP-${number}` };
  const entry = (day: number, draft: { id: string; cents: number; description: string }, isDebit: boolean) => {
    const direction = isDebit ? ("debit" as const) : ("credit" as const);
    return { day, record: newRecord("terminal_entries", { ...draft, direction, metadata, date: dateOf(day) }) };
  };
  const charges = Array.from({ length: PAYOUT_DAYS }, (_, dayInPayout) => {
    const chargePlace = place * PAYOUT_DAYS + dayInPayout;
    const cents = centsOfCharge(chargePlace);
    const id = `tc_${FIRST_CHARGE + chargePlace}`;
    return entry(place * PAYOUT_DAYS + dayInPayout + 1, { id, cents, description: "Card charge" }, false);
  });
  const fees = charges.reduce((sum, { record }) => sum + feeOf(sumSignedCents([record])), 0);
  const fee = entry(lastDay, { id: `tf_${number}`, cents: fees, description: "Fees of the charges" }, true);
  const others = [...listRefunds(number, charges, entry), fee];
  return { number, charges, others, line: payOut(number, lastDay + 1, [...charges, ...others], dateOf) };
}

function listRefunds(
  number: number,
  charges: readonly DatedRecord[],
  entry: (day: number, draft: { id: string; cents: number; description: string }, isDebit: boolean) => DatedRecord,
): DatedRecord[] {
  const [charge, , later] = charges;
  if (!charge || !later || !PAYOUTS_WITH_REFUND.includes(number)) return [];
  const { external_id: id } = charge.record;
  const description = `Refund of ${id}, half of it sent back`;
  const cents = Math.floor(sumSignedCents([charge.record]) / 2);
  return [entry(later.day, { id: id.replace("tc", "tr"), cents, description }, true)];
}

function payOut(
  number: number,
  day: number,
  entries: readonly DatedRecord[],
  dateOf: (day: number) => string,
): DatedRecord | null {
  if (number === LAST_PAYOUT) return null;
  const net = sumSignedCents(entries.map(({ record }) => record));
  const cents = number === SHORT_PAYOUT ? net - UNLISTED_FEE : net;
  const description = `TERMPAY SETTLEMENT TP-${number} 3381`;
  const id = `ca-${number}`;
  return { day, record: newRecord("card_account", { date: dateOf(day), cents, description, id }) };
}

function centsOfCharge(place: number): number {
  return (CHARGES[place % CHARGES.length] as number) + place * 35;
}

function feeOf(cents: number): number {
  return Math.round(cents * 0.014) + 10;
}
