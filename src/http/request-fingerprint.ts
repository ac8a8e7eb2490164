import { sha256Hex } from "../core/digest.ts";

/**
 * What two requests have in common if they ask for the same: method, path with query, and the body's bytes. Bytes, not
 * what they mean: numbers that JavaScript cannot tell apart are different requests. A multipart body is its parts,
 * since each sending of it draws another boundary.
 */
export async function fingerprintRequest(request: Request, body: Uint8Array): Promise<string> {
  const { pathname, search } = new URL(request.url);
  const content = (await digestParts(request.headers.get("content-type"), body)) ?? (await sha256Hex(body));
  return sha256Hex(JSON.stringify([request.method, pathname + search, content]));
}

async function digestParts(contentType: string | null, body: Uint8Array): Promise<string | undefined> {
  if (contentType === null || !/^multipart\/form-data\b/i.test(contentType)) return undefined;
  let form: FormData;
  try {
    form = await new Response(body, { headers: { "Content-Type": contentType } }).formData();
  } catch {
    return undefined;
  }
  const parts = [...form].map(async ([name, value]) =>
    typeof value === "string"
      ? [name, value]
      : [name, value.name, value.type, await sha256Hex(new Uint8Array(await value.arrayBuffer()))],
  );
  return sha256Hex(JSON.stringify(await Promise.all(parts)));
}
