import assert from "node:assert/strict";
import { withBothErrors } from "./both_errors.ts";

const failing = (message: string) => ({
  [Symbol.asyncDispose]: () => Promise.reject(new Error(message)),
});

Deno.test("a test that fails and then fails to clean up reports both errors in the order in which they occurred", async () => {
  const test = async () => {
    await using _first = failing("third");
    await using _second = failing("second");
    await Promise.reject(new Error("first"));
  };
  const error = await withBothErrors(test).then(() => null, (error) => error);
  assert.ok(error instanceof AggregateError);
  assert.deepEqual(error.errors.map(({ message }) => message), ["first", "second", "third"]);
});

Deno.test("the error of a test that only fails is reported unchanged", async () => {
  const own = new Error("own");
  await assert.rejects(withBothErrors(() => Promise.reject(own)), (error) => error === own);
});
