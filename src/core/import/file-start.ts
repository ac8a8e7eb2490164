import { DELIMITERS, type Delimiter, type RowPlace, skipLine } from "./csv-rows.ts";
import { FILE_START } from "./dialect.ts";
import { SEPARATOR_LINE_MAX_BYTES } from "./limits.ts";

/** Where the header of a file begins. */
export interface FileStart {
  place: RowPlace;
  /** As a line before it says; null if none does. */
  delimiter: Delimiter | null;
}

/**
 * Finds the header of a file behind lines of nothing but blanks and delimiters, and behind the line `sep=;` that Excel
 * writes and reads. Of a file that has none it is the end.
 */
export function findStart(head: Uint8Array, isWhole: boolean): FileStart {
  let delimiter: Delimiter | null = null;
  let place: RowPlace = FILE_START;
  while (place.offset < head.length) {
    const next = skipLine(head, place, isWhole);
    const line = head.subarray(place.offset, next.offset);
    const isBlank = line.every((byte) => BLANKS.has(byte));
    const said: Delimiter | undefined = isBlank || delimiter !== null ? undefined : readSeparator(line);
    if (!isBlank && said === undefined) break;
    delimiter = said ?? delimiter;
    // The end of the line is still to come.
    if (next.isInLine && !isWhole) break;
    place = { ...next, isInLine: false };
  }
  return { place, delimiter };
}

const BLANKS: ReadonlySet<number> = new Set(new TextEncoder().encode(` \r\n${DELIMITERS.join("")}`));

/** A spreadsheet that has kept the line as a row has quoted it, or has put delimiters behind it. */
function readSeparator(line: Uint8Array): Delimiter | undefined {
  if (line.length > SEPARATOR_LINE_MAX_BYTES) return undefined;
  const [, said] = /^"?sep=([,;\t|])"?\1* *[\r\n]*$/i.exec(new TextDecoder().decode(line)) ?? [];
  return DELIMITERS.find((delimiter) => delimiter === said);
}
