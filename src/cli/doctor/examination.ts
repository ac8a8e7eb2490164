import { describeCheck, describeEnd } from "./report.ts";

/** What the doctor needs of a client; what is not answered with success is thrown. */
export interface IntegrityClient {
  get<Body>(path: string): Promise<Body>;
  post<Body>(path: string, body: unknown): Promise<Body>;
}

export interface Unsettled {
  resource_type: string;
  resource_id: string;
  message: string;
}

export interface Finding extends Unsettled {
  expected: string | null;
  found: string | null;
}

interface IntegrityPage {
  checked: number;
  findings: Finding[];
  unsettled: Unsettled[];
  next_cursor: string | null;
  checks: string[];
}

export interface CheckReport {
  check: string;
  checked: number;
  findings: Finding[];
  unsettled: Unsettled[];
  durationMs: number;
}

export interface Examination {
  client: IntegrityClient;
  /** Whether indexes that differ are built again. */
  repairs: boolean;
  now: () => number;
  wait: (ms: number) => Promise<void>;
  tell: (...lines: string[]) => void;
}

const PATH = "/v1/admin/integrity";
const PAGE_ROWS = 2_000;
/** How often a page is asked for again on which something kept changing. */
const UNSETTLED_MAX_TRIES = 30;
const UNSETTLED_WAIT_MS = 1_000;

const INDEXES = "indexes";

/** Every check of everything; answers what the process ends with: 0 clean, 1 findings, 2 not everything was checked. */
export async function examine(examination: Examination): Promise<0 | 1 | 2> {
  const { client, tell } = examination;
  const { checks } = await client.get<IntegrityPage>(`${PATH}?limit=1`);
  const reports: CheckReport[] = [];
  for (const check of checks) {
    const report = await runCheck(examination, check);
    tell(...describeCheck(report));
    reports.push(await repair(examination, report));
  }
  tell("", ...describeEnd(reports));
  if (reports.some(({ findings }) => findings.length > 0)) return 1;
  return reports.some(({ unsettled }) => unsettled.length > 0) ? 2 : 0;
}

async function runCheck(examination: Examination, check: string): Promise<CheckReport> {
  const startedAt = examination.now();
  const report: CheckReport = { check, checked: 0, findings: [], unsettled: [], durationMs: 0 };
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query: string = `check=${check}&limit=${PAGE_ROWS}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = await readSettled(examination, `${PATH}?${query}`);
    report.checked += page.checked;
    report.findings.push(...page.findings);
    report.unsettled.push(...page.unsettled);
    cursor = page.next_cursor;
  }
  return { ...report, durationMs: examination.now() - startedAt };
}

async function readSettled({ client, wait }: Examination, path: string): Promise<IntegrityPage> {
  for (let tries = 1; ; tries++) {
    const page = await client.get<IntegrityPage>(path);
    if (page.unsettled.length === 0 || tries === UNSETTLED_MAX_TRIES) return page;
    await wait(UNSETTLED_WAIT_MS);
  }
}

/** Has the indexes built again that differ, and looks at all of them once more. */
async function repair(examination: Examination, report: CheckReport): Promise<CheckReport> {
  const { client, repairs, tell } = examination;
  if (!repairs || report.check !== INDEXES || report.findings.length === 0) return report;
  for (const id of new Set(report.findings.map(({ resource_id }) => resource_id))) {
    await client.post(`${PATH}/repair`, { reconciliation_id: id });
    tell(`  The index of ${id} is built again.`);
  }
  const again = await runCheck(examination, INDEXES);
  tell(...describeCheck(again));
  return again;
}
