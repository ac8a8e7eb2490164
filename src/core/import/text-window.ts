import { joinBytes } from "./bytes.ts";
import type { RowPlace } from "./csv-rows.ts";
import type { ImportPosition } from "./position.ts";

/** Some pieces of a file's text, in UTF-8, one behind the other. */
export interface TextWindow {
  bytes: Uint8Array;
  /** Where in them reading begins. */
  start: RowPlace;
  /** The number of the last piece. */
  chunk: number;
  /** Whether that is the last one of the file. */
  isWhole: boolean;
  chunks: number;
  /** Where each piece begins. */
  offsets: number[];
}

/** The window of the piece that a position is in. */
export function openWindow({ chunk, chunks, offset, line, isInLine }: ImportPosition, piece: Uint8Array): TextWindow {
  const start = { offset, line, isInLine };
  return { bytes: piece, start, chunk, isWhole: chunk + 1 >= chunks, chunks, offsets: [0] };
}

/** The window with the piece that follows. */
export function widen(window: TextWindow, piece: Uint8Array): TextWindow {
  const bytes = joinBytes(window.bytes, piece);
  const chunk = window.chunk + 1;
  const offsets = [...window.offsets, window.bytes.length];
  return { ...window, bytes, chunk, isWhole: chunk + 1 >= window.chunks, offsets };
}

/** The position in the file of a place in the window. */
export function moveTo(position: ImportPosition, window: TextWindow, place: RowPlace): ImportPosition {
  const index = window.offsets.findLastIndex((start) => start <= place.offset);
  return {
    ...position,
    chunk: position.chunk + index,
    offset: place.offset - (window.offsets[index] as number),
    line: place.line,
    isInLine: place.isInLine,
    done: position.done + place.offset - window.start.offset,
  };
}
