/** How files of feeds are named. A feed is a folder in the upload folder (docs/upload-folder.md#feeds). */

/** Where a file is in the upload folder, such as `students/roster.csv`. `feed`: "" for the upload folder itself. */
export function feedPath(feed: string, file: string): string {
  return feed === "" ? file : `${feed}/${file}`;
}
