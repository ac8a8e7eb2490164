import { describe, expect, test } from "vitest";
import { examine } from "../../src/cli/doctor/examination.ts";
import type { Fault, Finding, IntegrityClient } from "../../src/cli/doctor/integrity-client.ts";
import { readOptions } from "../../src/cli/doctor/options.ts";
import { describeCheck } from "../../src/cli/doctor/report.ts";
import { AnswerError } from "../../src/cli/tieout-client.ts";

const PATH = "/v1/admin/integrity";
const CHECKS = ["records", "indexes"];

const FINDING: Finding = {
  resource_type: "internal_account",
  resource_id: "a1",
  expected: "2",
  found: null,
  message: "The index lacks an open record.",
};

const FAULT: Fault = { resource_type: "data_source", resource_id: "bank", message: "It kept changing." };
const UNSETTLED = { ...FAULT, retry_cursor: "bank.1" };

interface Page {
  checked?: number;
  findings?: Finding[];
  unsettled?: (typeof UNSETTLED)[];
  next_cursor?: string;
}

const answered = (status: number) =>
  new AnswerError("GET /", { status, headers: new Headers(), body: { title: "Internal Server Error" } });

/** A Worker that answers from a script: for each check, page after page. */
class ScriptedWorker implements IntegrityClient {
  readonly asked: string[] = [];
  readonly repaired: unknown[] = [];
  readonly #pages: Record<string, (Page | Error)[]>;

  constructor(pages: Record<string, (Page | Error)[]>) {
    this.#pages = pages;
  }

  async get<Body>(path: string): Promise<Body> {
    const { searchParams } = new URL(path, "http://localhost");
    const check = searchParams.get("check");
    this.asked.push(path);
    const page = this.#pages[check ?? "none"]?.shift() ?? {};
    if (page instanceof Error) throw page;
    return { checked: 0, findings: [], unsettled: [], next_cursor: null, checks: CHECKS, ...page } as Body;
  }

  async post<Body>(path: string, body: unknown): Promise<Body> {
    this.repaired.push([path, body]);
    const answer = this.#pages.repair?.shift();
    if (answer instanceof Error) throw answer;
    return {} as Body;
  }
}

async function examineAll(pages: Record<string, (Page | Error)[]>, repairs = false) {
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

  test("looks anew at what kept changing, and goes on once it is settled", async () => {
    const { code, asked, lines } = await examineAll({
      records: [
        { checked: 4, findings: [FINDING], unsettled: [UNSETTLED], next_cursor: "wrong" },
        { unsettled: [UNSETTLED], next_cursor: "wrong" },
        { checked: 3, next_cursor: "c.1" },
        { checked: 2 },
      ],
    });
    expect(code).toBe(1);
    const pages = ["", "&cursor=bank.1", "&cursor=bank.1", "&cursor=c.1"];
    expect(asked.slice(1, 5)).toEqual(pages.map((cursor) => `${PATH}?check=records&limit=2000${cursor}`));
    expect(lines[0]).toContain("9 rows");
    expect(lines[0]).toMatch(/ {2}1 finding$/);
  });

  test.each([
    ["records", 3],
    ["indexes", 30],
  ])("goes on without what is never settled by the check of %s, and ends with 2", async (check, tries) => {
    const endless = Array.from({ length: tries }, () => ({ unsettled: [UNSETTLED], next_cursor: "c.1" }));
    const { code, lines, asked } = await examineAll({ [check]: [...endless, { checked: 5 }] });
    const pages = asked.filter((path) => path.includes(check));
    expect([code, pages.length, pages.at(-1)]).toEqual([2, tries + 1, `${PATH}?check=${check}&limit=2000&cursor=c.1`]);
    expect(lines).toContain("  data source bank: It kept changing.");
    expect(lines.at(-1)).toBe("1 could not be checked; run this again.");
  });

  test("does not wait for ever where everything keeps changing", async () => {
    const endless = Array.from({ length: 200 }, (_, no) => ({
      unsettled: [{ ...UNSETTLED, resource_id: `${no}` }],
      next_cursor: "c.1",
    }));
    const { code, asked } = await examineAll({ records: [...endless, {}] });
    expect(code).toBe(2);
    expect(asked.filter((path) => path.includes("records"))).toHaveLength(201);
  });

  test.each([
    ["an answer of 500", answered(500)],
    ["one of 429", answered(429)],
    ["a connection that is lost", new TypeError("fetch failed", { cause: new Error("ECONNRESET") })],
    ["a timeout", new DOMException("The operation was aborted due to timeout", "TimeoutError")],
  ])("asks for less after %s, and goes on so", async (_, error) => {
    const { code, asked } = await examineAll({
      records: [{ checked: 1, next_cursor: "c.1" }, error, error, { checked: 2, next_cursor: "c.2" }, { checked: 3 }],
    });
    expect(code).toBe(0);
    expect(asked.filter((path) => path.includes("records")).slice(1)).toEqual([
      `${PATH}?check=records&limit=2000&cursor=c.1`,
      `${PATH}?check=records&limit=200&cursor=c.1`,
      `${PATH}?check=records&limit=200&cursor=c.1`,
      `${PATH}?check=records&limit=200&cursor=c.2`,
    ]);
  });

  test("goes on with the next check where one is not answered, and ends with 2", async () => {
    const lost = new TypeError("fetch failed", { cause: new Error("ECONNRESET") });
    const { code, lines, asked } = await examineAll({
      records: [{ checked: 1, next_cursor: "c.1" }, ...Array.from({ length: 4 }, () => lost)],
      indexes: [{ checked: 7 }],
    });
    expect([code, asked.length]).toEqual([2, 7]);
    expect(lines[0]).toContain("1 not settled");
    expect(lines[1]).toBe("  check records: fetch failed (ECONNRESET)");
    expect(lines[2]).toMatch(/7 rows .* ok$/);
    expect(lines.at(-1)).toBe("1 could not be checked; run this again.");
  });

  test("does not ask again for what was refused, nor often where the check before was not answered", async () => {
    const { code, asked } = await examineAll({ records: [answered(401)], indexes: [answered(503), { checked: 7 }] });
    expect([code, asked.length]).toEqual([2, 3]);
  });

  test("names what it found before it was not answered any more, and ends with 1", async () => {
    const { code, lines } = await examineAll({
      records: [{ findings: [FINDING], next_cursor: "c.1" }, answered(422)],
    });
    expect(code).toBe(1);
    expect(lines[0]).toContain("1 finding, 1 not settled");
  });

  test("says which index could not be built again", async () => {
    const { code, lines } = await examineAll(
      { indexes: [{ findings: [FINDING] }, { findings: [FINDING] }], repair: [answered(422)] },
      true,
    );
    expect(code).toBe(1);
    expect(lines.join("\n")).toContain("  The index of a1 is not built again: GET / was answered with 422");
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
  const report = { check: "change_logs", checked: 3, findings: [FINDING], unsettled: [FAULT] };
  expect(describeCheck({ ...report, isBrokenOff: false, durationMs: 61_250 })[0]).toBe(
    "change logs                        3 rows  61.3 s  1 finding, 1 not settled",
  );
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
