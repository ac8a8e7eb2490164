/** How far an import has come in the text of its file, which is kept in pieces. */
export interface ImportPosition {
  /** The piece in which the next row begins, counted from 0, and how many there are. */
  chunk: number;
  chunks: number;
  /** Bytes of that piece, as UTF-8, before the row. */
  offset: number;
  /** The physical line at which the row begins, counted from 1. */
  line: number;
  /** What comes next is still a line that was too long. */
  isInLine: boolean;
  /** Bytes of the text that are worked off, and all of them. */
  done: number;
  size: number;
}
