import { Readable } from "node:stream";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { FORM_MAX_PARTS, REQUEST_MAX_BYTES } from "../config.ts";
import type { UploadPart } from "../services/receive-upload.ts";
import { refuseEncoding } from "./body-bytes.ts";
import { Refused } from "./refusal.ts";

/** The parser drops what comes after this; the body is refused before it comes to that. */
const PART_MAX_BYTES = REQUEST_MAX_BYTES + 1;

export interface FormPart extends UploadPart {
  /** As the part declares it. */
  contentType: string;
}

/**
 * The parts of a request's form, one after the other, none of them ever held whole. Throws `Refused` at once if the
 * request declares no form or an encoded one, and later if it is too large or breaks off.
 */
export function readFormParts(request: Request, body: AsyncIterable<Uint8Array> | null): AsyncIterable<FormPart> {
  const contentType = request.headers.get("content-type") ?? "";
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType)) {
    throw new Refused({ kind: "unsupported_media_type", isForm: true });
  }
  refuseEncoding(request);
  if (Number(request.headers.get("content-length") ?? 0) > REQUEST_MAX_BYTES)
    throw new Refused({ kind: "too_large", maxBytes: REQUEST_MAX_BYTES });
  return readParts(openParser(contentType), Readable.from(limit(body)));
}

function openParser(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { "content-type": contentType },
      limits: { parts: FORM_MAX_PARTS, fileSize: PART_MAX_BYTES },
      isPartAFile: () => true,
    });
  } catch {
    throw unreadable();
  }
}

async function* limit(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const bytes of body ?? []) {
    size += bytes.length;
    if (size > REQUEST_MAX_BYTES) throw new Refused({ kind: "too_large", maxBytes: REQUEST_MAX_BYTES });
    yield bytes;
  }
}

async function* readParts(parser: BusboyInstance, feed: Readable): AsyncGenerator<FormPart> {
  let open: BusboyFileStream | undefined;
  let isOver = false;
  const parts = new ReadableStream<FormPart>({
    start(controller) {
      const end = (close: () => void) => {
        if (!isOver) close();
        isOver = true;
      };
      const fail = (error: unknown) =>
        end(() => {
          const refused = error instanceof Refused ? error : unreadable();
          open?.destroy(refused);
          controller.error(refused);
        });
      parser.on("file", (name: string | undefined, content, filename: string | undefined, _encoding, contentType) => {
        open = content;
        // Whoever reads it meets the error there; where nobody does, it is the form that fails.
        content.on("error", () => undefined);
        if (isOver) content.resume();
        else {
          const part = { name: name ?? "", filename: filename ?? null, contentType };
          controller.enqueue({ ...part, content: readContent(content) });
        }
      });
      parser.on("partsLimit", () => fail(unreadable()));
      parser.on("finish", () => end(() => controller.close()));
      parser.on("error", fail);
      feed.on("error", fail);
      feed.pipe(parser);
    },
  });
  try {
    for await (const part of parts) yield part;
  } finally {
    isOver = true;
    feed.unpipe(parser);
    feed.destroy();
  }
}

async function* readContent(content: BusboyFileStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of content) yield bytes as Uint8Array;
  } catch (error) {
    throw error instanceof Refused ? error : unreadable();
  }
}

function unreadable(): Refused {
  return new Refused({ kind: "unreadable", isForm: true });
}
