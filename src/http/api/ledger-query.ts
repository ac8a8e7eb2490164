import { z } from "@hono/zod-openapi";
import { parseDay, parseTime } from "../../core/calendar.ts";
import { parseInstant } from "../../core/ledger/instant.ts";
import { MAX_MINOR_UNITS } from "../../core/money.ts";
import type { LedgerOrder } from "../../db/ledger-order.ts";
import { queryMembers, queryPairs } from "../query-parameters.ts";

/** What of a list's bounds a parameter of this kind may name. */
function bounds<T extends z.ZodType>(value: T, description: string) {
  return queryMembers({ gt: value, gte: value, lt: value, lte: value, eq: value }, description);
}

function readAs<T>(read: (text: string) => T | undefined, message: string, meta: object) {
  return z
    .string()
    .transform((text, context): T => {
      const value = read(text);
      if (value !== undefined) return value;
      context.addIssue({ code: "custom", message, params: { code: "invalid_format" } });
      return z.NEVER;
    })
    .meta({ type: "string", ...meta } as never);
}

const NO_TIME = "Must be an RFC 3339 time.";

/** An instant in milliseconds, cut to the seconds that answers show. */
export const second = readAs(
  (text) => {
    const instant = parseTime(text);
    return instant === undefined ? undefined : Math.floor(instant / 1_000) * 1_000;
  },
  NO_TIME,
  { format: "date-time" },
);

/** An instant with microseconds. */
export const instant = readAs(parseInstant, NO_TIME, { format: "date-time" });

export const day = readAs(parseDay, "Must be a date that exists, YYYY-MM-DD.", { format: "date" });

const AMOUNT = new RegExp(`^-?\\d{1,${`${MAX_MINOR_UNITS}`.length}}$`);

export const integer = readAs((text) => (AMOUNT.test(text) ? Number(text) : undefined), "Must be a whole number.", {
  type: "integer",
});

export const timeBounds = (what: string) => bounds(second, `Bounds of ${what}, to the second`);
export const instantBounds = (what: string) => bounds(instant, `Bounds of ${what}`);
export const dayBounds = (what: string) => bounds(day, `Bounds of ${what}`);
export const integerBounds = (what: string) => bounds(integer, `Bounds of ${what}`);

/** As `integerBounds`, and a value that it must not be. */
export const balanceBounds = (what: string) =>
  queryMembers(
    { gt: integer, gte: integer, lt: integer, lte: integer, eq: integer, not_eq: integer },
    `Bounds of ${what}, in minor units`,
  );

export const flag = (description: string) =>
  z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional()
    .meta({ type: "boolean", description } as never);

export const metadataQuery = queryPairs("Pairs that all must be there: metadata[key]=value");

export function readPairs(pairs: Record<string, string> | undefined): { key: string; value: string }[] {
  return Object.entries(pairs ?? {}).map(([key, value]) => ({ key, value }));
}

const direction = z.enum(["asc", "desc"]);

export const orderQuery = queryMembers(
  { created_at: direction, effective_at: direction },
  "By which one time to order; newest first unless this is given",
).refine((order) => Object.keys(order ?? {}).length < 2, {
  error: "Order by one time only.",
  params: { code: "invalid" },
});

export function readOrder(order: z.output<typeof orderQuery>): LedgerOrder {
  if (order?.effective_at) return { by: "effective_at", direction: order.effective_at };
  return { by: "created_at", direction: order?.created_at ?? "desc" };
}

/** A cursor goes on in the order in which its page was. */
export function listName(list: string, { by, direction }: LedgerOrder): string {
  return `${list} by ${by} ${direction}`;
}
