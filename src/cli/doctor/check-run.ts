import type { Fault, Finding, IntegrityClient, IntegrityPage } from "./integrity-client.ts";
import { persist } from "./persistence.ts";
import { describeError } from "./report.ts";

export interface CheckReport {
  check: string;
  checked: number;
  findings: Finding[];
  /** What nothing is known of, because it kept changing or was not answered. */
  unsettled: Fault[];
  /** Whether the check ended before all of it was looked at. */
  isBrokenOff: boolean;
  durationMs: number;
}

export interface CheckRun {
  client: IntegrityClient;
  now: () => number;
  wait: (ms: number) => Promise<void>;
}

export const PATH = "/v1/admin/integrity";
export const INDEXES = "indexes";

const PAGE_ROWS = 2_000;
/** What was not answered may have been too much at once. */
const REPEATED_PAGE_ROWS = 200;

/** How often something that kept changing is looked at anew: a count has been begun again by the Worker already. */
const UNSETTLED_MAX_TRIES = 3;
/** An index is whole only once its Reconciler has taken in what is new. */
const UNSETTLED_INDEX_MAX_TRIES = 30;
const UNSETTLED_WAIT_MS = 1_000;
/** Of one check, for all that keeps changing. */
const UNSETTLED_MAX_WAITS = 120;

/** Walks through all pages of a check. A page that is not answered after so many tries ends it. */
export async function runCheck(run: CheckRun, check: string, maxTries: number): Promise<CheckReport> {
  const startedAt = run.now();
  const report: CheckReport = { check, checked: 0, findings: [], unsettled: [], isBrokenOff: false, durationMs: 0 };
  try {
    await walk(run, report, maxTries);
  } catch (error) {
    report.unsettled.push({ resource_type: "check", resource_id: check, message: describeError(error) });
    report.isBrokenOff = true;
  }
  return { ...report, durationMs: run.now() - startedAt };
}

async function walk(run: CheckRun, report: CheckReport, maxTries: number): Promise<void> {
  const triesOf = new Map<string, number>();
  const unsettledMaxTries = report.check === INDEXES ? UNSETTLED_INDEX_MAX_TRIES : UNSETTLED_MAX_TRIES;
  const size = { rows: PAGE_ROWS };
  let waits = 0;
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await readPage(run, { check: report.check, cursor, size }, maxTries);
    report.checked += page.checked;
    report.findings.push(...page.findings);
    cursor = page.next_cursor;
    for (const { retry_cursor, ...fault } of page.unsettled) {
      const tries = (triesOf.get(fault.resource_id) ?? 0) + 1;
      triesOf.set(fault.resource_id, tries);
      if (tries < unsettledMaxTries && waits < UNSETTLED_MAX_WAITS) {
        waits += 1;
        await run.wait(UNSETTLED_WAIT_MS);
        cursor = retry_cursor;
      } else {
        report.unsettled.push(fault);
      }
    }
  }
}

interface PageAsked {
  check: string;
  cursor: string;
  /** Smaller from the first page on that was not answered: the next ones would not be either. */
  size: { rows: number };
}

function readPage(
  { client, wait }: CheckRun,
  { check, cursor, size }: PageAsked,
  maxTries: number,
): Promise<IntegrityPage> {
  return persist(maxTries, wait, (tries) => {
    if (tries > 1) size.rows = REPEATED_PAGE_ROWS;
    const query = `check=${check}&limit=${size.rows}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    return client.get<IntegrityPage>(`${PATH}?${query}`);
  });
}
