import { expect, it } from "vitest";
import { matchByHand } from "../../src/services/match-by-hand.ts";
import { voidMatches } from "../../src/services/void-matches.ts";
import { addSilently, countRowsRead } from "../support/bulk.ts";
import { newScene, type Scene } from "../support/scene.ts";
import { newEndpoint } from "../support/webhooks.ts";

const RECORDS = 100;

/** Rows that it takes to bring in records, to match them by hand and to void that again. */
async function measure(scene: Scene) {
  const counted = countRowsRead(scene.db);
  const dependencies = { ...scene.dependencies(), db: counted.db };
  const rows = Array.from({ length: RECORDS }, () => ({ amount: 1 }));
  const lefts = await addSilently({ ...scene, db: counted.db }, "left", [{ amount: RECORDS }]);
  const rights = await addSilently({ ...scene, db: counted.db }, "right", rows);
  const inserted = counted.rowsRead();
  const command = {
    recordUids: [...lefts, ...rights],
    createAdjustment: false,
    adjustmentReason: null,
    allowPartial: false,
  };
  const made = await matchByHand(dependencies, command, []);
  if (!made.ok) throw new Error(JSON.stringify(made.failure));
  const matched = counted.rowsRead() - inserted;
  await voidMatches(dependencies, [made.value.matchUid], null);
  return { inserted, matched, voided: counted.rowsRead() - inserted - matched };
}

it("reads the same number of rows for a batch, however much there is already", async () => {
  const scene = await newScene({ runType: "batch" });
  await newEndpoint(scene.tenant.environmentId, { eventTypes: ["import.completed"] });
  const first = await measure(scene);
  for (let n = 0; n < 4; n++) await measure(scene);
  const last = await measure(scene);
  console.log(`rows read for ${RECORDS} records: ${JSON.stringify({ first, last })}`);
  expect(last.inserted).toBeLessThan(1.2 * first.inserted);
  expect(last.matched).toBeLessThan(1.2 * first.matched);
  expect(last.voided).toBeLessThan(1.2 * first.voided);
  expect(last.inserted + last.matched + last.voided).toBeLessThan(150 * RECORDS);
});
