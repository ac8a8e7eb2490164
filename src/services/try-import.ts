import { DRY_RUN_MAX_PROBLEMS, DRY_RUN_MAX_ROWS, DRY_RUN_SHOWN_ROWS, IMPORT_CHUNK_CHARS } from "../config.ts";
import { joinBytes } from "../core/import/bytes.ts";
import { readLayout } from "../core/import/file-layout.ts";
import { FileText } from "../core/import/file-text.ts";
import type { Mapping } from "../core/import/mapping.ts";
import { listHeaderProblems } from "../core/import/problem.ts";
import { openRowReader } from "../core/import/read-row.ts";
import { cutText } from "../core/import/text-pieces.ts";
import { Trial } from "../core/import/trial.ts";
import type { ImportTrial } from "../core/import/trial-view.ts";
import { type FieldError, fail, invalid, ok, type Result } from "../core/result.ts";
import { findSourceWithDefinitions } from "../db/source-definitions.ts";
import type { ServiceContext } from "./context.ts";
import { checkSource } from "./create-import.ts";
import { receiveUpload, type UploadPart } from "./receive-upload.ts";

type FileTrial = Pick<ImportTrial, "encoding" | "layout" | "trial">;

/** Reads a file as an import would, and writes nothing. A file that comes before its mapping is packed until then. */
export async function tryImport(
  ctx: ServiceContext,
  typeKey: string,
  parts: AsyncIterable<UploadPart>,
): Promise<Result<ImportTrial>> {
  const refusal = await checkSource(ctx, typeKey);
  if (refusal) return refusal;
  const source = await findSourceWithDefinitions(ctx.db, ctx.environmentId, typeKey);
  const tryOn = (content: AsyncIterable<Uint8Array>, mapping: Mapping) =>
    tryFile(content, mapping, { typeKey, definitions: source?.definitions ?? [] });
  const received = await receiveUpload(parts, async (content, mapping) =>
    mapping ? tryOn(content, mapping) : pack(content),
  );
  if (!received.ok) return received;
  const { file, mapping, filename } = received.value;
  const tried = Array.isArray(file) ? await tryOn(unpack(file), mapping) : file;
  return tried.ok ? ok({ typeKey, filename, ...tried.value }) : invalid(tried.failure);
}

async function tryFile(
  content: AsyncIterable<Uint8Array>,
  mapping: Mapping,
  source: Pick<Parameters<typeof openRowReader>[0], "typeKey" | "definitions">,
): Promise<Result<FileTrial, FieldError[]>> {
  const text = new FileText();
  let outcome: Result<Omit<FileTrial, "encoding">, FieldError[]> | undefined;
  let held: Uint8Array = new Uint8Array();
  for await (const { piece, isLast } of markLast(cutText(content, text, IMPORT_CHUNK_CHARS))) {
    // What is not looked at has to be read all the same: the next part of the form comes after it.
    if (outcome && (!outcome.ok || outcome.value.trial.isCut)) continue;
    held = joinBytes(held, new TextEncoder().encode(piece));
    outcome ??= openTrial(held, isLast, mapping, source);
    if (outcome.ok) held = outcome.value.trial.read(held, isLast);
  }
  outcome ??= openTrial(held, true, mapping, source);
  return outcome.ok ? ok({ ...outcome.value, encoding: text.encoding }) : outcome;
}

function openTrial(
  head: Uint8Array,
  isWhole: boolean,
  mapping: Mapping,
  source: Pick<Parameters<typeof openRowReader>[0], "typeKey" | "definitions">,
): Result<Omit<FileTrial, "encoding">, FieldError[]> {
  const layout = readLayout(head, isWhole, mapping);
  if (!layout.ok) return fail(layout.failure);
  const { columns, columnCount, delimiter, firstRow } = layout.value;
  const reader = openRowReader({ ...source, mapping, columns, columnCount });
  const limits = { shownRows: DRY_RUN_SHOWN_ROWS, maxRows: DRY_RUN_MAX_ROWS, maxProblems: DRY_RUN_MAX_PROBLEMS };
  const trial = new Trial(reader, delimiter, firstRow, listHeaderProblems(layout.value), limits);
  return ok({ layout: layout.value, trial });
}

async function* markLast(pieces: AsyncIterable<string>): AsyncGenerator<{ piece: string; isLast: boolean }> {
  let held: string | undefined;
  for await (const piece of pieces) {
    if (held !== undefined) yield { piece: held, isLast: false };
    held = piece;
  }
  if (held !== undefined) yield { piece: held, isLast: true };
}

async function pack(content: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const { readable, writable } = new CompressionStream("gzip");
  const packed: Uint8Array[] = [];
  const collected = (async () => {
    for await (const bytes of readable) packed.push(bytes);
  })();
  const writer = writable.getWriter();
  try {
    for await (const bytes of content) await writer.write(bytes);
    await writer.close();
  } catch (error) {
    collected.catch(() => undefined);
    await writer.abort(error);
    throw error;
  }
  await collected;
  return packed;
}

function unpack(packed: Uint8Array[]): AsyncIterable<Uint8Array> {
  return new Blob(packed).stream().pipeThrough(new DecompressionStream("gzip"));
}
