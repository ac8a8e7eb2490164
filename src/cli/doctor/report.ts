import type { CheckReport } from "./check-run.ts";
import type { Fault, Finding } from "./integrity-client.ts";

const NAME_CHARS = 24;
const COUNT_CHARS = 12;

/** A line for the check, and one for each finding. */
export function describeCheck({ check, checked, findings, unsettled, durationMs }: CheckReport): string[] {
  const name = check.replaceAll("_", " ").padEnd(NAME_CHARS);
  const rows = `${checked.toLocaleString("en-US").padStart(COUNT_CHARS)} rows`;
  const seconds = `${(durationMs / 1000).toFixed(1)} s`.padStart(8);
  const outcome = [
    ...(findings.length > 0 ? [count(findings.length, "finding")] : []),
    ...(unsettled.length > 0 ? [`${unsettled.length} not settled`] : []),
  ];
  return [
    `${name}${rows}${seconds}  ${outcome.length > 0 ? outcome.join(", ") : "ok"}`,
    ...findings.map(describeFinding),
    ...unsettled.map((one) => `  ${nameOf(one)}: ${one.message}`),
  ];
}

function describeFinding(finding: Finding): string {
  const { expected, found, message } = finding;
  const values = expected === null && found === null ? "" : ` Expected ${show(expected)}, found ${show(found)}.`;
  return `  ${nameOf(finding)}: ${message}${values}`;
}

function nameOf({ resource_type, resource_id }: Fault): string {
  return `${resource_type.replaceAll("_", " ")} ${resource_id}`;
}

/** What an error says, with what was behind it. */
export function describeError(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

function show(value: string | null): string {
  return value ?? "nothing";
}

/** What it all came to. */
export function describeEnd(reports: readonly CheckReport[]): string[] {
  const sum = (of: (report: CheckReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const findings = sum((report) => report.findings.length);
  const unsettled = sum((report) => report.unsettled.length);
  const rows = sum(({ checked }) => checked).toLocaleString("en-US");
  const seconds = (sum(({ durationMs }) => durationMs) / 1000).toFixed(1);
  return [
    `${reports.length} checks, ${rows} rows, ${seconds} s: ${findings === 0 ? "nothing is wrong" : count(findings, "finding")}.`,
    ...(unsettled === 0 ? [] : [`${unsettled} could not be checked; run this again.`]),
  ];
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}
