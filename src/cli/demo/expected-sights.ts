import { sumCents, sumSignedCents } from "./cents.ts";
import { EARLY_LINE } from "./counter-books.ts";
import type { NewRecord } from "./new-record.ts";
import { listNames, type SightOutcome } from "./outcome.ts";
import type { ShopMonth } from "./shop-month.ts";
import { groupOfLine, listUncertain, type TrueGroup } from "./true-group.ts";

/** What the API has to say of bank lines that it cannot match, and of receipts that may have been in a bag as well. */
export function expectSights({ terminal, till, straggler }: ShopMonth): Record<string, SightOutcome> {
  const early = groupOfLine(terminal, EARLY_LINE);
  const listed = early.members.filter((member) => member !== straggler);
  const short = listUncertain(terminal).map(({ members, line }) => [line.external_id, expectShortfall(members, line)]);
  return {
    [EARLY_LINE]: expectShortfall(listed, early.line),
    ...Object.fromEntries(short),
    ...Object.assign({}, ...listUncertain(till).map(expectDoubt)),
  };
}

/** Of the line every set that fits it, and of each receipt that only a rival holds that rival. */
function expectDoubt({ members, line, rivals }: TrueGroup & { line: NewRecord }): Record<string, SightOutcome> {
  const inDoubt = (...sets: (readonly NewRecord[])[]): SightOutcome => {
    const names = sets.map((set) => listNames(set.map(({ external_id: id }) => id)));
    return { finding: "ambiguous", sets: names.sort(), failed: [] };
  };
  const strangers = rivals.flatMap((rival) =>
    rival.filter((record) => !members.includes(record)).map((record) => [record.external_id, inDoubt(rival)]),
  );
  return { [line.external_id]: inDoubt(members, ...rivals), ...Object.fromEntries(strangers) };
}

function expectShortfall(members: readonly NewRecord[], line: NewRecord): SightOutcome {
  const sums = [Math.abs(sumSignedCents(members)), sumCents([line.amount])].map((cents) => cents / 100);
  const sets = [listNames(members.map(({ external_id: id }) => id))];
  return { finding: "none", sets, failed: [`amount: ${sums.join(", ")}`] };
}
