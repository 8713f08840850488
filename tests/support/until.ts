/** Waits for a condition by polling. The function polls frequently and fails with a clear message after a timeout. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  ms = 15_000,
  lookEveryMs = 20,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
