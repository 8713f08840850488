/** Errors are recognized by code. System error codes and Postgres error codes are never confused. */
import assert from "node:assert/strict";
import { codeOf, codeOrThrow, describeError, hasCode, isErrno, nullOn, sqlState } from "../../src/runtime/errors.ts";

const withCode = (code: unknown) => Object.assign(new TypeError("Anna Tremblay"), { code });

Deno.test("an errno of five characters is not an SQLSTATE", () => {
  for (const code of ["EBUSY", "EPERM", "EROFS", "ENXIO", "E2BIG", "ELOOP"]) {
    assert.deepEqual([sqlState(withCode(code)), isErrno(withCode(code))], [null, true], code);
  }
});

Deno.test("an SQLSTATE is not an errno, even if a trigger of another program raised it", () => {
  for (const code of ["42P01", "57014", "P0001", "XX000", "E0001"]) {
    assert.deepEqual([sqlState(withCode(code)), isErrno(withCode(code))], [code, false], code);
  }
});

Deno.test("other codes are neither an errno nor an SQLSTATE", () => {
  for (const code of ["LINK_FROZEN", "not_a_plain_file", "", 42_501, undefined]) {
    assert.deepEqual([sqlState(withCode(code)), isErrno(withCode(code))], [null, false], String(code));
  }
});

Deno.test("an error without a code is rethrown where a code is expected", () => {
  const bug = new Error("a bug");
  assert.throws(() => codeOrThrow(bug), bug);
  assert.equal(codeOrThrow(withCode("ENOENT")), "ENOENT");
  for (const nothing of [null, undefined, "text"]) assert.equal(codeOf(nothing), "");
});

Deno.test("a result is null for an expected error, and other errors are rethrown", async () => {
  assert.equal(await nullOn(Deno.stat("/nowhere/at/all"), "ENOENT"), null);
  await assert.rejects(nullOn(Deno.stat("/nowhere/at/all"), "EACCES"), { code: "ENOENT" });
  assert.ok(hasCode(withCode("b"), "a", "b"));
});

Deno.test("the description of an error for the log does not quote its text", () => {
  assert.equal(describeError(withCode("23505")), "TypeError 23505");
  assert.equal(describeError(new RangeError("Anna Tremblay")), "RangeError");
});
