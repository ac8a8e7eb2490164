import { formatHex, sha256Hex } from "../core/digest.ts";
import { cutBytes } from "./body-bytes.ts";
import { readFormParts } from "./form-parts.ts";
import { Refused } from "./refusal.ts";

/**
 * What two requests have in common if they ask for the same: method, path with query, and the body's bytes. Bytes, not
 * what they mean: numbers that JavaScript cannot tell apart are different requests. A multipart body is its parts,
 * since each sending of it draws another boundary.
 */
export async function fingerprintRequest(request: Request, body: Uint8Array): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const content = (await digestParts(request, body)) ?? (await sha256Hex(body));
  return sha256Hex(JSON.stringify([request.method, pathname + search, content]));
}

/** Undefined if the body is no form that can be read. The body may be large: no second one is made of it. */
async function digestParts(request: Request, body: Uint8Array): Promise<string | undefined> {
  const parts: (string | null)[][] = [];
  try {
    for await (const { name, filename, contentType, content } of readFormParts(request, cutBytes(body))) {
      parts.push([name, filename, contentType, await digestContent(content)]);
    }
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
  return sha256Hex(JSON.stringify(parts));
}

async function digestContent(content: AsyncIterable<Uint8Array>): Promise<string> {
  const stream = new crypto.DigestStream("SHA-256");
  // Where the content breaks off nobody waits for it.
  stream.digest.catch(() => undefined);
  const writer = stream.getWriter();
  try {
    for await (const bytes of content) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
  return formatHex(await stream.digest);
}
