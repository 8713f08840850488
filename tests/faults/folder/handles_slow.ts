import { importWithFewHandles } from "./handles.ts";

Deno.test("with a limit of 64 file handles, the service imports 1,000 files and leaks no handle", () =>
  importWithFewHandles(1_000));
