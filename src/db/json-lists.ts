import { type SQL, sql } from "drizzle-orm";
import { LIST_MAX_BYTES } from "../config.ts";

const encoder = new TextEncoder();

/** A list of any size as bound values for `json_each(…)`, none above `LIST_MAX_BYTES` unless a single member is. */
export function jsonLists(values: Iterable<unknown>): SQL[] {
  const lists: SQL[] = [];
  let members: string[] = [];
  let room = LIST_MAX_BYTES;
  const close = () => {
    if (members.length > 0) lists.push(sql`${`[${members.join(",")}]`}`);
    members = [];
    room = LIST_MAX_BYTES;
  };
  for (const value of values) {
    const text = JSON.stringify(value);
    const size = encoder.encode(text).length + 1;
    if (size > room) close();
    members.push(text);
    room -= size;
  }
  close();
  return lists;
}
