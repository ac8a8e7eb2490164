import { describe, expect, test } from "vitest";
import { examine, type Finding, type IntegrityClient, type Unsettled } from "../../src/cli/doctor/examination.ts";
import { readOptions } from "../../src/cli/doctor/options.ts";
import { describeCheck } from "../../src/cli/doctor/report.ts";

const PATH = "/v1/admin/integrity";
const CHECKS = ["records", "indexes"];

const FINDING: Finding = {
  resource_type: "internal_account",
  resource_id: "a1",
  expected: "2",
  found: null,
  message: "The index lacks an open record.",
};

const UNSETTLED: Unsettled = { resource_type: "data_source", resource_id: "bank", message: "It kept changing." };

interface Page {
  checked?: number;
  findings?: Finding[];
  unsettled?: Unsettled[];
  next_cursor?: string;
}

/** A Worker that answers from a script: for each check, page after page. */
class ScriptedWorker implements IntegrityClient {
  readonly asked: string[] = [];
  readonly repaired: unknown[] = [];
  readonly #pages: Record<string, Page[]>;

  constructor(pages: Record<string, Page[]>) {
    this.#pages = pages;
  }

  async get<Body>(path: string): Promise<Body> {
    const { searchParams } = new URL(path, "http://localhost");
    const check = searchParams.get("check");
    this.asked.push(path);
    const page = (check !== null && this.#pages[check]?.shift()) || {};
    return { checked: 0, findings: [], unsettled: [], next_cursor: null, checks: CHECKS, ...page } as Body;
  }

  async post<Body>(path: string, body: unknown): Promise<Body> {
    this.repaired.push([path, body]);
    return {} as Body;
  }
}

async function examineAll(pages: Record<string, Page[]>, repairs = false) {
  const client = new ScriptedWorker(pages);
  const lines: string[] = [];
  let time = 0;
  const code = await examine({
    client,
    repairs,
    now: () => {
      time += 50;
      return time;
    },
    wait: async (ms) => {
      time += ms;
    },
    tell: (...more) => lines.push(...more),
  });
  return { code, lines, ...client };
}

describe("an examination", () => {
  test("goes through every page of every check, and ends with 0 if nothing is wrong", async () => {
    const { code, lines, asked } = await examineAll({
      records: [{ checked: 1_000, next_cursor: "c.1" }, { checked: 234 }],
      indexes: [{ checked: 5 }],
    });
    expect(code).toBe(0);
    expect(asked).toEqual([
      `${PATH}?limit=1`,
      `${PATH}?check=records&limit=2000`,
      `${PATH}?check=records&limit=2000&cursor=c.1`,
      `${PATH}?check=indexes&limit=2000`,
    ]);
    expect(lines).toEqual([
      "records                        1,234 rows   0.1 s  ok",
      "indexes                            5 rows   0.1 s  ok",
      "",
      "2 checks, 1,239 rows, 0.1 s: nothing is wrong.",
    ]);
  });

  test("names each finding, and ends with 1", async () => {
    const { code, lines, repaired } = await examineAll({
      records: [{ checked: 1, findings: [FINDING], next_cursor: "c.1" }, { findings: [FINDING] }],
    });
    expect([code, repaired]).toEqual([1, []]);
    expect(lines.slice(0, 3)).toEqual([
      "records                            1 rows   0.1 s  2 findings",
      "  internal account a1: The index lacks an open record. Expected 2, found nothing.",
      "  internal account a1: The index lacks an open record. Expected 2, found nothing.",
    ]);
    expect(lines.at(-1)).toContain("2 findings.");
  });

  test("asks again for what kept changing, and goes on once it is settled", async () => {
    const { code, asked } = await examineAll({
      indexes: [{ unsettled: [UNSETTLED], next_cursor: "wrong" }, { unsettled: [UNSETTLED] }, { checked: 3 }],
    });
    expect(code).toBe(0);
    expect(asked.slice(2)).toEqual(Array.from({ length: 3 }, () => `${PATH}?check=indexes&limit=2000`));
  });

  test("ends with 2 if something was never settled", async () => {
    const endless = Array.from({ length: 100 }, () => ({ unsettled: [UNSETTLED] }));
    const { code, lines, asked } = await examineAll({ records: endless });
    expect([code, asked.length]).toEqual([2, 32]);
    expect(lines[1]).toBe("  data source bank: It kept changing.");
    expect(lines.at(-1)).toBe("1 kept changing and were not checked; run this again.");
  });

  test("has the indexes that differ built again if that is asked for, each once, and looks again", async () => {
    const other = { ...FINDING, resource_id: "a2" };
    const { code, repaired, lines } = await examineAll(
      { indexes: [{ findings: [FINDING, other, FINDING] }, { checked: 7 }] },
      true,
    );
    expect(code).toBe(0);
    expect(repaired).toEqual([
      [`${PATH}/repair`, { reconciliation_id: "a1" }],
      [`${PATH}/repair`, { reconciliation_id: "a2" }],
    ]);
    expect(lines).toContain("  The index of a1 is built again.");
    expect(lines.at(-1)).toContain("7 rows");
  });

  test("repairs nothing else", async () => {
    const { code, repaired } = await examineAll({ records: [{ findings: [FINDING] }] }, true);
    expect([code, repaired]).toEqual([1, []]);
  });

  test("breaks off when it is not answered", async () => {
    const client: IntegrityClient = {
      get: async () => Promise.reject(new Error("401")),
      post: async () => Promise.reject(new Error("401")),
    };
    const examination = { client, repairs: false, now: () => 0, wait: async () => {}, tell: () => {} };
    await expect(examine(examination)).rejects.toThrow("401");
  });
});

test("a check says what was found and what was not settled", () => {
  const report = { check: "change_logs", checked: 3, findings: [FINDING], unsettled: [UNSETTLED], durationMs: 61_250 };
  expect(describeCheck(report)[0]).toBe("change logs                        3 rows  61.3 s  1 finding, 1 not settled");
});

describe("the options", () => {
  test("are a local Worker and its key, unless others are named", () => {
    expect(readOptions([], {})).toEqual({ url: "http://localhost:8787", key: "dev-bootstrap-key", repairs: false });
    expect(readOptions([], { PORT: "8788", BOOTSTRAP_API_KEY: "b" })).toMatchObject({
      url: "http://localhost:8788",
      key: "b",
    });
    const env = { TIEOUT_URL: "https://tieout.example.com/", TIEOUT_API_KEY: "k" };
    expect(readOptions(["--repair"], env)).toEqual({ url: "https://tieout.example.com", key: "k", repairs: true });
    expect(readOptions(["--url", "http://localhost:1", "--key=x"], env)).toMatchObject({
      url: "http://localhost:1",
      key: "x",
    });
    expect(readOptions(["--help"], {})).toBe("help");
  });

  test.each([
    [["--fix"], "There is no option --fix."],
    [["repair"], "There is no option repair."],
    [["--repair=yes"], "There is no option yes."],
    [["--url"], "--url needs a value."],
    [["--key="], "--key needs a value."],
    [["--url", "nowhere"], "nowhere is no address of a Worker."],
    [["--url=ftp://example.com"], "ftp://example.com is no address of a Worker."],
  ])("are refused: %j", (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });
});
