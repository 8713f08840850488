import { exportsTest, ORDINARY } from "./exports.ts";

exportsTest(
  "The exports of a student system and of Snipe-IT need one click, and then import cleanly",
  (name) => ORDINARY.includes(name),
);
