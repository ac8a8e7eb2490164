import { describe, expect, it } from "vitest";
import { type CsvRow, DELIMITERS, readRows } from "../../../src/core/import/csv-rows.ts";
import { FILE_START } from "../../../src/core/import/dialect.ts";
import { CSV_ROW_MAX_BYTES } from "../../../src/core/import/limits.ts";
import type { ImportPosition } from "../../../src/core/import/position.ts";
import { moveTo, openWindow, widen } from "../../../src/core/import/text-window.ts";
import fc from "../../support/fast-check.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const options = { delimiter: ",", isLast: true, maxRows: 1_000 } as const;
const rowsOf = (text: string) => readRows(utf8(text), FILE_START, options).rows;
const shown = (rows: CsvRow[]) =>
  rows.map(({ line, cells, fault }) => (fault === null ? [line, ...cells] : [line, fault]));

describe("rows of a file", () => {
  it.each<[string, string, unknown[][]]>([
    [
      "end with LF, CR LF or CR",
      "a,b\nc,d\r\ne,f\rg,h",
      [
        [1, "a", "b"],
        [2, "c", "d"],
        [3, "e", "f"],
        [4, "g", "h"],
      ],
    ],
    [
      "may hold ends of lines within quotes",
      'a,"b\nc\r\nd\re"\nf,g\n',
      [
        [1, "a", "b\nc\r\nd\re"],
        [5, "f", "g"],
      ],
    ],
    ["may hold delimiters and doubled quotes within quotes", '"a,""b""",c', [[1, 'a,"b"', "c"]]],
    [
      "may be blank",
      "a\n\n\nb",
      [
        [1, "a"],
        [2, ""],
        [3, ""],
        [4, "b"],
      ],
    ],
    ["keep blanks", " a , b \n", [[1, " a ", " b "]]],
    [
      "may have any number of cells",
      "a,b\nc\n,,\n",
      [
        [1, "a", "b"],
        [2, "c"],
        [3, "", "", ""],
      ],
    ],
    [
      "fail alone with a quote within a cell",
      'a,b\n5" pipe,c\nd,e',
      [
        [1, "a", "b"],
        [2, "misplaced_quote"],
        [3, "d", "e"],
      ],
    ],
    [
      "fail alone with text behind a quote",
      'a,"b"c\nd,e',
      [
        [1, "misplaced_quote"],
        [2, "d", "e"],
      ],
    ],
    [
      "fail alone with a quote that stays open",
      'a,b\nc,"d\ne,f\n',
      [
        [1, "a", "b"],
        [2, "unclosed_quote"],
        [3, "e", "f"],
      ],
    ],
    [
      "fail with their first line only",
      'a,"b\nc"d\ne,f',
      [
        [1, "misplaced_quote"],
        [2, "misplaced_quote"],
        [3, "e", "f"],
      ],
    ],
    [
      "fail at the end of the file",
      'a\n"b',
      [
        [1, "a"],
        [2, "unclosed_quote"],
      ],
    ],
  ])("%s", (_, text, rows) => {
    expect(shown(rowsOf(text))).toEqual(rows);
  });

  it("count offsets in bytes", () => {
    const [first, second] = rowsOf("é,ü\r\nb,€\n");
    expect([first?.next.offset, second?.next.offset]).toEqual([7, 13]);
  });

  it("are as many as are asked for", () => {
    const { rows, next } = readRows(utf8("a\nb\nc\nd"), FILE_START, { ...options, maxRows: 2 });
    expect(shown(rows)).toEqual([
      [1, "a"],
      [2, "b"],
    ]);
    expect(next).toEqual({ offset: 4, line: 3, isInLine: false });
  });

  it.each([
    ["a,b\nc,d", 4],
    ["a,b\r", 0],
    ['a,b\n"c', 4],
    ['a\n"b" ', 2],
    ['a\nb"', 2],
  ])("that may go on are left for the next time: %j", (text, offset) => {
    const { next } = readRows(utf8(text), FILE_START, { ...options, isLast: false });
    expect(next.offset).toBe(offset);
  });

  it("that are too long fail alone, also where a quote is the reason", () => {
    const long = "x".repeat(CSV_ROW_MAX_BYTES + 2);
    expect(shown(rowsOf(`a\n${long}\nb`))).toEqual([
      [1, "a"],
      [2, "row_too_long"],
      [3, "b"],
    ]);
    const lines = "y\n".repeat(CSV_ROW_MAX_BYTES);
    expect(shown(rowsOf(`a\n"${lines}`).slice(0, 4))).toEqual([
      [1, "a"],
      [2, "row_too_long"],
      [3, "y"],
      [4, "y"],
    ]);
  });

  it.each([
    ["delimiters", ",".repeat(CSV_ROW_MAX_BYTES + 1), "\nb"],
    ["doubled quotes", `"${'""'.repeat(CSV_ROW_MAX_BYTES / 2)}`, '"\nb'],
    ["cells and delimiters", "x,".repeat(CSV_ROW_MAX_BYTES / 2 + 1), "\nb"],
  ])("are too long by their %s as well, whether or not they end there", (_, long, end) => {
    const unended = shown(rowsOf(`a\n${long}`));
    expect(unended).toEqual([
      [1, "a"],
      [2, "row_too_long"],
    ]);
    expect(shown(rowsOf(`a\n${long}${end}`))).toEqual([...unended, [3, "b"]]);
    const cut = readRows(utf8(`a\n${long}`), FILE_START, { ...options, isLast: false });
    expect(shown(cut.rows)).toEqual([
      [1, "a"],
      [2, "row_too_long"],
    ]);
    expect(cut.next).toEqual({ offset: long.length + 2, line: 2, isInLine: true });
  });

  it("may be as long as is allowed", () => {
    const widest = ",".repeat(CSV_ROW_MAX_BYTES - 1);
    expect(rowsOf(`${widest}\n${widest}\n`).map(({ cells, fault }) => [cells.length, fault])).toEqual([
      [CSV_ROW_MAX_BYTES, null],
      [CSV_ROW_MAX_BYTES, null],
    ]);
    expect(readRows(utf8(widest), FILE_START, { ...options, isLast: false }).next.offset).toBe(0);
  });

  it("behind a line that is too long are found though its end comes later", () => {
    const long = utf8("x".repeat(CSV_ROW_MAX_BYTES + 2));
    const { rows, next } = readRows(long, FILE_START, { ...options, isLast: false });
    expect(shown(rows)).toEqual([[1, "row_too_long"]]);
    expect(next).toEqual({ offset: long.length, line: 1, isInLine: true });
    const still = readRows(utf8("xxx\r"), { ...next, offset: 0 }, { ...options, isLast: false });
    expect(still).toEqual({ rows: [], next: { offset: 3, line: 1, isInLine: true } });
    expect(shown(readRows(utf8("\r\na,b"), still.next && { ...still.next, offset: 0 }, options).rows)).toEqual([
      [2, "a", "b"],
    ]);
    expect(readRows(utf8("xxx\r"), { ...next, offset: 0 }, options).next).toEqual({
      offset: 4,
      line: 2,
      isInLine: false,
    });
  });
});

interface Generated {
  text: string;
  rows: { line: number; cells: string[] }[];
}

const cell = fc.string({
  unit: fc.constantFrom("a", "é", "💳", " ", ",", ";", "\t", "|", '"', "\n", "\r\n", "\r"),
  maxLength: 5,
});

/** A file as another program might write it, with the lines at which its rows begin. */
const file = fc
  .record({
    delimiter: fc.constantFrom(...DELIMITERS),
    rows: fc.array(
      fc.record({
        cells: fc.array(fc.record({ text: cell, isQuoted: fc.boolean() }), { minLength: 1, maxLength: 4 }),
        end: fc.constantFrom("\n", "\r\n", "\r"),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ delimiter, rows }) => {
    const generated: Generated = { text: "", rows: [] };
    let line = 1;
    for (const { cells, end } of rows) {
      const written = cells.map(({ text, isQuoted }) =>
        isQuoted || /["\r\n,;\t|]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text,
      );
      generated.rows.push({ line, cells: cells.map(({ text }) => text) });
      const own = written.join(delimiter);
      line += (own.match(/\r\n|\r|\n/g) ?? []).length + 1;
      generated.text += own + end;
    }
    return { ...generated, delimiter };
  })
  // Of one row's CR and an empty next one's LF nobody can say what they are.
  .filter(({ text, rows }) => (text.replaceAll(/"[^"]*"/g, "").match(/\r\n|\r|\n/g) ?? []).length === rows.length);

/** Reads a file slice by slice, as an import does, from pieces of so many bytes. */
function readInSlices(text: string, pieceBytes: number, maxRows: number, delimiter: (typeof DELIMITERS)[number]) {
  const bytes = utf8(text);
  const pieces = Array.from({ length: Math.max(1, Math.ceil(bytes.length / pieceBytes)) }, (_, no) =>
    bytes.slice(no * pieceBytes, (no + 1) * pieceBytes),
  );
  const rows: CsvRow[] = [];
  let position: ImportPosition = {
    chunk: 0,
    chunks: pieces.length,
    offset: 0,
    line: 1,
    isInLine: false,
    done: 0,
    size: bytes.length,
  };
  for (;;) {
    let window = openWindow(position, pieces[position.chunk] as Uint8Array);
    let found = readRows(window.bytes, window.start, { delimiter, isLast: window.isWhole, maxRows });
    while (found.rows.length === 0 && !window.isWhole) {
      window = widen(window, pieces[window.chunk + 1] as Uint8Array);
      found = readRows(window.bytes, window.start, { delimiter, isLast: window.isWhole, maxRows });
    }
    rows.push(...found.rows);
    position = moveTo(position, window, found.next);
    if (found.rows.length === 0) return { rows, position };
  }
}

describe("a generated file", () => {
  it("is read back, with the lines of its rows, in slices of any size from pieces of any size", () => {
    const sizes = fc.record({ pieceBytes: fc.integer({ min: 4, max: 40 }), maxRows: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(file, sizes, ({ text, rows, delimiter }, { pieceBytes, maxRows }) => {
        const read = readInSlices(text, pieceBytes, maxRows, delimiter);
        expect(read.rows.map(({ line, cells, fault }) => ({ line, cells, fault }))).toEqual(
          rows.map((row) => ({ ...row, fault: null })),
        );
        expect(read.position.done).toBe(read.position.size);
      }),
      { numRuns: 500 },
    );
  });

  it("is read the same in slices as at once, also if it is no CSV", () => {
    const noise = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "é"), maxLength: 60 });
    const sizes = fc.record({ pieceBytes: fc.integer({ min: 4, max: 20 }), maxRows: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(noise, sizes, (text, { pieceBytes, maxRows }) => {
        const { rows } = readInSlices(text, pieceBytes, maxRows, ",");
        expect(shown(rows)).toEqual(shown(rowsOf(text)));
      }),
      { numRuns: 1_000 },
    );
  });
});
