import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import type { FieldError } from "../../src/core/result.ts";
import {
  documentQuery,
  gatherParameters,
  nameParameter,
  queryList,
  queryMembers,
  queryPairs,
} from "../../src/http/query-parameters.ts";

const query = z.strictObject({
  name: z.string().optional(),
  status: queryList(z.enum(["pending", "posted"]), "Any of these"),
  metadata: queryPairs("All of these"),
  order_by: queryMembers({ created_at: z.enum(["asc", "desc"]) }, "The order"),
  amount: queryMembers({ gte: z.string(), eq: z.string() }, "The amount"),
});

function gather(text: string): { given: Record<string, unknown>; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const given = gatherParameters(query, new URLSearchParams(text), errors);
  return { given, errors };
}

describe("parameters with brackets", () => {
  it.each<[string, unknown]>([
    ["", {}],
    ["name=a", { name: "a" }],
    ["status=pending", { status: ["pending"] }],
    ["status[]=pending&status[]=posted", { status: ["pending", "posted"] }],
    ["status=pending&status=posted", { status: ["pending", "posted"] }],
    ["metadata[Key Name]=a b&metadata[x]=", { metadata: { "Key Name": "a b", x: "" } }],
    ["metadata[a[0]]=1&metadata[]]=2", { metadata: { "a[0]": "1", "]": "2" } }],
    ["metadata[constructor]=1", { metadata: { constructor: "1" } }],
    ["order_by[created_at]=asc", { order_by: { created_at: "asc" } }],
    ["amount[gte]=5&amount[eq]=6", { amount: { gte: "5", eq: "6" } }],
    ["amount=5", { amount: { eq: "5" } }],
  ])("are put together: %s", (text, expected) => {
    const { given, errors } = gather(text);
    expect(errors).toEqual([]);
    expect(query.parse(given)).toEqual(expected);
  });

  it.each([
    ["name=a&name=b", "name", "repeated"],
    ["metadata[a]=1&metadata[a]=1", "metadata[a]", "repeated"],
    ["amount[gte]=1&amount[gte]=2", "amount[gte]", "repeated"],
    ["metadata=1", "metadata", "invalid_type"],
    ["order_by=created_at", "order_by", "invalid_type"],
    ["metadata[__proto__]=1", "metadata[__proto__]", "unknown_parameter"],
    ["metadata[%00]=1", "metadata[\0]", "invalid_text"],
    ["metadata[a]=%00", "metadata[a]", "invalid_text"],
  ])("are refused before the schema sees them: %s", (text, path, code) => {
    expect(gather(text).errors).toEqual([expect.objectContaining({ path, code })]);
  });

  it.each([
    ["name[a]=1", "name[a]"],
    ["metadata[]=1", "metadata[]"],
    ["order_by[]=asc", "order_by[]"],
    ["status[0]=pending", "status[0]"],
    ["other[a]=1", "other[a]"],
    ["[a]=1", "[a]"],
    ["name[]=1", "name[]"],
  ])("are unknown where the schema has none: %s", (text, name) => {
    const { given, errors } = gather(text);
    expect(errors).toEqual([]);
    expect(query.safeParse(given).error?.issues).toEqual([
      expect.objectContaining({ code: "unrecognized_keys", keys: [name] }),
    ]);
  });

  it.each([
    ["/name", "name"],
    ["/order_by/updated_at", "order_by[updated_at]"],
    ["/status/0", "status[0]"],
    ["/a~1b~0c", "a/b~c"],
  ])("are named as they were sent: %s", (pointer, name) => {
    expect(nameParameter({ path: pointer, code: "x", message: "X." }).path).toBe(name);
  });

  it("are in the document under the names that a client writes", () => {
    expect(Object.keys(documentQuery(query).shape)).toEqual(["name", "status[]", "metadata", "order_by", "amount"]);
  });
});
