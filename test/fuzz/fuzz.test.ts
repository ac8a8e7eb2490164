import { beforeAll, describe, expect, it, vi } from "vitest";
import { holdBackground } from "./background.ts";
import { operations } from "./document.ts";
import { Journal } from "./journal.ts";
import { listSecretNames } from "./oracles.ts";
import { playRound } from "./round.ts";
import { FUZZ_REQUESTS, FUZZ_SEED } from "./settings.ts";
import { survey } from "./survey.ts";
import { newWorld } from "./world.ts";

const ROUND_REQUESTS = 1_000;
const ROUND_TIMEOUT_MS = 600_000;
const rounds = Array.from({ length: Math.ceil(FUZZ_REQUESTS / ROUND_REQUESTS) }, (_, no) => FUZZ_SEED + no);

describe(`${FUZZ_REQUESTS} requests from seed ${FUZZ_SEED} on`, () => {
  let journal: Journal;
  let secretNames: RegExp;
  const answers = new Map<string, number>();
  const complaints = vi.spyOn(console, "error");

  beforeAll(async () => {
    holdBackground();
    secretNames = await listSecretNames();
    journal = await Journal.open();
  });

  it.each(rounds)(
    "are answered as the document says, and refused ones write nothing (seed %i)",
    async (seed) => {
      const world = await newWorld();
      await survey(world);
      const requests = Math.min(ROUND_REQUESTS, FUZZ_REQUESTS);
      const report = await playRound({ seed, requests, world, journal, secretNames });
      for (const [name, count] of report.answers) answers.set(name, (answers.get(name) ?? 0) + count);
      expect(report.faults.join("\n")).toBe("");
      expect(complaints.mock.calls).toEqual([]);
    },
    ROUND_TIMEOUT_MS,
  );

  it("have asked for everything that there is", () => {
    const idsOf = (names: string[]) => new Set(names.map((name) => name.split(" ")[0]));
    const asked = idsOf([...answers.keys()]);
    const accepted = idsOf([...answers.keys()].filter((name) => / 2\d\d$/.test(name)));
    const ids = operations.map(({ id }) => id);
    const never = ids.filter((id) => !accepted.has(id)).join(", ") || "none";
    console.log(`fuzz: seed ${FUZZ_SEED}; ${countStatuses(answers)}; never accepted: ${never}`);
    expect(ids.filter((id) => !asked.has(id))).toEqual([]);
  });
});

function countStatuses(answers: Map<string, number>): string {
  const counts = new Map<string, number>();
  for (const [name, count] of answers) {
    const status = name.split(" ")[1] ?? "";
    counts.set(status, (counts.get(status) ?? 0) + count);
  }
  return [...counts]
    .sort()
    .map(([status, count]) => `${status} ${count} times`)
    .join(", ");
}
