import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { all } from "../../src/db/client.ts";
import type { Reply } from "../support/api.ts";
import fc from "../support/fast-check.ts";
import { credit, debit, type Entry, type LedgerScene, newLedgerScene } from "../support/ledger.ts";

const PATH = "/api/ledger_transactions";
const CURRENCIES = ["USD", "USD", "USD", "JPY", "JPY"];
const INSTANTS = [
  "2024-02-29T23:59:59.999999Z",
  "2024-03-01T00:00:00.000000Z",
  "2024-03-01T00:00:00.000001Z",
  "2024-03-01T12:00:00.500000Z",
  "2024-12-31T23:59:59.999999Z",
  "2025-01-01T00:00:00.000000Z",
  "2025-01-31T10:00:00.000000Z",
  "2025-02-01T10:00:00.000000Z",
];

const instant = fc.constantFrom(...INSTANTS);
const transfer = fc.record({
  currency: fc.constantFrom("USD", "JPY"),
  from: fc.nat(2),
  to: fc.nat(2),
  amount: fc.oneof(fc.nat(5), fc.constant(999_999_999_999_999)),
  cut: fc.nat(100),
});
type Transfer = typeof transfer extends fc.Arbitrary<infer T> ? T : never;
const transfers = fc.array(transfer, { minLength: 1, maxLength: 3 });
const target = fc.nat(20);

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("create" as const),
      transfers,
      instant,
      status: fc.constantFrom("pending", "posted", "archived"),
      tilt: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("replace" as const),
      target,
      transfers,
      tilt: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("move" as const), target, instant }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("describe" as const), target, text: fc.constantFrom("a", "b") }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("post" as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("archive" as const), target }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("reverse" as const),
      target,
      status: fc.constantFrom("pending", "posted"),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Entries for transfers; a credit may be cut in two. `tilt` makes the last debit too large. */
function entriesOf(accounts: string[], given: Transfer[], tilt: number): Entry[] {
  const inCurrency = (currency: string) => accounts.filter((_, place) => CURRENCIES[place] === currency);
  const entries = given.flatMap(({ currency, from, to, amount, cut }) => {
    const choice = inCurrency(currency);
    const [debited, credited] = [choice[from % choice.length] as string, choice[to % choice.length] as string];
    const part = Math.floor((amount * cut) / 100);
    return [debit(debited, amount), credit(credited, part), credit(debited, amount - part)];
  });
  const first = entries[0] as Entry;
  return tilt === 0
    ? entries
    : [
        { ...first, amount: (first.amount as number) === 999_999_999_999_999 ? 1 : (first.amount as number) + tilt },
        ...entries.slice(1),
      ];
}

interface World {
  scene: LedgerScene;
  accounts: string[];
  transactions: { id: string; status: string }[];
}

async function newWorld(): Promise<World> {
  const scene = await newLedgerScene();
  const accounts: string[] = [];
  for (const [place, currency] of CURRENCIES.entries()) {
    accounts.push(await scene.account({ currency, normal_balance: place % 2 === 0 ? "credit" : "debit" }));
  }
  return { scene, accounts, transactions: [] };
}

/** What each status may answer; anything else fails the test. */
async function take(world: World, step: Step): Promise<void> {
  const { scene, accounts, transactions } = world;
  if (step.kind === "create") {
    const ledger_entries = entriesOf(accounts, step.transfers, step.tilt);
    const reply = await scene.api.post(PATH, { ledger_entries, effective_at: step.instant, status: step.status });
    expect(reply.status).toBe(step.tilt === 0 ? 201 : 422);
    if (reply.status === 201) transactions.push({ id: reply.body.id, status: step.status });
    return;
  }
  const named = transactions[step.target % Math.max(1, transactions.length)];
  if (!named) return;
  if (step.kind === "reverse") {
    const reply = await scene.api.post(`${PATH}/${named.id}/reversal`, { status: step.status });
    if (named.status !== "posted") expect(reply.status).toBe(422);
    if (reply.status === 201) transactions.push({ id: reply.body.id, status: step.status });
    return;
  }
  const reply = await patch(world, named.id, step);
  const isOpen = named.status === "pending";
  if (step.kind === "post" || step.kind === "archive") {
    const wanted = step.kind === "post" ? "posted" : "archived";
    expect(reply.status).toBe(isOpen || named.status === wanted ? 200 : 422);
    if (isOpen) named.status = wanted;
  } else if (step.kind === "replace") {
    expect(reply.status).toBe(isOpen && step.tilt === 0 ? 200 : 422);
  } else if (isOpen) {
    expect(reply.status).toBe(200);
  }
}

function patch(
  { scene, accounts }: World,
  id: string,
  step: Exclude<Step, { kind: "create" | "reverse" }>,
): Promise<Reply> {
  const send = (body: unknown) => scene.api.patch(`${PATH}/${id}`, body);
  switch (step.kind) {
    case "replace":
      return send({ ledger_entries: entriesOf(accounts, step.transfers, step.tilt) });
    case "move":
      return send({ effective_at: step.instant });
    case "describe":
      return send({ description: step.text });
    case "post":
      return send({ status: "posted" });
    case "archive":
      return send({ status: "archived" });
  }
}

interface EntryRow {
  uid: string;
  account: string;
  currency: string;
  direction: 1 | -1;
  amount: number;
  status: string;
  effective_at: string;
  discarded_at: number | null;
  row: string;
}

function readEntries({ scene }: World): Promise<EntryRow[]> {
  return all<EntryRow>(
    scene.db,
    sql`select e.uid, a.uid as account, a.currency, e.direction, e.amount, e.status, e.effective_at, e.discarded_at,
        json_array(e.id, e.transaction_id, e.account_id, e.direction, e.amount, e.status, e.effective_at,
          e.since_version, e.until_version, e.lock_version, e.created_at, e.updated_at, e.discarded_at) as row
      from ledger_entries e join ledger_accounts a on a.id = e.account_id
      where e.environment_id = ${scene.tenant.environmentId}`,
  );
}

function expectedSums(entries: EntryRow[], account: string) {
  const sum = (status: string, direction: number) =>
    entries
      .filter(
        (e) => e.account === account && e.discarded_at === null && e.status === status && e.direction === direction,
      )
      .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  return {
    pending: { credits: sum("pending", 1) + sum("posted", 1), debits: sum("pending", -1) + sum("posted", -1) },
    posted: { credits: sum("posted", 1), debits: sum("posted", -1) },
  };
}

function shownSums(balances: Reply["body"]) {
  const read = (name: string) => ({
    credits: BigInt(balances[name].credits_string),
    debits: BigInt(balances[name].debits_string),
  });
  return { pending: read("pending_balance"), posted: read("posted_balance") };
}

it("keeps debits equal to credits, balances equal to their entries at any bound, and posted entries as they were", async () => {
  const bounds = fc.option(instant, { nil: null });
  let posted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25 }),
      fc.array(fc.tuple(bounds, bounds), { minLength: 3, maxLength: 3 }),
      async (steps, windows) => {
        const world = await newWorld();
        const postedRows = new Map<string, string>();
        const history = new Map<string, ReturnType<typeof shownSums>>();
        for (const step of steps) {
          await take(world, step);
          for (const entry of await readEntries(world)) {
            const before = postedRows.get(entry.uid);
            if (before !== undefined) expect(entry.row).toBe(before);
            if (entry.status === "posted") postedRows.set(entry.uid, entry.row);
          }
          for (const account of (await world.scene.api.get("/api/ledger_accounts")).body) {
            history.set(
              `${account.id}?balances[as_of_lock_version]=${account.lock_version}`,
              shownSums(account.balances),
            );
          }
        }
        posted += postedRows.size;
        const entries = await readEntries(world);
        for (const status of ["pending", "posted"]) {
          for (const currency of ["USD", "JPY"]) {
            const signed = entries
              .filter((e) => e.status === status && e.discarded_at === null && e.currency === currency)
              .reduce((sum, { direction, amount }) => sum + BigInt(direction * amount), 0n);
            expect(signed).toBe(0n);
          }
        }
        for (const account of world.accounts) {
          const { balances } = await world.scene.readAccount(account);
          expect(shownSums(balances)).toEqual(expectedSums(entries, account));
        }
        for (const [place, sums] of history) {
          const { body } = await world.scene.api.get(`/api/ledger_accounts/${place}`);
          expect(shownSums(body.balances)).toEqual(sums);
        }
        for (const [one, other] of windows) {
          const [lower, upper] = one !== null && other !== null && one > other ? [other, one] : [one, other];
          const within = entries.filter(
            (e) => (lower === null || e.effective_at >= lower) && (upper === null || e.effective_at < upper),
          );
          const query = [
            ...(lower === null ? [] : [`balances[effective_at_lower_bound]=${lower}`]),
            ...(upper === null ? [] : [`balances[effective_at_upper_bound]=${upper}`]),
          ].join("&");
          const { body } = await world.scene.api.get(`/api/ledger_accounts?per_page=100&${query}`);
          expect(body).toHaveLength(CURRENCIES.length);
          for (const shown of body) expect(shownSums(shown.balances)).toEqual(expectedSums(within, shown.id));
        }
      },
    ),
    { numRuns: 25 },
  );
  expect(posted).toBeGreaterThan(50);
}, 300_000);
