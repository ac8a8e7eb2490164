import { describe, expect, it } from "vitest";
import { BODY_FIRST_BYTES, REQUEST_MAX_BYTES } from "../../src/config.ts";
import { cutBytes, readBytes } from "../../src/http/body-bytes.ts";
import { fingerprintRequest } from "../../src/http/request-fingerprint.ts";

const URL = "https://tieout.test/v1/data_sources/bank/imports";
const utf8 = (text: string) => new TextEncoder().encode(text);

interface Part {
  name: string;
  filename?: string;
  type?: string;
  content: string;
}

const FILE = { name: "file", filename: "a.csv", type: "text/csv", content: "Day,Sum\n2026-01-15,1\n" };
const MAPPING = { name: "mapping", content: "{}" };

async function fingerprint(parts: readonly Part[], boundary = "one", end = `--${boundary}--\r\n`): Promise<string> {
  const written = parts.map(({ name, filename, type, content }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const head = `Content-Disposition: form-data; name="${name}"${file}\r\n`;
    return `--${boundary}\r\n${head}${type === undefined ? "" : `Content-Type: ${type}\r\n`}\r\n${content}\r\n`;
  });
  const body = utf8(written.join("") + end);
  const headers = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
  return fingerprintRequest(new Request(URL, { method: "POST", headers, body }), body);
}

describe("a form", () => {
  it("is the same whatever its boundary, also if it is large", async () => {
    const large = { ...FILE, content: "2026-01-15,1\r\n".repeat(200_000) };
    expect(await fingerprint([large, MAPPING], "one")).toBe(await fingerprint([large, MAPPING], "another"));
    const other = { ...large, content: `${large.content.slice(0, -3)}2\r\n` };
    expect(await fingerprint([other, MAPPING])).not.toBe(await fingerprint([large, MAPPING]));
  });

  it.each<[string, Part[]]>([
    ["name", [{ ...FILE, name: "other" }, MAPPING]],
    ["filename", [{ ...FILE, filename: "b.csv" }, MAPPING]],
    ["type", [{ ...FILE, type: "text/plain" }, MAPPING]],
    ["content", [{ ...FILE, content: "" }, MAPPING]],
    ["order", [MAPPING, FILE]],
    ["number of parts", [FILE, MAPPING, MAPPING]],
  ])("is another one with another %s", async (_, parts) => {
    expect(await fingerprint(parts)).not.toBe(await fingerprint([FILE, MAPPING]));
  });

  it("that cannot be read is its bytes", async () => {
    const cut = (boundary: string) => fingerprint([FILE], boundary, "");
    expect(await cut("one")).toBe(await cut("one"));
    expect(await cut("one")).not.toBe(await cut("another"));
  });
});

describe("a body", () => {
  const stream = (pieces: Uint8Array[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
  const read = (pieces: Uint8Array[], headers: Record<string, string> = {}) =>
    readBytes(new Request(URL, { method: "POST", headers, body: stream(pieces) }), REQUEST_MAX_BYTES);
  const pieces = Array.from({ length: 9 }, (_, no) => new Uint8Array(BODY_FIRST_BYTES / 4).fill(no));
  const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));

  it.each<[string, Record<string, string>]>([
    ["unknown", {}],
    ["known", { "Content-Length": `${whole.length}` }],
    ["wrong", { "Content-Length": "7" }],
    ["nonsense", { "Content-Length": "-1" }],
  ])("is read whole where its length is %s", async (_, headers) => {
    expect(await read(pieces, headers)).toEqual(whole);
    expect(await read([], headers)).toHaveLength(0);
  });

  it("is read into one buffer, and from it", async () => {
    const bytes = await read(pieces, { "Content-Length": `${whole.length}` });
    expect(bytes.buffer.byteLength).toBe(whole.length);
    for await (const piece of cutBytes(bytes)) expect(piece.buffer).toBe(bytes.buffer);
  });

  it("is refused once it is too large", async () => {
    const piece = new Uint8Array(REQUEST_MAX_BYTES / 4);
    expect(await read([piece, piece, piece, piece])).toHaveLength(REQUEST_MAX_BYTES);
    await expect(read([piece, piece, piece, piece, new Uint8Array(1)])).rejects.toThrow("too_large");
    await expect(read([], { "Content-Length": `${REQUEST_MAX_BYTES + 1}` })).rejects.toThrow("too_large");
  });
});
