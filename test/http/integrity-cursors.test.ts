import { beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/digest.ts";
import { INTEGRITY_CHECKS, type IntegrityCheckName } from "../../src/core/integrity.ts";
import { useBankAccount } from "../support/bank-account.ts";
import { useBulkRequests } from "../support/bulk-requests.ts";
import { useImports } from "../support/imports.ts";
import { tamperWith } from "../support/integrity.ts";
import { useLedgers } from "../support/ledger.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene } from "../support/scene.ts";
import { newTenant, type Tenant } from "../support/tenant.ts";
import { muteQueue, newEndpoint } from "../support/webhooks.ts";

const PATH = "/v1/admin/integrity";

const COUNTS: IntegrityCheckName[] = [
  "record_counts",
  "source_days",
  "import_counts",
  "reconciliation_counts",
  "summary_days",
  "rule_days",
  "exception_days",
];

const toBase64Url = (text: string) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A cursor as anyone makes it who knows an environment's id. */
async function forge({ environmentUid }: Tenant, content: string): Promise<string> {
  const text = toBase64Url(content);
  return `${text}.${(await sha256Hex(`integrity\n${environmentUid}\n${text}`)).slice(0, 16)}`;
}

async function askAt(tenant: Tenant, content: unknown) {
  const cursor = await forge(tenant, typeof content === "string" ? content : JSON.stringify(content));
  return tenant.admin.get(`${PATH}?cursor=${encodeURIComponent(cursor)}`);
}

const START = { after: 0, counts: {} };
const tallyOf = (changes: object = {}) =>
  JSON.stringify({ token: "1", tries: 1, from: "", to: null, found: START, kept: START, ...changes });

describe("a forged cursor", () => {
  let owner: Tenant;
  let stranger: Tenant;
  /** Row numbers of the owner's data sources, reconciliations, imports and whatever else begins a place. */
  let numbers: number[];

  beforeAll(async () => {
    muteQueue();
    owner = await newTenant();
    await newEndpoint(owner.environmentId);
    const scene = await newScene({ tenant: owner, filters: EQUAL_AMOUNTS });
    const left = (await must(scene.left(), 201)).body.id;
    await must(scene.right(), 201);
    const late = (await must(scene.left({ amount: 7 }), 201)).body.id;
    await must(scene.api.post(`/v1/reconciliations/${scene.reconciliation}/records/${late}/mark_overdue`, {}), 200);
    await useBulkRequests(owner.admin);
    await useImports(owner.admin);
    await useLedgers(owner);
    await useBankAccount(owner);
    const ofOwner = "reconciliation_id in (select id from reconciliations where environment_id = ?1)";
    await tamperWith(
      [
        "update records set touched_count = 9 where uid = ?2",
        "update data_sources set record_count = 99, reconciliation_count = 9 where environment_id = ?1",
        "update imports set row_count = row_count + 9, created_count = created_count + 9 where environment_id = ?1",
        `update reconciliation_sources set reconciled_count = 9 where ${ofOwner}`,
        `update summary_days set count = count + 9 where ${ofOwner}`,
        `update rule_days set matches = matches + 9 where ${ofOwner}`,
        `update exception_days set overdue_count = overdue_count + 9 where ${ofOwner}`,
        "update source_days set count = count + 9 where source_id in (select id from data_sources where environment_id = ?1)",
      ],
      [owner.environmentId, left],
    );
    const { results } = await bindings.DB.prepare(
      ["data_sources", "reconciliations", "imports", "deliveries", "ledger_accounts"]
        .map((table) => `select id from ${table} where environment_id = ?1`)
        .join(" union "),
    )
      .bind(owner.environmentId)
      .all<{ id: number }>();
    numbers = results.map(({ id }) => id);
    stranger = await newTenant();
  });

  it.each(COUNTS)("of %s goes on counting for the environment itself alone", async (check) => {
    const answers = async (tenant: Tenant) => {
      const places = numbers.flatMap((id) => [
        [check, id, tallyOf()],
        [check, id, tallyOf({ token: '[0,"",null,{}]', found: { after: 1, counts: {} } })],
        [check, id, tallyOf({ tries: 3, found: { after: 1, counts: {} } })],
      ]);
      return Promise.all(places.map(async (place) => (await must(askAt(tenant, place), 200)).body));
    };
    const own = await answers(owner);
    expect(own.flatMap(({ findings }) => findings)).not.toEqual([]);
    const foreign = await answers(stranger);
    for (const page of foreign) expect(page).toMatchObject({ checked: 0, findings: [], unsettled: [] });
    const next = foreign.map(({ next_cursor }) => JSON.parse(atob(next_cursor.split(".")[0])));
    expect(next.filter((place) => place.length > 2)).toEqual([]);
  });

  it.each(INTEGRITY_CHECKS)("of %s finds nothing of another environment", async (check) => {
    const places = numbers.flatMap((id): unknown[][] => {
      if (COUNTS.includes(check)) return [[check, id - 1]];
      if (check === "indexes")
        return [
          [check, id],
          [check, id, 0, 0, 0],
        ];
      const within = check === "ledger_periods" ? "" : 0;
      return [
        [check, id, within],
        [check, id - 1, within],
      ];
    });
    for (const place of places) {
      const { body } = await must(askAt(stranger, place), 200);
      expect(body).toMatchObject({ check, checked: 0, findings: [], unsettled: [] });
      const next = body.next_cursor === null ? [] : JSON.parse(atob(body.next_cursor.split(".")[0]));
      expect(next.slice(1)).toEqual([]);
    }
  });

  it.each(INTEGRITY_CHECKS)("of %s is refused at what is no place of it", async (check) => {
    const places: unknown[][] = [
      [check, "x"],
      [check, -1],
      [check, 1, -1],
      [check, 1, "{}"],
      [check, 1, "{"],
      [check, 1, 9, 9],
      [check, 1, 2, 3, 4, 5, 6, 7],
      [check, 1, tallyOf({ found: { after: 0, counts: { records: [1.5] } } })],
      [check, 1, tallyOf({ found: { after: { no: 1 }, counts: {} } })],
      [check, 1, tallyOf({ token: "[[" })],
      [check, 1, tallyOf({ token: '[1,"",null]' })],
    ];
    // A period may be any text.
    for (const place of check === "ledger_periods" ? places.filter((one) => typeof one[2] !== "string") : places) {
      const { body } = await must(askAt(stranger, place), 422);
      expect(body.errors).toEqual([expect.objectContaining({ path: "cursor", code: "invalid_cursor" })]);
    }
  });

  it("is refused where it is no place at all", async () => {
    for (const content of ["", "[", "null", "{}", '["records",{}]', '["everything"]', "[]"]) {
      await must(askAt(stranger, content), 422);
    }
    const check = (await sha256Hex(`integrity\n${stranger.environmentUid}\n*`)).slice(0, 16);
    await must(stranger.admin.get(`${PATH}?cursor=*.${check}`), 422);
  });
});
