import { importWithFewHandles } from "./handles.ts";

Deno.test("with a limit of 64 handles the service imports 1,000 files and leaks none", () =>
  importWithFewHandles(1_000));
