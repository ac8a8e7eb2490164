import { describe, expect, it } from "vitest";
import { environmentEndpoints } from "../../src/http/v1/environments.ts";
import { bootstrap } from "../support/api.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("environments", () => {
  it("are made by the bootstrap key", async () => {
    const made = await bootstrap.post("/v1/environments", { name: "Staging", mode: "test" });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: expect.stringMatching(UUID_V7), name: "Staging", mode: "test" });
    expect(made.headers.get("location")).toBe(`/v1/environments/${made.body.id}`);
    const read = await bootstrap.get(`/v1/environments/${made.body.id}`);
    expect(read).toMatchObject({ status: 200, body: made.body });
  });

  it("are not made by any other key", async () => {
    const { admin } = await newTenant();
    const reply = await admin.post("/v1/environments", { name: "Mine", mode: "live" });
    expect(reply).toMatchObject({ status: 403, body: { code: "forbidden" } });
    const { body } = await bootstrap.get("/v1/environments?limit=200");
    expect(body.data.map((environment: { name: string }) => environment.name)).not.toContain("Mine");
  });

  it("list every wrong field", async () => {
    const reply = await bootstrap.post("/v1/environments", { name: "", mode: "prod", colour: "red" });
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toEqual([
      expect.objectContaining({ path: "/name", code: "too_small" }),
      expect.objectContaining({ path: "/mode", code: "invalid_value" }),
      expect.objectContaining({ path: "/colour", code: "unknown_field" }),
    ]);
    const empty = await bootstrap.post("/v1/environments", {});
    expect(empty.body.errors).toEqual([
      expect.objectContaining({ path: "/name", code: "required" }),
      expect.objectContaining({ path: "/mode" }),
    ]);
  });

  it("are all listed for the bootstrap key, newest first, the default live one last", async () => {
    const first = await newTenant();
    const second = await newTenant();
    const ids: string[] = [];
    let last: { mode: string } | undefined;
    let cursor: string | null = null;
    do {
      const page = await bootstrap.get(`/v1/environments?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
      expect(page.status).toBe(200);
      expect(page.body.has_more).toBe(page.body.next_cursor !== null);
      for (const environment of page.body.data) ids.push(environment.id);
      last = page.body.data.at(-1);
      cursor = page.body.next_cursor;
    } while (cursor !== null);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(0, 2)).toEqual([second.environmentUid, first.environmentUid]);
    expect(last).toMatchObject({ mode: "live" });
  });

  it("are seen by another admin key only where it lives", async () => {
    const [mine, other] = await Promise.all([newTenant(), newTenant()]);
    const { body } = await mine.admin.get("/v1/environments");
    expect(body).toMatchObject({ data: [{ id: mine.environmentUid }], next_cursor: null, has_more: false });
    expect(body.data).toHaveLength(1);
    expect((await mine.admin.get(`/v1/environments/${mine.environmentUid}`)).status).toBe(200);
    expect((await mine.admin.get(`/v1/environments/${other.environmentUid}`)).status).toBe(404);
    expect((await bootstrap.get(`/v1/environments/${other.environmentUid}`)).status).toBe(200);
  });

  it("are not found under a malformed or unknown id", async () => {
    for (const id of ["1", "nope", "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a"]) {
      expect(await bootstrap.get(`/v1/environments/${id}`)).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
  });

  itIsGuarded({
    endpoints: environmentEndpoints,
    prepare: async (owner) => ({ id: owner.environmentUid }),
  });
});
