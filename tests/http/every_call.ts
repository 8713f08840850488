/** Every call of the HTTP interface, taken from `/openapi.json`, with a valid request for each. */
import type { testHttp } from "./fake_service.ts";
import { ADMIN, LINK } from "./fake_service.ts";

export type Http = Awaited<ReturnType<typeof testHttp>>;

export interface Call {
  method: string;
  /** The path as written in OpenAPI, such as `/imports/{id}`. */
  template: string;
  /** The path of an existing import, user or file. */
  path: string;
  /** Whether the call works without a token. */
  isOpen: boolean;
  /** A token that the call accepts. */
  token: string;
  /** The kind of body that the call requires. */
  body: "nothing" | "settings" | "file";
}

export function everyCall({ openApi: { document } }: Http): Call[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([name, { security }]) => {
      const method = name.toUpperCase();
      const isFile = template === "/check";
      const query = isFile ? "?name=x.csv" : template === "/users" ? "?q=u" : "";
      return {
        method,
        template,
        path: template.replace("{id}", "1").replace("{name}", "app.js").replace("{unique_id}", "u5") + query,
        isOpen: security?.length === 0,
        token: method === "POST" && template === "/session" ? LINK : ADMIN,
        body: isFile ? "file" : ["PATCH", "PUT"].includes(method) ? "settings" : "nothing",
      };
    })
  );
}

export function nameOf({ method, template }: Call): string {
  return `${method} ${template}`;
}

/** Sends a valid request, with a body if the call needs one. */
export async function goodRequest(http: Http, { method, path, token, body }: Call): Promise<Response> {
  if (method === "PATCH") return await http.json(method, path, { settle_seconds: 1 });
  if (method === "PUT") return await http.json(method, path, await (await http.ask("GET", path)).json());
  const headers = { authorization: `Bearer ${token}` };
  return await http.ask(method, path, body === "file" ? { headers, body: "unique_id" } : { headers });
}

/** Sends a body with a valid token. If `type` is null, the content type is omitted. */
export async function askWith(http: Http, { method, path, token }: Call, type: string | null, body: BodyInit) {
  const headers = new Headers({ authorization: `Bearer ${token}` });
  const request = new Request(`http://localhost${path}`, { method, headers, body });
  // The body is sent as bytes because a text body would set a content type.
  if (type === null) request.headers.delete("content-type");
  else request.headers.set("content-type", type);
  const answer = await http.app.fetch(request);
  await http.openApi.hold(method, path, answer);
  return answer;
}
