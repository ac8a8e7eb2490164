import { describe, expect, it } from "vitest";
import { bootstrap } from "../support/api.ts";

describe("data sources", () => {
  it("makes a data source from the concepts page's example", async () => {
    const reply = await bootstrap.post("/v1/data_sources", { key: "stripe_payments", name: "Stripe Payments" });
    expect(reply.status).toBe(201);
    expect(reply.headers.get("location")).toBe("/v1/data_sources/stripe_payments");
    expect(reply.body).toMatchObject({ key: "stripe_payments", name: "Stripe Payments", type: "api", record_count: 0 });
    const again = await bootstrap.post("/v1/data_sources", { key: "stripe_payments", name: "Other" });
    expect(again.status).toBe(409);
    const doc = await bootstrap.get("/openapi.json");
    console.log(JSON.stringify(doc.body.paths["/v1/data_sources"].post).slice(0, 3000));
    console.log((await bootstrap.post("/v1/data_sources?x=1", { key: "-", nome: 1 })).body);
    console.log((await bootstrap.send("PUT", "/v1/data_sources")).body);
  });
});
