import type { Dice } from "./dice.ts";
import { type Json, operations } from "./document.ts";

const KEPT_VALUES = 40;
const KEPT_ADDRESSES = 60;
const TEXT_MAX_CHARS = 300;

/** Names under which a request asks for what an answer gives under another one. */
const ALIASES: Record<string, string> = {
  side_a: "type_key",
  side_b: "type_key",
  preview_id: "run_id",
  ledgerable_id: "expected_payment_id",
};

const itemPaths = operations.map(({ path }) => path).filter((path) => path.endsWith("}"));

/** What answers have shown to the keys of one environment: addresses of its resources, and values by their names. */
export class Pool {
  readonly #values = new Map<string, unknown[]>();
  /** Values under names that only end alike: an `endpoint_id` is a `webhook_endpoint_id`. */
  readonly #likely = new Map<string, unknown[]>();
  readonly #addresses = new Map<string, string[]>();

  /** Takes in an answer to a request that was accepted. */
  harvest(path: string, pathname: string, headers: Headers, body: Json): void {
    const location = headers.get("location");
    const cursor = headers.get("x-after-cursor") || body?.next_cursor;
    if (cursor) this.#remember(this.#values, cursorOf(path), cursor);
    this.#addAddress(location ?? pathname);
    const items = Array.isArray(body) ? body : Array.isArray(body?.data) ? body.data : [];
    for (const item of items) this.#addItem(pathname, item);
    this.#addMembers(body);
  }

  /** A value that belongs under this name; undefined if none is known. */
  value(dice: Dice, name: string): unknown {
    for (
      let wanted = ALIASES[name] ?? singularOf(name.replace(/\[\]$/, ""));
      wanted !== "";
      wanted = wanted.replace(/^[^_]*_?/, "")
    ) {
      const found = this.#values.get(wanted) ?? this.#likely.get(wanted);
      if (found) return dice.pick(found);
    }
    return undefined;
  }

  /** Where a page of the list at this path of the document has ended. */
  cursor(dice: Dice, path: string): unknown {
    const known = this.#values.get(cursorOf(path));
    return known && dice.pick(known);
  }

  /** Addresses of the resources at this path of the document. */
  addresses(path: string): readonly string[] {
    return this.#addresses.get(path) ?? [];
  }

  #addItem(pathname: string, item: Json): void {
    if (typeof item !== "object" || item === null) return;
    const name = item.id ?? item.key;
    if (typeof name === "string") this.#addAddress(`${pathname}/${name}`);
  }

  #addAddress(address: string): void {
    const path = itemPaths.find((path) => patternOf(path).test(address));
    if (path === undefined) return;
    const known = this.#addresses.get(path) ?? [];
    if (!known.includes(address)) this.#addresses.set(path, [...known, address].slice(-KEPT_ADDRESSES));
    const [collection = "", id = ""] = address.split("/").slice(-2);
    const noun = singularOf(collection);
    this.#remember(this.#values, noun === "data_source" ? "type_key" : `${noun}_id`, id);
    const words = noun.split("_");
    for (let start = 1; start < words.length; start++) {
      this.#remember(this.#likely, `${words.slice(start).join("_")}_id`, id);
    }
  }

  #addMembers(value: Json): void {
    if (Array.isArray(value)) for (const item of value) this.#addMembers(item);
    if (typeof value !== "object" || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (Array.isArray(member)) {
        for (const one of member) if (typeof one === "string") this.#remember(this.#values, singularOf(name), one);
      }
      if (typeof member === "object") this.#addMembers(member);
      else if (name !== "id" && name !== "object") this.#remember(this.#values, name, member);
    }
  }

  #remember(map: Map<string, unknown[]>, name: string, value: unknown): void {
    if (typeof value === "string" && (value.length > TEXT_MAX_CHARS || value === "")) return;
    const known = map.get(name) ?? [];
    if (!known.includes(value)) map.set(name, [...known, value].slice(-KEPT_VALUES));
  }
}

function cursorOf(path: string): string {
  return `cursor of ${path}`;
}

export function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}

export function singularOf(name: string): string {
  if (/ies$/.test(name)) return name.replace(/ies$/, "y");
  if (/(ch|sh|x|ss)es$/.test(name)) return name.replace(/es$/, "");
  return /[^su]s$/.test(name) ? name.replace(/s$/, "") : name;
}
