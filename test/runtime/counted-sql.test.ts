import { expect, it } from "vitest";
import { CountedSql } from "../../src/runtime/counted-sql.ts";

const VALUE_MAX_CHARS = 2_000_000;

it("hands over a list of any length in values that SQLite takes, each number once and in order", () => {
  const calls: unknown[][] = [];
  const exec = (...call: unknown[]) => {
    calls.push(call);
    return { toArray: () => [], rowsRead: 1 };
  };
  const sql = new CountedSql({ exec } as unknown as SqlStorage);
  const ids = Array.from({ length: 250_000 }, (_, place) => 1_000_000_000_000 + place);
  sql.forEach("query", ids, 7);
  expect(calls.flatMap(([, , list]) => JSON.parse(list as string))).toEqual(ids);
  expect(calls.every(([query, first]) => query === "query" && first === 7)).toBe(true);
  expect(Math.max(...calls.map(([, , list]) => (list as string).length))).toBeLessThan(VALUE_MAX_CHARS);
  expect(sql.rowsRead).toBe(calls.length);
});

it("asks nothing for an empty list", () => {
  const exec = () => {
    throw new Error("nothing is to be asked");
  };
  expect(() => new CountedSql({ exec } as unknown as SqlStorage).forEach("query", [])).not.toThrow();
});
