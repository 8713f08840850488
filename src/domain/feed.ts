/** Builds the paths of feeds and their files. A feed is a folder in the upload folder (docs/upload-folder.md#feeds). */

/**
 * The path of a file relative to the upload folder, such as `students/roster.csv`. `feed` is "" for the upload folder
 * itself.
 */
export function feedPath(feed: string, file: string): string {
  return feed === "" ? file : `${feed}/${file}`;
}

/** The name of a feed's `bak` folder, for use in a sentence. */
export function bakWords(feed: string): string {
  return `the folder "${feedPath(feed, "bak")}" inside the upload folder`;
}
