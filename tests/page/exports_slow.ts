import { exportsTest, ORDINARY } from "./exports.ts";

exportsTest(
  "The exports of six more systems need one click each, and are then imported without failures",
  (name) => !ORDINARY.includes(name),
);
