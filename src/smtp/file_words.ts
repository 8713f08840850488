/** Writes the sentences that say where the files mentioned in an email are. */
import { bakWords } from "../domain/feed.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { shown } from "./text.ts";

export interface FileNote {
  /** The name of an attachment without its `.gz`. */
  name: string;
  fate: "attached" | "gzipped" | "too_large" | "refused" | "unreadable";
}

/** The folder in which a clerk drops a file of this feed. */
export function uploadFolderOf({ feed }: ImportEntry): string {
  return feed === "" ? "the upload folder" : `the folder "${feed}" inside the upload folder`;
}

export function fileSentence(entry: ImportEntry, subject: string, { name, fate }: FileNote): string {
  const kept = `in ${bakWords(entry.feed)}, as ${shown(name, 255)}`;
  switch (fate) {
    case "attached":
      return `${subject}: see the attached file ${shown(name, 255)}.`;
    case "gzipped":
      return `${subject}: see the attached file ${shown(name, 255)}.gz. Unpack it first.`;
    case "too_large":
      return `${subject}: the file is too large to attach. It is ${kept}.`;
    case "refused":
      return `${subject}: the mail server refused the attachment. The file is ${kept}.`;
    case "unreadable":
      return `${subject}: the file could not be read for this email. It was saved ${kept}.`;
  }
}

/** The reason why a list that exists only in the email is not attached. */
export const NO_LIST = {
  too_large: "the list is too large to attach",
  refused: "the mail server refused the attachment",
  unreadable: "the list could not be created for this email",
};
