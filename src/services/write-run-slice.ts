import type { SQL } from "drizzle-orm";
import { runBatch } from "../db/client.ts";
import { expectThat } from "../db/guard.ts";
import { reconciliationIsAt } from "../db/reconciliations.ts";
import { type RunChange, type RunRow, writeRun } from "../db/runs.ts";
import type { Configuration, ReconcilerStore } from "./reconciler-store.ts";
import type { WorkDependencies } from "./work-off.ts";

/** A run, as D1 has it at the start of a slice, and what the slice works with. */
export interface RunScope {
  deps: WorkDependencies;
  store: ReconcilerStore;
  configuration: Configuration;
  run: RunRow;
}

/** Writes what a slice makes of a run, and `more`, if the run and the reconciliation are still as the slice found them. */
export async function writeRunSlice(scope: RunScope, change: RunChange, more: readonly SQL[] = []): Promise<void> {
  await runBatch(scope.deps.db, [...listSliceStatements(scope, change), ...more]);
}

export function listSliceStatements({ run, configuration }: RunScope, change: RunChange): SQL[] {
  return [
    expectThat(reconciliationIsAt(configuration.reconciliationId, configuration.generation)),
    ...writeRun(run, change),
  ];
}
