import { describe, expect, it } from "vitest";
import { type FileEncoding, FileText, UNREADABLE } from "../../../src/core/import/file-text.ts";
import fc from "../../support/fast-check.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let place = 0; place < text.length; place++) view.setUint16(place * 2, text.charCodeAt(place), isLittle);
  return bytes;
}

const CODE_PAGE = new TextDecoder("windows-1252").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
const windows1252 = (text: string) => Uint8Array.from(text, (character) => CODE_PAGE.indexOf(character));
const bytesOf = (...bytes: number[]) => Uint8Array.from(bytes);
const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

function read(bytes: Uint8Array, cuts: number[] = []): { text: string; encoding: FileEncoding } {
  const file = new FileText();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let text = "";
  for (let i = 1; i < places.length; i++) text += file.push(bytes.slice(places[i - 1], places[i]));
  text += file.end();
  return { text, encoding: file.encoding };
}

const TEXT = "Datum;Betrag\r\n01.02.2026;Müller & Söhne – 5 €\n";

describe("the text of a file", () => {
  it.each<[string, Uint8Array, FileEncoding]>([
    ["UTF-8", utf8(TEXT), "utf-8"],
    ["UTF-8 with its mark", joined(bytesOf(0xef, 0xbb, 0xbf), utf8(TEXT)), "utf-8"],
    ["UTF-16, little end first, with its mark", joined(bytesOf(0xff, 0xfe), utf16(TEXT, true)), "utf-16le"],
    ["UTF-16, big end first, with its mark", joined(bytesOf(0xfe, 0xff), utf16(TEXT, false)), "utf-16be"],
    ["UTF-16 without a mark, little end first", utf16(TEXT, true), "utf-16le"],
    ["UTF-16 without a mark, big end first", utf16(TEXT, false), "utf-16be"],
    ["Windows-1252", windows1252(TEXT), "windows-1252"],
  ])("is read from %s", (_, bytes, encoding) => {
    expect(read(bytes)).toEqual({ text: TEXT, encoding });
  });

  it.each(["", "a", "ab", "abc", "abcd"])("may be as short as %j", (text) => {
    expect(read(utf8(text))).toEqual({ text, encoding: "utf-8" });
  });

  it("is Windows-1252 also where its first such character comes late", () => {
    const text = `${"a,b\n".repeat(50_000)}café,1\n`;
    expect(read(windows1252(text), [70_000, 131_072])).toEqual({ text, encoding: "windows-1252" });
  });

  it("stays UTF-8 where a character was cut in two, and shows only that one as unreadable", () => {
    const bytes = joined(utf8("Müll\ufffd\nMülle"), bytesOf(0xc3), utf8("\nKöln \ufffd\n"));
    expect(read(bytes)).toEqual({ text: `Müll\ufffd\nMülle${UNREADABLE}\nKöln \ufffd\n`, encoding: "utf-8" });
  });

  it("shows half a character at the end as unreadable", () => {
    expect(read(joined(utf8("ä ö ü"), bytesOf(0xe2, 0x82))).text).toBe(`ä ö ü${UNREADABLE}`);
    expect(read(joined(bytesOf(0xff, 0xfe), utf16("ab", true), bytesOf(0x63))).text).toBe(`ab${UNREADABLE}`);
  });

  it("shows NUL and half of a surrogate pair as unreadable", () => {
    expect(read(utf8("abcd\0ef")).text).toBe(`abcd${UNREADABLE}ef`);
    expect(read(joined(bytesOf(0xff, 0xfe), utf16("a\ud83db", true))).text).toBe(`a${UNREADABLE}b`);
  });

  const whole = fc.string({ unit: "grapheme", minLength: 4 }).filter((text) => !/[\0\uffff\ufeff]/.test(text));
  const cuts = fc.array(fc.nat(), { maxLength: 8 });

  it.each<[string, (text: string) => Uint8Array]>([
    ["UTF-8", (text) => joined(bytesOf(0xef, 0xbb, 0xbf), utf8(text))],
    ["UTF-16LE", (text) => joined(bytesOf(0xff, 0xfe), utf16(text, true))],
    ["UTF-16BE", (text) => joined(bytesOf(0xfe, 0xff), utf16(text, false))],
  ])("is the same however the bytes of %s come", (_, encode) => {
    fc.assert(
      fc.property(whole, cuts, (text, places) => {
        expect(read(encode(text), places).text).toBe(text);
      }),
    );
  });

  it("is the same however bytes without a mark come", () => {
    const bytes = fc.uint8Array({ minLength: 5, maxLength: 60 });
    fc.assert(
      fc.property(bytes, cuts, (content, places) => {
        expect(read(content, places)).toEqual(read(content));
      }),
    );
  });
});
