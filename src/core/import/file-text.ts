import { joinBytes } from "./bytes.ts";
import { ENCODING_WINDOW_BYTES } from "./limits.ts";

export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252"] as const;
export type FileEncoding = (typeof ENCODINGS)[number];

/** Stands for what could not be read: bytes that are not of the file's encoding, and NUL. It is no character itself. */
export const UNREADABLE = "\uffff";

/**
 * Turns the bytes of a file, as they come, into text. The encoding follows from a byte order mark, else from zeros in
 * the first characters, else from what is not ASCII: UTF-8 if more of that is valid than is not, or Windows-1252.
 */
export class FileText {
  #encoding: FileEncoding | undefined;
  #held: Uint8Array = new Uint8Array();
  #isAtStart = true;

  /** As it is known so far; of a file that is all ASCII it is UTF-8. */
  get encoding(): FileEncoding {
    return this.#encoding ?? "utf-8";
  }

  /** The text that is certain now. No character is cut in two. */
  push(bytes: Uint8Array): string {
    this.#held = joinBytes(this.#held, bytes);
    return this.#read(false);
  }

  /** The rest of the text, once all bytes have come. */
  end(): string {
    return this.#read(true);
  }

  #read(isLast: boolean): string {
    if (this.#isAtStart && !this.#readStart(isLast)) return "";
    const ascii = this.#encoding === undefined ? this.#readAscii(isLast) : "";
    if (this.#encoding === undefined) return ascii;
    const end = isLast ? this.#held.length : findCut(this.#encoding, this.#held);
    return ascii + decode(this.#encoding, this.#take(end));
  }

  #readStart(isLast: boolean): boolean {
    if (this.#held.length < 4 && !isLast) return false;
    this.#isAtStart = false;
    const mark = findMark(this.#held);
    this.#encoding = mark?.encoding;
    this.#take(mark?.length ?? 0);
    return true;
  }

  #readAscii(isLast: boolean): string {
    const end = this.#held.findIndex((byte) => byte >= 0x80);
    const ascii = decode("utf-8", this.#take(end === -1 ? this.#held.length : end));
    if (this.#held.length >= ENCODING_WINDOW_BYTES || (isLast && this.#held.length > 0)) {
      this.#encoding = isMostlyUtf8(this.#held.subarray(0, ENCODING_WINDOW_BYTES)) ? "utf-8" : "windows-1252";
    }
    return ascii;
  }

  #take(length: number): Uint8Array {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }
}

/** What the first bytes say, and how many of them are a mark that is not part of the text. */
function findMark(bytes: Uint8Array): { encoding: FileEncoding; length: number } | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: "utf-8", length: 3 };
  if (first === 0xff && second === 0xfe) return { encoding: "utf-16le", length: 2 };
  if (first === 0xfe && second === 0xff) return { encoding: "utf-16be", length: 2 };
  if (first !== 0 && second === 0) return { encoding: "utf-16le", length: 0 };
  if (first === 0 && second !== 0 && second !== undefined) return { encoding: "utf-16be", length: 0 };
  return undefined;
}

/** A text that was cut by bytes has a few invalid places, and is UTF-8 all the same. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const others = [...new TextDecoder().decode(bytes, { stream: true })].filter((character) => character > "\u007f");
  const replaced = others.filter((character) => character === "\ufffd").length;
  const invalid = replaced - bytes.filter((_, at) => isReplacement(bytes, at)).length;
  return invalid === 0 || others.length - invalid > invalid;
}

/** Whether a U+FFFD stands there that is the file's own. */
function isReplacement(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd;
}

/** Where the last whole character ends. */
function findCut(encoding: FileEncoding, bytes: Uint8Array): number {
  const { length } = bytes;
  if (encoding === "windows-1252") return length;
  if (encoding === "utf-8") {
    for (let back = 1; back <= Math.min(3, length); back++) {
      const byte = bytes[length - back] as number;
      if (byte < 0x80) return length;
      if (byte >= 0xc0) return back < lengthFrom(byte) ? length - back : length;
    }
    return length;
  }
  const even = length - (length % 2);
  const high = bytes[encoding === "utf-16le" ? even - 1 : even - 2] ?? 0;
  return high >= 0xd8 && high <= 0xdb ? even - 2 : even;
}

function lengthFrom(leadByte: number): number {
  return leadByte >= 0xf0 ? 4 : leadByte >= 0xe0 ? 3 : 2;
}

function decode(encoding: FileEncoding, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.replaceAll("\0", UNREADABLE);
  } catch {
    return encoding === "utf-8" ? decodeLines(bytes) : decodeBroken(encoding, bytes);
  }
}

/** Line by line, so that only where a line is broken a U+FFFD of the file itself counts as broken too. */
function decodeLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found + 1;
    const line = bytes.subarray(start, end);
    lines.push(line.length === bytes.length ? decodeBroken("utf-8", line) : decode("utf-8", line));
    start = end;
  }
  return lines.join("");
}

function decodeBroken(encoding: FileEncoding, bytes: Uint8Array): string {
  const text = new TextDecoder(encoding, { fatal: false, ignoreBOM: true }).decode(bytes);
  return text.replaceAll("\ufffd", UNREADABLE).replaceAll("\0", UNREADABLE);
}
