import { exportsTest, ORDINARY } from "./exports.ts";

exportsTest(
  "The exports of six more systems need one click each, and then import cleanly",
  (name) => !ORDINARY.includes(name),
);
