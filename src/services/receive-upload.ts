import { FILENAME_MAX_CHARS, MAPPING_MAX_BYTES } from "../config.ts";
import { type Mapping, parseMapping } from "../core/import/mapping.ts";
import { type FieldError, invalid, ok, type Result } from "../core/result.ts";
import { isKeepable } from "../core/text.ts";

/** One part of a form, as it comes; the next one comes once its content has been read to the end. */
export interface UploadPart {
  name: string;
  filename: string | null;
  content: AsyncIterable<Uint8Array>;
}

/** A file that came with a mapping; `text` is what has been made of it. */
export interface Upload<T> {
  filename: string | null;
  mapping: Mapping;
  file: T;
}

/**
 * Reads a form of a `file` and a `mapping`, in whatever order. The file is handed on as it comes, with the mapping if
 * that came before; not where the form has been found wrong by then.
 */
export async function receiveUpload<T>(
  parts: AsyncIterable<UploadPart>,
  takeFile: (content: AsyncIterable<Uint8Array>, mapping: Mapping | undefined) => Promise<T>,
): Promise<Result<Upload<T>>> {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  let file: { filename: string | null; taken: T } | undefined;
  let mapping: Mapping | undefined;
  for await (const { name, filename, content } of parts) {
    const error = checkName(name, names);
    names.add(name);
    if (error) errors.push(error);
    if (error || (name === "file" && errors.length > 0)) {
      await drain(content);
    } else if (name === "file") {
      file = { filename: tidyName(filename), taken: await takeFile(content, mapping) };
    } else {
      const parsed = await readMapping(content);
      if (parsed.ok) mapping = parsed.value;
      else errors.push(...parsed.failure);
    }
  }
  for (const name of ["file", "mapping"]) {
    if (!names.has(name)) errors.push({ path: `/${name}`, code: "required", message: "This part is required." });
  }
  if (errors.length > 0 || !file || !mapping) return invalid(errors);
  return ok({ filename: file.filename, mapping, file: file.taken });
}

function checkName(name: string, known: ReadonlySet<string>): FieldError | undefined {
  const path = `/${name.slice(0, 64).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  if (name !== "file" && name !== "mapping") return { path, code: "unknown_field", message: "There is no such part." };
  return known.has(name) ? { path, code: "repeated", message: "Send this part once." } : undefined;
}

async function readMapping(content: AsyncIterable<Uint8Array>): Promise<Result<Mapping, FieldError[]>> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const bytes of content) {
    size += bytes.length;
    if (size <= MAPPING_MAX_BYTES) text += decoder.decode(bytes, { stream: true });
  }
  if (size <= MAPPING_MAX_BYTES) return parseMapping(text + decoder.decode());
  const message = `May have at most ${MAPPING_MAX_BYTES} bytes.`;
  return { ok: false, failure: [{ path: "/mapping", code: "too_large", message }] };
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content);
}

function tidyName(filename: string | null): string | null {
  const name = filename?.slice(0, FILENAME_MAX_CHARS).toWellFormed() ?? "";
  return name !== "" && isKeepable(name) ? name : null;
}
