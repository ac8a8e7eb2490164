import { BODY_FIRST_BYTES, BODY_PIECE_BYTES } from "../config.ts";
import { Refused } from "./refusal.ts";

/** The whole body of a request, in one buffer that it is read into as it comes. Throws `Refused` if it is encoded or too large. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  refuseEncoding(request);
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBytes) throw new Refused({ kind: "too_large", maxBytes });
  let buffer = new Uint8Array(declared > 0 ? declared : 0);
  let size = 0;
  for await (const bytes of request.body ?? []) {
    const needed = size + bytes.length;
    if (needed > maxBytes) throw new Refused({ kind: "too_large", maxBytes });
    if (needed > buffer.length) buffer = grow(buffer, needed, maxBytes);
    buffer.set(bytes, size);
    size = needed;
  }
  return buffer.subarray(0, size);
}

/** Nothing is unpacked: what a body comes to has to be known before it is read. */
export function refuseEncoding(request: Request): void {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") throw new Refused({ kind: "unsupported_encoding" });
}

function grow(buffer: Uint8Array<ArrayBuffer>, needed: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  const wanted = Math.max(needed, 2 * buffer.length, BODY_FIRST_BYTES);
  return new Uint8Array(buffer.buffer.transfer(Math.min(wanted, maxBytes)));
}

/** Bytes piece by piece, as a stream would bring them; the pieces are views. */
export async function* cutBytes(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += BODY_PIECE_BYTES) {
    yield bytes.subarray(start, start + BODY_PIECE_BYTES);
  }
}
