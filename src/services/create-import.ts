import { IMPORT_CHUNK_CHARS, IMPORT_UPLOAD_BATCH_CHUNKS } from "../config.ts";
import { type FileLayout, readLayout } from "../core/import/file-layout.ts";
import { FileText } from "../core/import/file-text.ts";
import type { ImportSnapshot } from "../core/import/import-view.ts";
import { listHeaderProblems } from "../core/import/problem.ts";
import { cutText } from "../core/import/text-pieces.ts";
import { NO_TOTALS } from "../core/import/totals.ts";
import { conflict, invalid, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { type Db, findConstraint, runBatch } from "../db/client.ts";
import { findDataSource } from "../db/data-sources.ts";
import { deleteChunks, insertChunks } from "../db/import-chunks.ts";
import { findImport, insertImport, type NewImport } from "../db/imports.ts";
import type { ServiceContext } from "./context.ts";
import { receiveUpload, type Upload, type UploadPart } from "./receive-upload.ts";

/**
 * Takes a file in, whose rows become records of a data source; one that is not there is made. What is wrong with a row
 * is found when a job works it off. The text is kept in pieces as it comes, and only then is the import written down.
 */
export async function createImport(
  ctx: ServiceContext,
  typeKey: string,
  parts: AsyncIterable<UploadPart>,
): Promise<Result<ImportSnapshot>> {
  const refusal = await checkSource(ctx, typeKey);
  if (refusal) return refusal;
  const uid = ctx.newId();
  const created = await keepUpload(ctx, uid, typeKey, parts).catch(async (error) => {
    await forgetUpload(ctx.db, uid);
    throw error;
  });
  if (!created.ok) {
    await forgetUpload(ctx.db, uid);
    return created;
  }
  await ctx.jobs.wake("import", uid);
  const row = await findImport(ctx.db, ctx.environmentId, uid);
  if (!row) throw new Error("an import that was just made is not there");
  return ok(row.snapshot);
}

/** The refusal of a data source that takes no imports; undefined for one that does, and for one that is not there yet. */
export async function checkSource(ctx: ServiceContext, typeKey: string): Promise<Result<never> | undefined> {
  const source = await findDataSource(ctx.db, ctx.environmentId, typeKey);
  if (!source || source.type === "api" || source.type === "csv") return undefined;
  return conflict(`A data source of the type ${source.type} takes no imports.`);
}

async function keepUpload(
  ctx: ServiceContext,
  uid: string,
  typeKey: string,
  parts: AsyncIterable<UploadPart>,
): Promise<Result<null>> {
  const received = await receiveUpload(parts, (content) => keepText(ctx.db, uid, content));
  if (!received.ok) return received;
  const { file, mapping } = received.value;
  const layout = readLayout(new TextEncoder().encode(file.head), file.chunks <= 1, mapping);
  if (!layout.ok) return invalid(layout.failure);
  return writeImport(ctx, describeImport(uid, typeKey, received.value, layout.value));
}

interface KeptText {
  encoding: FileText["encoding"];
  /** The first piece. */
  head: string;
  chunks: number;
  /** Bytes of the text as UTF-8. */
  size: number;
}

async function keepText(db: Db, uid: string, content: AsyncIterable<Uint8Array>): Promise<KeptText> {
  const text = new FileText();
  const kept = { head: "", chunks: 0, size: 0 };
  let waiting: string[] = [];
  const write = async () => {
    await runBatch(db, insertChunks(uid, kept.chunks, waiting));
    kept.chunks += waiting.length;
    waiting = [];
  };
  for await (const piece of cutText(content, text, IMPORT_CHUNK_CHARS)) {
    if (kept.size === 0) kept.head = piece;
    kept.size += new TextEncoder().encode(piece).length;
    waiting.push(piece);
    if (waiting.length === IMPORT_UPLOAD_BATCH_CHUNKS) await write();
  }
  await write();
  return { ...kept, encoding: text.encoding };
}

function describeImport(
  uid: string,
  typeKey: string,
  { filename, mapping, file }: Upload<KeptText>,
  { delimiter, header, headerLine, firstRow }: FileLayout,
): NewImport {
  const { encoding, chunks, size } = file;
  return {
    uid,
    typeKey,
    filename,
    mapping,
    dialect: { encoding, delimiter, header },
    position: { ...firstRow, chunk: 0, chunks, done: firstRow.offset, size },
    totals: NO_TOTALS,
    problems: listHeaderProblems({ header, headerLine }),
  };
}

async function writeImport(ctx: ServiceContext, row: NewImport): Promise<Result<null>> {
  try {
    const change = { action: "data_source.created", uid: row.typeKey } as const;
    const writes = insertImport(ctx.environmentId, row, ctx.now());
    await runBatch(ctx.db, [...ctx.alongside, ...auditChange(ctx, change, writes)]);
    return ok(null);
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    const refusal = await checkSource(ctx, row.typeKey);
    // Else the guard spoke for a statement of the caller's.
    if (!refusal) throw error;
    return refusal;
  }
}

/** Best effort: the cron deletes what stays. An import that was written all the same keeps its text. */
async function forgetUpload(db: Db, uid: string): Promise<void> {
  await runBatch(db, [deleteChunks(uid)]).catch((error) => {
    console.warn(JSON.stringify({ message: "an upload was not cleared away", import_id: uid, error: String(error) }));
  });
}
