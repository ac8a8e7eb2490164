import { type SQL, sql } from "drizzle-orm";
import { LIST_MAX_BYTES } from "../config.ts";

const encoder = new TextEncoder();

/** A list of any size as bound values for `json_each(…)`, none above `LIST_MAX_BYTES` unless a single member is. */
export function jsonLists(values: readonly unknown[]): SQL[] {
  const lists: string[][] = [];
  let room = 0;
  for (const value of values) {
    const text = JSON.stringify(value);
    const size = encoder.encode(text).length + 1;
    if (size > room) {
      lists.push([]);
      room = LIST_MAX_BYTES;
    }
    lists.at(-1)?.push(text);
    room -= size;
  }
  return lists.map((members) => sql`${`[${members.join(",")}]`}`);
}
