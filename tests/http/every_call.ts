/** Every call of the HTTP interface, as `/openapi.json` names them, with a good request for each. */
import type { testHttp } from "./fake_service.ts";
import { ADMIN } from "./fake_service.ts";

export type Http = Awaited<ReturnType<typeof testHttp>>;

export interface Call {
  method: string;
  /** `/imports/{id}`. */
  template: string;
  /** With an import and a file that are there. */
  path: string;
  /** Wants no token. */
  isOpen: boolean;
  /** What it wants in its body. */
  body: "nothing" | "settings" | "file";
}

export function everyCall({ openApi: { document } }: Http): Call[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([name, { security }]) => {
      const method = name.toUpperCase();
      const isFile = template === "/check";
      return {
        method,
        template,
        path: template.replace("{id}", "1").replace("{name}", "app.js") + (isFile ? "?name=x.csv" : ""),
        isOpen: security?.length === 0,
        body: isFile ? "file" : ["PATCH", "PUT"].includes(method) ? "settings" : "nothing",
      };
    })
  );
}

export function nameOf({ method, template }: Call): string {
  return `${method} ${template}`;
}

/** What makes each call a good one, where the path alone does not. */
export async function goodRequest(http: Http, { method, path, body }: Call): Promise<Response> {
  if (method === "PATCH") return await http.json(method, path, { settle_seconds: 1 });
  if (method === "PUT") return await http.json(method, path, await (await http.ask("GET", path)).json());
  return await http.ask(method, path, body === "file" ? { body: "unique_id" } : {});
}

/** Asks with the admin token and a body, with or without a content type. */
export async function askWith(http: Http, { method, path }: Call, type: string | null, body: BodyInit) {
  const headers = new Headers({ authorization: `Bearer ${ADMIN}` });
  const request = new Request(`http://localhost${path}`, { method, headers, body });
  // A text brings a content type of its own.
  if (type === null) request.headers.delete("content-type");
  else request.headers.set("content-type", type);
  const answer = await http.app.fetch(request);
  await http.openApi.hold(method, path, answer);
  return answer;
}
