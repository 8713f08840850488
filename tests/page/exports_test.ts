import { exportsTest, ORDINARY } from "./exports.ts";

exportsTest(
  "The exports of a student system and of Snipe-IT need one click, and are then imported without failures",
  (name) => ORDINARY.includes(name),
);
