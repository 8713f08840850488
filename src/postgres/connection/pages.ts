/**
 * Yields the pages of a cursor, and empties each page after use. The driver links each page to the previous one, so all
 * pages would otherwise stay in memory.
 */
export async function* pagesOf<Row>(cursor: AsyncIterable<Row[]>): AsyncGenerator<Row[]> {
  for await (const page of cursor) {
    yield page;
    page.length = 0;
  }
}
