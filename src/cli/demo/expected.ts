import { DEPOSITS, TERMINAL } from "./counter-books.ts";
import { expectSights } from "./expected-sights.ts";
import type { NewRecord } from "./new-record.ts";
import type { Outcome, ReconciliationOutcome, RunOutcome, SideOutcome } from "./outcome.ts";
import { ORDERS, PAYOUTS } from "./shop-books.ts";
import { type ShopMonth, shiftDay } from "./shop-month.ts";
import { isCertain, type TrueGroup } from "./true-group.ts";

const NOTHING = { unreconciled: 0, partially_reconciled: 0, reconciled: 0, overdue: 0 };

/** What has to come out of the orders and payouts, written down by hand. */
const BY_HAND = {
  reconciliations: {
    [ORDERS.name]: {
      side_a: { ...NOTHING, reconciled: 57, partially_reconciled: 1, unreconciled: 3, overdue: 2 },
      side_b: { ...NOTHING, reconciled: 59, unreconciled: 3, overdue: 2 },
      matches: 59,
      variance: "0.30",
      chain: "valid, 59 links",
    },
    [PAYOUTS.name]: {
      side_a: { ...NOTHING, reconciled: 7, partially_reconciled: 1, unreconciled: 2, overdue: 3 },
      side_b: { ...NOTHING, reconciled: 9, unreconciled: 1, overdue: 1 },
      matches: 9,
      variance: "0.03",
      chain: "valid, 9 links",
    },
  },
  records: {
    "SO-1004": "reconciled",
    "SO-1009": "reconciled",
    "RF-1012": "reconciled",
    "SO-1015": "reconciled",
    "SO-1022": "unreconciled, overdue",
    "SO-1031": "unreconciled, overdue",
    pi_1031: "unreconciled, overdue",
    "SO-1058": "partially_reconciled",
    "SO-1059": "unreconciled",
    pi_1060: "reconciled",
    pi_1060b: "unreconciled",
    pi_1999: "unreconciled, overdue",
    "PO-7103": "reconciled",
    "PO-7104": "reconciled",
    "PO-7105": "partially_reconciled, overdue",
    "PO-7106": "unreconciled, overdue",
    "PO-7107": "reconciled, overdue",
    "PO-7110": "unreconciled",
    "bk-0007": "unreconciled, overdue",
  },
  refusedUploads: 2,
  events: { matches: 68, reconciled: 132, partially: 4, overdue: 8 },
};

/** What has to come out of a month: by hand, and for the counter from what only the shop knows of whose money it is. */
export function expectOutcome(month: ShopMonth): Outcome {
  const terminal = expectGroups(month.terminal, TERMINAL.expectedWithinDays, month.today);
  const till = expectGroups(month.till, DEPOSITS.expectedWithinDays, month.today);
  const both = [terminal, till].flatMap(({ side_a, side_b }) => [side_a, side_b]);
  const total = (count: keyof SideOutcome) => both.reduce((sum, side) => sum + side[count], 0);
  const reconciliations = { ...BY_HAND.reconciliations, [TERMINAL.name]: terminal, [DEPOSITS.name]: till };
  return {
    reconciliations,
    records: {
      ...BY_HAND.records,
      ...nameStatuses(month.terminal, TERMINAL.expectedWithinDays, month.today),
      ...nameStatuses(month.till, DEPOSITS.expectedWithinDays, month.today),
    },
    sights: expectSights(month),
    ...expectRuns(month.till, till),
    refusedUploads: BY_HAND.refusedUploads,
    events: {
      "reconciliation_match.created": BY_HAND.events.matches + terminal.matches + till.matches,
      "record.reconciled": BY_HAND.events.reconciled + total("reconciled"),
      "record.partially_reconciled": BY_HAND.events.partially,
      "record.reconciliation_overdue": BY_HAND.events.overdue + total("overdue"),
      // The ambiguous ones of the till are overdue, too.
      "reconciliation_exception.opened": Object.values(reconciliations)
        .flatMap(({ side_a, side_b }) => [side_a, side_b])
        .filter(({ overdue }) => overdue > 0).length,
    },
  };
}

function expectGroups(groups: readonly TrueGroup[], withinDays: number, today: string): ReconciliationOutcome {
  const expectSide = (listRecords: (group: TrueGroup) => NewRecord[]): SideOutcome => {
    const open = groups.filter((group) => !isCertain(group)).flatMap(listRecords);
    const reconciled = groups.filter(isCertain).flatMap(listRecords).length;
    const overdue = open.filter((record) => isPastDue(record, withinDays, today)).length;
    return { ...NOTHING, reconciled, unreconciled: open.length, overdue };
  };
  const matches = groups.filter(isCertain).length;
  return {
    side_a: expectSide(({ members }) => members),
    side_b: expectSide(({ line }) => (line ? [line] : [])),
    matches,
    variance: "0.00",
    chain: `valid, ${matches} links`,
  };
}

function nameStatuses(groups: readonly TrueGroup[], withinDays: number, today: string): Record<string, string> {
  const statuses = groups.flatMap((group) =>
    [...group.members, ...(group.line ? [group.line] : [])].map((record) => {
      const open = isPastDue(record, withinDays, today) ? "unreconciled, overdue" : "unreconciled";
      return [record.external_id, isCertain(group) ? "reconciled" : open];
    }),
  );
  return Object.fromEntries(statuses);
}

function isPastDue({ date }: NewRecord, withinDays: number, today: string): boolean {
  return shiftDay(date, withinDays) < today;
}

function expectRuns(till: readonly TrueGroup[], { side_a, side_b, matches }: ReconciliationOutcome) {
  const inDoubt = till
    .filter(({ line, rivals }) => line && rivals.length > 0)
    .flatMap(({ members, line, rivals }) => [...members, line, ...rivals.flat()]);
  const preview: RunOutcome = {
    matches,
    matched_records: side_a.reconciled + side_b.reconciled,
    ambiguous: new Set(inDoubt).size,
    open_a: side_a.unreconciled,
    open_b: side_b.unreconciled,
  };
  return { preview, commit: preview };
}
