import { importWithFewHandles } from "./handles.ts";

Deno.test("with 64 handles the service imports 1,000 files, and has as many open as before", () =>
  importWithFewHandles(1_000));
