import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/core/json.ts";
import { isKeepable, listUnkeepable } from "../../src/core/text.ts";
import fc from "../support/fast-check.ts";

describe("texts that cannot be kept", () => {
  it.each([
    ["", true],
    ["plain", true],
    ["💳", true],
    ["\u0001\ufffd\uffff", true],
    ["\0", false],
    ["a\0b", false],
    ["\ud83d", false],
    ["\udcb3\ud83d", false],
  ])("%j: kept %s", (text, isKept) => {
    expect(isKeepable(text)).toBe(isKept);
  });

  it("are exactly those that UTF-8 or a NUL would change", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const survives =
          new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(new TextEncoder().encode(text)) === text;
        expect(isKeepable(text)).toBe(survives && !text.includes("\0"));
      }),
    );
  });

  it.each<[string, string, [string, string][]]>([
    ["a clean body", '{"a":["b",1,null,{"c":"d"}]}', []],
    ["a bare text", '"\\u0000"', [["", "invalid_text"]]],
    ["a value", '{"a":{"b/c":"\\ud800"}}', [["/a/b~1c", "invalid_text"]]],
    ["an item", '["x","\\u0000"]', [["/1", "invalid_text"]]],
    ["a name", '{"\\u0000":1}', [["/\0", "invalid_text"]]],
    ["a name that would set a prototype", '{"a":{"__proto__":{"b":1}}}', [["/a/__proto__", "invalid_name"]]],
    [
      "several, in the order of the body",
      '{"a":"\\u0000","b":["\\ud800",{"c":"\\udc00"}]}',
      [
        ["/a", "invalid_text"],
        ["/b/0", "invalid_text"],
        ["/b/1/c", "invalid_text"],
      ],
    ],
  ])("are listed by pointer: %s", (_, body, expected) => {
    const found = listUnkeepable(parseJson(body)).map((error) => [error.path, error.code]);
    expect(found).toEqual(expected);
  });

  it("are looked for at any depth without a recursion", () => {
    let body: unknown = "\0";
    for (let depth = 0; depth < 50_000; depth++) body = [body];
    expect(listUnkeepable(body)).toHaveLength(1);
  });
});
