/** How files of feeds are named. A feed is a folder in the upload folder (docs/upload-folder.md#feeds). */

/** Where a file is in the upload folder, such as `students/roster.csv`. `feed`: "" for the upload folder itself. */
export function feedPath(feed: string, file: string): string {
  return feed === "" ? file : `${feed}/${file}`;
}

/** Names the `bak` of a feed in a sentence. */
export function bakWords(feed: string): string {
  return `the folder "${feedPath(feed, "bak")}" inside the upload folder`;
}
