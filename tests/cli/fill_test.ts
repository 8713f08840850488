import assert from "node:assert/strict";
import { fill } from "../../src/cli/commands/print/fill.ts";

Deno.test("values are inserted unchanged, wherever the template names them", () => {
  assert.equal(fill("{{a}} and {{b}}: {{a}}\n", { a: "$&", b: "" }), "$& and : $&\n");
});

Deno.test("a name without a value is an error, even if it is only misspelled", () => {
  assert.throws(() => fill("User={{user}}", {}), /no value for \{\{user\}\}/);
  assert.throws(() => fill("User={{ user }}", { user: "rosterd" }), /no value for \{\{ user \}\}/);
  assert.throws(() => fill("User={{toString}}", {}), /no value for \{\{toString\}\}/);
});

Deno.test("a value that the template does not use is an error", () => {
  assert.throws(
    () => fill("User={{user}}", { user: "a", group: "b", home: "/" }),
    /not use \{\{group\}\}, \{\{home\}\}/,
  );
});
