import { sql } from "drizzle-orm";
import { v7 as newId } from "uuid";
import { COMMIT_MAX_TRIES } from "../config.ts";
import { dayOf } from "../core/calendar.ts";
import { countRecords, type ExceptionSnapshot, type ExceptionStatus, isClosed } from "../core/exception.ts";
import { conflict, fail, notFound, ok, type Result } from "../core/result.ts";
import { auditChange } from "../db/audit-entries.ts";
import { findConstraint, runBatch } from "../db/client.ts";
import { fanOutDeliveries } from "../db/deliveries.ts";
import { insertExceptionEvents, selectExceptionEvents } from "../db/exception-sync.ts";
import {
  type ExceptionRow,
  exceptionIsAt,
  findException,
  insertComment,
  readException,
  selectException,
  updateException as writeException,
} from "../db/exceptions.ts";
import { expectThat } from "../db/guard.ts";
import type { ServiceContext } from "./context.ts";
import { sendAnnouncement } from "./send-announcement.ts";

/** What is absent stays. */
export interface ExceptionPatch {
  status?: ExceptionStatus | undefined;
  assignee?: string | null | undefined;
}

type Next = Pick<ExceptionSnapshot, "status" | "assignee">;

/** Changes what a person may change of an exception. While records are left it is closed by dismissing it alone. */
export async function updateException(
  ctx: ServiceContext,
  uid: string,
  patch: ExceptionPatch,
): Promise<Result<ExceptionSnapshot>> {
  for (let tries = 0; tries < COMMIT_MAX_TRIES; tries++) {
    const row = await findException(ctx.db, ctx.environmentId, uid, dayOf(ctx.now()));
    if (!row) return notFound("exception");
    const { snapshot } = row;
    const { status = snapshot.status, assignee = snapshot.assignee } = patch;
    if (status === snapshot.status && assignee === snapshot.assignee) return ok(snapshot);
    const allowed = checkStatus(snapshot, status);
    if (!allowed.ok) return allowed;
    const written = await write(ctx, row, { status, assignee });
    if (written) return ok(written);
  }
  return fail({ kind: "conflict", detail: "The exception keeps changing at the same moment.", retryAfterSeconds: 1 });
}

function checkStatus(exception: ExceptionSnapshot, status: ExceptionStatus): Result<null> {
  if (status === exception.status) return ok(null);
  const left = countRecords(exception);
  if (status === "resolved" && left > 0) {
    return conflict("It is resolved by itself once none of its records is left; to close it now, dismiss it.");
  }
  if (status !== "resolved" && left === 0) {
    return conflict("None of its records is left; it opens by itself when one is overdue or ambiguous.");
  }
  return ok(null);
}

/** Undefined if the exception is no longer as it was read. */
async function write(ctx: ServiceContext, row: ExceptionRow, next: Next): Promise<ExceptionSnapshot | undefined> {
  const { environmentId } = ctx;
  const { snapshot } = row;
  const now = ctx.now();
  const changeUid = newId();
  const turns = isClosed(snapshot.status) !== isClosed(next.status);
  const kind = !turns ? "changed" : isClosed(next.status) ? "closed" : "opened";
  const comment = { uid: newId(), kind, keyUid: ctx.keyUid, body: describe(snapshot, next) } as const;
  const pair = sql`select reconciliation_id, source_id from reconciliation_exceptions where id = ${row.id}`;
  try {
    const results = await runBatch(ctx.db, [
      ...ctx.alongside,
      expectThat(exceptionIsAt(row)),
      ...auditChange(ctx, { action: "reconciliation_exception.updated", uid: snapshot.id }, [
        writeException(row.id, next, changeUid, now),
      ]),
      insertComment(row.id, comment, now),
      ...(turns ? [insertExceptionEvents(environmentId, pair, changeUid, now)] : []),
      fanOutDeliveries(environmentId, [], now, selectExceptionEvents(pair, changeUid)),
      selectException(environmentId, snapshot.id, dayOf(now)),
    ]);
    await sendAnnouncement(ctx, results.at(-2));
    return readException(results.at(-1)?.results[0]).snapshot;
  } catch (error) {
    if (findConstraint(error)?.kind !== "guard") throw error;
    return undefined;
  }
}

function describe(before: Next, after: Next): string {
  const parts = [
    ...(before.status === after.status ? [] : [`status: ${before.status} → ${after.status}`]),
    ...(before.assignee === after.assignee
      ? []
      : [`assignee: ${before.assignee ?? "nobody"} → ${after.assignee ?? "nobody"}`]),
  ];
  return parts.join("; ");
}
