/**
 * Checks responses strictly against `/openapi.json`: only the listed statuses, content types and properties are
 * allowed. Every response in `tests/http` and in the whole-service tests is checked.
 */
import assert from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

interface Operation {
  security?: unknown[];
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

/** The parts of a JSON Schema that tests look at. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean;
  enum?: unknown[];
}

interface Document {
  components: { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
}

/** Response statuses that do not depend on a route. */
const WITHOUT_A_CALL = [401, 403, 404, 405, 413, 421, 429];

const PROBLEM = { $ref: "openapi#/components/schemas/Problem" };

/** Caches the document, because compiling it is slow and all services have the same one. */
const known = new Map<string, OpenApi>();

export class OpenApi {
  readonly document: Document;
  /** The number of responses checked so far. */
  answers = 0;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });

  private constructor(text: string) {
    this.document = JSON.parse(text);
    closeObjects(this.document);
    this.#ajv.addSchema(this.document, "openapi");
  }

  static of(text: string): OpenApi {
    const made = known.get(text) ?? new OpenApi(text);
    known.set(text, made);
    return made;
  }

  /** Asserts that the document allows this response. Leaves the response body unread. */
  async hold(method: string, path: string, answer: Response): Promise<void> {
    const what = `${method} ${path.slice(0, 80)} -> ${answer.status}`;
    const type = answer.headers.get("content-type")?.split(";")[0];
    // The client disconnected and never received this response.
    if (answer.status === 499) return;
    this.answers++;
    const template = this.template(path);
    const operation = this.document.paths[template ?? ""]?.[method === "HEAD" ? "get" : method.toLowerCase()];
    if (operation === undefined) {
      assert.ok(WITHOUT_A_CALL.includes(answer.status), what);
      return await this.#holdProblem(what, answer);
    }
    const content = operation.responses[answer.status]?.content;
    assert.ok(answer.status in operation.responses, `${what}: the status is not foreseen`);
    if (content === undefined) return assert.equal(type, undefined, what);
    assert.ok(type !== undefined && type in content, `${what}: ${type} is not foreseen`);
    if (method === "HEAD") return;
    if (answer.status >= 400) return await this.#holdProblem(what, answer);
    if (type !== "application/json") return;
    const { schema } = content[type];
    this.#assertValid(what, this.#ajv.compile(rooted(schema)), await answer.clone().json());
  }

  /** The schema of the answer to a successful call, such as `GET /imports/{id}`. */
  answerOf(call: string): Schema {
    const [method, template] = call.split(" ");
    const schema = this.document.paths[template]?.[method.toLowerCase()]?.responses[200]?.content?.["application/json"]
      .schema as Schema | undefined;
    assert.ok(schema !== undefined, `/openapi.json has no ${call} that answers with JSON`);
    return schema;
  }

  /** The schema that a `$ref` of the document refers to. */
  resolve(schema: Schema): Schema {
    const { schemas } = this.document.components;
    return schema.$ref === undefined ? schema : schemas[schema.$ref.slice("#/components/schemas/".length)];
  }

  /** Asserts that a document has this schema, whose references lead into `/openapi.json`. */
  assertDocument(what: string, schema: Schema, document: unknown): void {
    this.#assertValid(what, this.#ajv.compile(rooted(schema)), document);
  }

  /** The matching path in the document; undefined if none matches. */
  template(path: string): string | undefined {
    const parts = path.split("?")[0].split("/");
    const fits = (template: string) => {
      const wanted = template.split("/");
      return wanted.length === parts.length &&
        wanted.every((part, index) => part.startsWith("{") ? parts[index] !== "" : part === parts[index]);
    };
    return Object.keys(this.document.paths).find(fits);
  }

  async #holdProblem(what: string, answer: Response): Promise<void> {
    assert.equal(answer.headers.get("content-type"), "application/problem+json", what);
    if (answer.body === null) return;
    const text = await answer.clone().text();
    if (text === "") return;
    const problem = JSON.parse(text);
    this.#assertValid(what, this.#ajv.compile(PROBLEM), problem);
    assert.equal(problem.status, answer.status, what);
  }

  #assertValid(what: string, validate: ValidateFunction, document: unknown): void {
    assert.ok(validate(document), `${what}: ${JSON.stringify(validate.errors?.slice(0, 3))}`);
  }
}

const rootedSchemas = new WeakMap<object, object>();

/**
 * Returns the schema, with references into the whole document. Returns the same object each time so that it is compiled
 * only once.
 */
function rooted(schema: object): object {
  const made = rootedSchemas.get(schema) ??
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));
  rootedSchemas.set(schema, made);
  return made;
}

/** Makes each schema that lists properties refuse any others. */
function closeObjects(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  const schema = node as { type?: unknown; properties?: unknown; additionalProperties?: unknown };
  if (schema.type === "object" && schema.properties !== undefined) schema.additionalProperties ??= false;
  Object.values(node).forEach(closeObjects);
}
