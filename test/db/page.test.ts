import { describe, expect, it } from "vitest";
import { cutByWeight } from "../../src/db/page.ts";

const rows = (...weights: number[]) => weights.map((weight, place) => ({ id: 100 - place, weight }));

describe("a page of rows that weigh", () => {
  it.each([
    ["is left as it is below the limit", rows(3, 3, 4), 10, 3, 7],
    ["ends before the row that is too much", rows(3, 3, 5), 10, 2, 99],
    ["has one row at the least", rows(50, 1), 10, 1, 100],
    ["may be empty", rows(), 10, 0, 7],
  ])("%s", (_name, found, max, length, next) => {
    const page = cutByWeight({ rows: found, next: 7 }, max);
    expect(page.rows).toEqual(found.slice(0, length));
    expect(page.next).toBe(next);
  });
});
