import { type CheckReport, type CheckRun, INDEXES, PATH, runCheck } from "./check-run.ts";
import type { IntegrityPage } from "./integrity-client.ts";
import { persist } from "./persistence.ts";
import { describeCheck, describeEnd, describeError } from "./report.ts";

export interface Examination extends CheckRun {
  /** Whether indexes that differ are built again. */
  repairs: boolean;
  tell: (...lines: string[]) => void;
}

const REQUEST_MAX_TRIES = 4;

/** Every check of everything; answers what the process ends with: 0 clean, 1 findings, 2 not everything was checked. */
export async function examine(examination: Examination): Promise<0 | 1 | 2> {
  const { client, wait, tell } = examination;
  const first = () => client.get<IntegrityPage>(`${PATH}?limit=1`);
  const { checks } = await persist(REQUEST_MAX_TRIES, wait, first);
  const reports: CheckReport[] = [];
  for (const check of checks) {
    // A Worker that does not answer at all is not waited for with every check.
    const maxTries = reports.at(-1)?.isBrokenOff ? 1 : REQUEST_MAX_TRIES;
    const report = await runCheck(examination, check, maxTries);
    tell(...describeCheck(report));
    reports.push(await repair(examination, report));
  }
  tell("", ...describeEnd(reports));
  if (reports.some(({ findings }) => findings.length > 0)) return 1;
  return reports.some(({ unsettled }) => unsettled.length > 0) ? 2 : 0;
}

/** Has the indexes built again that differ, and looks at all of them once more. */
async function repair(examination: Examination, report: CheckReport): Promise<CheckReport> {
  const { client, repairs, tell, wait } = examination;
  if (!repairs || report.check !== INDEXES || report.findings.length === 0) return report;
  for (const id of new Set(report.findings.map(({ resource_id }) => resource_id))) {
    try {
      await persist(REQUEST_MAX_TRIES, wait, () => client.post(`${PATH}/repair`, { reconciliation_id: id }));
      tell(`  The index of ${id} is built again.`);
    } catch (error) {
      tell(`  The index of ${id} is not built again: ${describeError(error)}`);
    }
  }
  const again = await runCheck(examination, INDEXES, REQUEST_MAX_TRIES);
  tell(...describeCheck(again));
  return again;
}
