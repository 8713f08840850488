/**
 * Yields the pages of a cursor. The driver links each page to the previous one. Each page is therefore emptied after
 * use; otherwise, all pages would stay in memory.
 */
export async function* pagesOf<Row>(cursor: AsyncIterable<Row[]>): AsyncGenerator<Row[]> {
  for await (const page of cursor) {
    yield page;
    page.length = 0;
  }
}
