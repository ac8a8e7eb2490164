import type { Item } from "./item.ts";

/** Names a set of records as they are now: an edit of one of them makes it another set. */
export function setKeyOf(items: readonly Pick<Item, "id" | "version">[]): string {
  return [...items]
    .sort((left, right) => left.id - right.id)
    .map((item) => `${item.id}.${item.version}`)
    .join(",");
}
