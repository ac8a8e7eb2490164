import { describe, expect, it } from "vitest";
import { readLinks } from "../../src/db/chain.ts";
import { auditEndpoints } from "../../src/http/v1/audit.ts";
import { bindings, EQUAL_AMOUNTS, must, newScene, type Scene } from "../support/scene.ts";
import { itIsGuarded } from "../support/security.ts";

const PATH = "/v1/reconciliations";
const UNKNOWN_ID = "0198b1f2-7c3a-7d4e-8f5a-6b7c8d9e0f1a";

const audit = (scene: Scene, query = "") => scene.api.get(`${PATH}/${scene.reconciliation}/audit${query}`);

/** Three matches of which the second is voided: four links. Answers the matches' ids, the oldest first. */
async function newChain() {
  const scene = await newScene({ filters: EQUAL_AMOUNTS });
  for (const amount of [1, 2, 3]) {
    await must(scene.left({ amount }), 201);
    await must(scene.right({ amount }), 201);
  }
  const [third, second, first] = (await scene.matches()).map((match) => match.id as string);
  if (!first || !second || !third) throw new Error("no matches");
  await must(scene.api.delete(`/v1/reconciliation_matches/${second}?reason=Mine`), 200);
  return { scene, first, second, third };
}

/** Writes past the services, as someone with the database's key might. */
async function tamper(scene: Scene, statements: string[]) {
  const own = `(select id from reconciliations where uid = '${scene.reconciliation}')`;
  const deferred = "pragma defer_foreign_keys = on";
  await bindings.DB.batch([deferred, ...statements].map((text) => bindings.DB.prepare(text.replaceAll(":own", own))));
}

describe("a page of links", () => {
  it("ends early where they are long, and says where", async () => {
    const { scene } = await newChain();
    const { results } = await bindings.DB.prepare("select id from reconciliations where uid = ?")
      .bind(scene.reconciliation)
      .all<{ id: number }>();
    const id = results[0]?.id as number;
    const read = async (from: number, maxChars: number) => {
      const { links, to } = await readLinks(scene.db, id, from, 50, maxChars);
      return [links.map(({ no }) => no), to];
    };
    const [first] = (await readLinks(scene.db, id, 1, 50)).links;
    const long = first?.payload.length as number;
    expect(await read(1, 100_000)).toEqual([[1, 2, 3, 4], 51]);
    expect(await read(1, long)).toEqual([[1, 2], 3]);
    expect(await read(1, long - 1)).toEqual([[1], 2]);
    expect(await read(3, long)).toEqual([[3, 4], 53]);
  });
});

describe("the audit of a reconciliation", () => {
  it("finds an empty chain valid", async () => {
    const scene = await newScene();
    expect((await must(audit(scene), 200)).body).toEqual({
      valid: true,
      checked: 0,
      first_broken: null,
      next_cursor: null,
    });
  });

  it("finds what was matched and voided valid, whole and in pages", async () => {
    const { scene } = await newChain();
    expect((await must(audit(scene), 200)).body).toEqual({
      valid: true,
      checked: 4,
      first_broken: null,
      next_cursor: null,
    });
    for (const [limit, pages] of [
      [1, [1, 1, 1, 1]],
      [2, [2, 2]],
      [3, [3, 1]],
      [4, [4]],
    ] as const) {
      const checked: number[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const { body } = await must(audit(scene, `?limit=${limit}${cursor && `&cursor=${cursor}`}`), 200);
        expect(body).toMatchObject({ valid: true, first_broken: null });
        checked.push(body.checked);
        cursor = body.next_cursor;
      }
      expect(checked).toEqual(pages);
    }
  });

  it("goes on where it was while the chain grows", async () => {
    const { scene } = await newChain();
    const { body } = await must(audit(scene, "?limit=3"), 200);
    await must(scene.left({ amount: 9 }), 201);
    await must(scene.right({ amount: 9 }), 201);
    const rest = await must(audit(scene, `?limit=3&cursor=${body.next_cursor}`), 200);
    expect(rest.body).toMatchObject({ valid: true, checked: 2, next_cursor: null });
  });

  const row = (uid: string) => `(select id from matches where uid = '${uid}')`;
  type Chain = Awaited<ReturnType<typeof newChain>>;
  type Culprit = "first" | "second" | "third" | "stray" | "first or second" | "second or third" | null;
  it.each<[string, (chain: Chain) => string[], Culprit]>([
    ["a match's variance", ({ second }) => [`update matches set variance = 1 where uid = '${second}'`], "second"],
    ["a match's rule", ({ first }) => [`update matches set rule_version = 9 where uid = '${first}'`], "first"],
    ["a match's method", ({ first }) => [`update matches set method = 'manual' where uid = '${first}'`], "first"],
    [
      "a match's time",
      ({ third }) => [`update matches set created_at = created_at + 1 where uid = '${third}'`],
      "third",
    ],
    ["a match's explanation", ({ third }) => [`update matches set explanation = '[]' where uid = '${third}'`], "third"],
    ["a match's currency", ({ third }) => [`update matches set currency = 'EUR' where uid = '${third}'`], "third"],
    [
      "a match that is made to look voided",
      ({ first }) => [`update matches set status = 'voided', voided_at = 1 where uid = '${first}'`],
      "first",
    ],
    [
      "a voided match that is brought back",
      ({ second }) => [`update matches set status = 'matched', voided_at = null where uid = '${second}'`],
      "second",
    ],
    [
      "a voiding's reason",
      ({ second }) => [`update matches set void_reason = 'Yours' where uid = '${second}'`],
      "second",
    ],
    [
      "a voiding's time",
      ({ second }) => [`update matches set voided_at = voided_at + 1 where uid = '${second}'`],
      "second",
    ],
    [
      "an allocation's amount",
      ({ first }) => [`update allocations set amount = amount + 1 where match_id = ${row(first)}`],
      "first",
    ],
    [
      "an allocation's side",
      ({ first }) => [`update allocations set side = 'a' where match_id = ${row(first)}`],
      "first",
    ],
    [
      "an allocation that is taken away",
      ({ third }) => [`delete from allocations where match_id = ${row(third)} and side = 'b'`],
      "third",
    ],
    [
      "an allocation that is slipped in",
      ({ first, third }) => [
        `insert into allocations (match_id, record_id, side, amount)
          select ${row(first)}, record_id, 'a', 0 from allocations where match_id = ${row(third)} limit 1`,
      ],
      "first",
    ],
    [
      "a link's payload",
      ({ first }) => [
        `update links set payload = json_set(payload, '$.variance', 5) where match_id = ${row(first)}`,
        `update matches set variance = 5 where uid = '${first}'`,
      ],
      "first",
    ],
    ["a link's hash", ({ third }) => [`update links set hash = 'x' where match_id = ${row(third)}`], "third"],
    [
      "a first link that is gone",
      () => ["delete from links where reconciliation_id = :own and no = 1"],
      "first or second",
    ],
    [
      "a link in the middle that is gone",
      () => ["delete from links where reconciliation_id = :own and no = 2"],
      "second or third",
    ],
    ["a tail that is gone", () => ["delete from links where reconciliation_id = :own and no = 4"], null],
    [
      "a tail that is gone, and the head moved back to hide it",
      () => [
        "delete from links where reconciliation_id = :own and no >= 3",
        `update reconciliations set chain_no = 2,
          chain_hash = (select hash from links where reconciliation_id = :own and no = 2) where id = :own`,
      ],
      // The second's voiding is the last link, and so are its traces; the third match is in no link.
      "second",
    ],
    [
      "a whole chain that is gone",
      () => [
        "delete from links where reconciliation_id = :own",
        "update reconciliations set chain_no = 0, chain_hash = '' where id = :own",
      ],
      "first",
    ],
    ["a head that names another link", () => ["update reconciliations set chain_no = 3 where id = :own"], null],
    ["a head of another hash", () => ["update reconciliations set chain_hash = 'x' where id = :own"], null],
    [
      "a match that no link speaks of",
      ({ first }) => [
        `insert into matches (uid, environment_id, reconciliation_id, method, status, currency, variance, explanation,
            set_key, link_no, created_at)
          select '${UNKNOWN_ID}', environment_id, reconciliation_id, method, status, currency, variance, explanation,
            set_key, link_no, created_at from matches where uid = '${first}'`,
      ],
      "stray",
    ],
    [
      "a match that claims another's link",
      ({ third }) => [`update matches set link_no = 1 where uid = '${third}'`],
      "third",
    ],
  ])("names %s, on whatever page it comes", async (_, tampering, culprit) => {
    const chain = await newChain();
    const { scene } = chain;
    await tamper(scene, tampering(chain));
    const { first, second, third } = chain;
    const ids: Record<string, string> = { first, second, third, stray: UNKNOWN_ID };
    const named =
      culprit === null ? expect.any(String) : expect.toBeOneOf(culprit.split(" or ").map((name) => ids[name]));
    for (const limit of [200, 4, 3, 2, 1]) {
      let body = { valid: true, next_cursor: "" as string | null, first_broken: null as { match_id: string } | null };
      while (body.valid && body.next_cursor !== null) {
        const query = `?limit=${limit}${body.next_cursor && `&cursor=${body.next_cursor}`}`;
        body = (await must(audit(scene, query), 200)).body;
      }
      expect([limit, body.valid]).toEqual([limit, false]);
      expect(body.first_broken).toMatchObject({ match_id: named, reason: expect.stringMatching(/\.$/) });
      expect(body.next_cursor).toBeNull();
    }
  });

  it("of one reconciliation says nothing of another", async () => {
    const { scene, first } = await newChain();
    const other = await newChain();
    await tamper(scene, [`update matches set variance = 1 where uid = '${first}'`]);
    expect((await audit(scene)).body.valid).toBe(false);
    expect((await audit(other.scene)).body.valid).toBe(true);
  });

  it.each([UNKNOWN_ID, "1"])("is not found under the id %s", async (id) => {
    const { api } = await newScene();
    expect((await api.get(`${PATH}/${id}/audit`)).status).toBe(404);
  });

  it("refuses parameters that are wrong", async () => {
    const scene = await newScene();
    const reply = await audit(scene, "?limit=0&cursor=x&page=1");
    expect(reply.status).toBe(422);
    expect(reply.body.errors.map((error: { path: string }) => error.path).sort()).toEqual(["limit", "page"]);
    expect((await audit(scene, "?cursor=x")).status).toBe(422);
  });

  itIsGuarded({
    endpoints: auditEndpoints,
    prepare: async (tenant) => ({ id: (await newScene({ tenant })).reconciliation }),
  });
});
