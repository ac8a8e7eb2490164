import { describe, expect, it } from "vitest";
import { PAGE_SCAN_MAX_ROWS } from "../../src/config.ts";
import { eventEndpoints } from "../../src/http/v1/events.ts";
import { itIsGuarded } from "../support/security.ts";
import { newTenant } from "../support/tenant.ts";
import { bindings, newEvent } from "../support/webhooks.ts";

const PATH = "/v1/events";
const UNKNOWN = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

describe("events", () => {
  itIsGuarded({
    endpoints: eventEndpoints,
    prepare: async ({ environmentId }) => ({ id: (await newEvent(environmentId)).eventUid }),
  });
});

describe("reading events", () => {
  const at = Date.parse("2026-01-15T09:30:00.123Z");

  it("shows an event as it is delivered", async () => {
    const { reader, environmentId } = await newTenant();
    const { eventUid } = await newEvent(environmentId, { at, data: { id: "i1", created: 3 } });
    const event = {
      id: eventUid,
      event_type: "import.completed",
      timestamp: "2026-01-15T09:30:00.123Z",
      data: { id: "i1", created: 3 },
    };
    expect(await reader.get(`${PATH}/${eventUid}`)).toMatchObject({ status: 200, body: event });
    expect((await reader.get(PATH)).body).toEqual({ data: [event], next_cursor: null, has_more: false });
  });

  it("answers fewer of them where they are large, and all of them in the end", async () => {
    const { reader, environmentId } = await newTenant();
    const uids: string[] = [];
    for (let no = 0; no < 7; no++) {
      const { eventUid } = await newEvent(environmentId, { data: { id: `${no}`, text: "x".repeat(1_500_000) } });
      uids.unshift(eventUid);
    }
    const seen: string[][] = [];
    let cursor: string | null = null;
    do {
      const { body } = await reader.get(`${PATH}?limit=5${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(body.data.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor;
    } while (cursor !== null);
    expect(seen.map((page) => page.length)).toEqual([2, 2, 2, 1]);
    expect(seen.flat()).toEqual(uids);
  });

  it("lists them by type, newest first, in pages", async () => {
    const { reader, environmentId } = await newTenant();
    const imports = [];
    for (const type of ["import.completed", "ping", "import.completed", "transaction.created", "import.completed"]) {
      const { eventUid } = await newEvent(environmentId, { type });
      if (type === "import.completed") imports.unshift(eventUid);
    }
    const first = (await reader.get(`${PATH}?type=import.completed&limit=2`)).body;
    expect(first.data.map((event: { id: string }) => event.id)).toEqual(imports.slice(0, 2));
    const second = (await reader.get(`${PATH}?type=import.completed&limit=2&cursor=${first.next_cursor}`)).body;
    expect(second.data.map((event: { id: string }) => event.id)).toEqual(imports.slice(2));
    expect((await reader.get(PATH)).body.data).toHaveLength(5);
  });

  it("finds a type far back in several short pages", async () => {
    const { reader, environmentId } = await newTenant();
    const { eventUid } = await newEvent(environmentId, { type: "transaction.created" });
    await bindings.DB.prepare(
      `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
        insert into events (uid, environment_id, type, occurrence, subject, snapshot, created_at)
        select ? || i, ?, 'import.completed', ? || i, 'import', '{}', 0 from n`,
    )
      .bind(PAGE_SCAN_MAX_ROWS, eventUid, environmentId, eventUid)
      .run();
    const first = (await reader.get(`${PATH}?type=transaction.created`)).body;
    expect(first).toMatchObject({ data: [], has_more: true });
    const second = (await reader.get(`${PATH}?type=transaction.created&cursor=${first.next_cursor}`)).body;
    expect(second).toMatchObject({ data: [{ id: eventUid }], has_more: false });
  });

  it("does not know an id that nobody gave", async () => {
    const { reader } = await newTenant();
    expect((await reader.get(`${PATH}/${UNKNOWN}`)).status).toBe(404);
    expect((await reader.get(`${PATH}/nonsense`)).status).toBe(404);
  });

  it.each([
    ["type=nope", "type"],
    ["limit=0", "limit"],
    ["cursor=nonsense", "cursor"],
    ["nope=1", "nope"],
  ])("refuses ?%s", async (query, path) => {
    const { reader } = await newTenant();
    const reply = await reader.get(`${PATH}?${query}`);
    expect(reply.status).toBe(422);
    expect(reply.body.errors).toMatchObject([{ path }]);
  });
});
