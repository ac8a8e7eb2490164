import { sumSignedCents } from "./cents.ts";
import { type DatedRecord, type NewRecord, newRecord } from "./new-record.ts";
import type { TrueGroup } from "./true-group.ts";

/** What was taken at the till: the day, how, how much, and the day on which it was brought to the bank, if it was. */
const RECEIPTS: [day: number, method: "cash" | "cheque", cents: number, depositedOn: number | null][] = [
  [1, "cash", 18250, 7],
  [3, "cheque", 9600, 7],
  [4, "cash", 22135, 7],
  // Taken after the bag was sealed.
  [6, "cash", 15490, 14],
  [8, "cash", 20465, 14],
  [9, "cheque", 13200, 14],
  [11, "cash", 17820, 14],
  [13, "cash", 19975, 14],
  [15, "cash", 16380, 21],
  [17, "cheque", 6000, 21],
  // The same gift voucher, paid by somebody else: this cheque lies still in the drawer.
  [18, "cheque", 6000, null],
  [19, "cash", 21745, 21],
  [20, "cash", 14910, 21],
  [22, "cash", 23140, 28],
  [24, "cheque", 8850, 28],
  [25, "cash", 18605, 28],
  [27, "cash", 17255, 28],
  [29, "cash", 19430, null],
  [30, "cash", 16715, null],
];

/** How long before a deposit its money may have been taken. */
export const DEPOSIT_LOOKBACK_DAYS = 9;

interface Receipt extends DatedRecord {
  depositedOn: number | null;
}

/** The till, whose cash and cheques go to the bank once a week: one line a bag, and nothing that says what was in it. */
export interface TillMonth {
  records: DatedRecord[];
  groups: TrueGroup[];
}

export function playTillMonth(dateOf: (day: number) => string): TillMonth {
  const receipts = RECEIPTS.map(([day, method, cents, depositedOn], place): Receipt => {
    const id = `rc-${String(place + 1).padStart(3, "0")}`;
    const description = method === "cash" ? "Cash of the day" : "Cheque of a customer";
    const record = newRecord("till_receipts", { date: dateOf(day), cents, description, id, metadata: { method } });
    return { day, record, depositedOn };
  });
  const days = [...new Set(receipts.map(({ depositedOn }) => depositedOn))].filter((day) => day !== null);
  const deposits = days.map((day) => bringToBank(day, receipts, dateOf));
  const inDrawer = receipts.filter(({ depositedOn }) => depositedOn === null);
  return {
    records: [...receipts, ...deposits].map(({ day, record }) => ({ day, record })),
    groups: [
      ...deposits.map(({ group }) => group),
      { members: inDrawer.map(({ record }) => record), line: null, rivals: [] },
    ],
  };
}

function bringToBank(
  day: number,
  receipts: readonly Receipt[],
  dateOf: (day: number) => string,
): DatedRecord & { group: TrueGroup } {
  const bag = receipts.filter(({ depositedOn }) => depositedOn === day);
  const members = bag.map(({ record }) => record);
  const record = newRecord("cash_account", {
    date: dateOf(day),
    cents: sumSignedCents(members),
    description: "BRANCH DEPOSIT CASH+CHQ",
    id: `ka-${String(day).padStart(2, "0")}`,
  });
  const withinReach = receipts.filter((receipt) => receipt.day <= day && receipt.day >= day - DEPOSIT_LOOKBACK_DAYS);
  return { day, record, group: { members, line: record, rivals: listRivals(bag, withinReach) } };
}

/** The bag with one of its receipts put in place of another one of the same amount, which the bag does not hold. */
function listRivals(bag: readonly Receipt[], withinReach: readonly Receipt[]): NewRecord[][] {
  const outside = withinReach.filter((receipt) => !bag.includes(receipt));
  return outside.flatMap((twin) =>
    bag
      .filter(({ record }) => record.amount === twin.record.amount)
      .map((member) => bag.map((receipt) => (receipt === member ? twin : receipt).record)),
  );
}
