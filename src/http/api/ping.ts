import { z } from "@hono/zod-openapi";
import { ok } from "../../core/result.ts";
import { endpoint } from "../endpoint.ts";

const pong = z.object({ ping: z.string() }).meta({ id: "Ping", example: { ping: "pong" } });

export const pingEndpoints = [
  endpoint({
    method: "get",
    path: "/api/ping",
    operationId: "ping",
    tag: "Ping",
    summary: "Say whether the API key is valid",
    scope: "read",
    answers: { 200: { description: "It is", schema: pong } },
    async handle() {
      return ok({ status: 200, body: { ping: "pong" } });
    },
  }),
];
