/** The routes for the health of the service. Two routes need no token, so that monitors and containers can use them. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { hasRole } from "../domain/access.ts";
import { gone, type HttpEnv } from "./env.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";
import { Problem } from "./problem.ts";
import { errors, json, OPEN } from "./route.ts";
import { findings, readiness, statusDocument } from "./schemas.ts";
import type { Service, StatusDocument } from "./service.ts";

const getHealth = createRoute({
  method: "get",
  path: "/healthz",
  summary: "Whether the process is alive",
  ...OPEN,
  responses: { 200: json("The process is alive.", z.object({ alive: z.literal(true) })) },
});

const getReadiness = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Whether the database, folder and settings are usable",
  ...OPEN,
  responses: { 200: json("The database, folder and settings are usable.", readiness), ...errors(503) },
});

const getStatus = createRoute({
  method: "get",
  path: "/status",
  summary: "Get the health and the current activity of the service",
  responses: { 200: json("The status.", statusDocument) },
});

const getMetrics = createRoute({
  method: "get",
  path: "/metrics",
  summary: "Metrics in the Prometheus text format",
  responses: { 200: { description: "The metrics.", content: { "text/plain": { schema: z.string() } } } },
});

const getDoctor = createRoute({
  method: "get",
  path: "/doctor",
  summary: "Check everything that the service needs, and explain how to fix problems",
  responses: { 200: json("One finding for each check.", findings) },
});

export function addOpenRoutes(app: OpenAPIHono<HttpEnv>, service: Service): void {
  app.openapi(getHealth, (c) => c.json({ alive: true as const }, 200));
  app.openapi(getReadiness, async (c) => {
    const { ready, problems } = await service.readiness();
    if (!ready) throw new Problem(503, "the service is not ready", { problems });
    return c.json({ ready, problems }, 200);
  });
}

/** The role `read` must not see personal data. */
function withoutPeople(status: StatusDocument): StatusDocument {
  const feeds = status.feeds.map((feed) => ({ ...feed, grace: feed.grace && { ...feed.grace, users: [] } }));
  return { ...status, feeds };
}

export function addStatusRoutes(app: OpenAPIHono<HttpEnv>, service: Service): void {
  app.openapi(getStatus, async (c) => {
    const status = await service.status();
    return c.json(hasRole(c.get("caller").role, "clerk") ? status : withoutPeople(status), 200);
  });
  app.openapi(getDoctor, async (c) => c.json({ findings: await service.doctor(gone(c)) }, 200));
  app.openapi(getMetrics, (c) => c.text(metricsText(service.metrics()), 200, { "content-type": METRICS_TYPE }));
}
