/** Raw connections for requests that no HTTP client would send. */

/** Reads all data that the other side sends until the connection ends, even if it ends with a reset. */
export async function readToEnd(connection: Deno.TcpConn): Promise<string> {
  let heard = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const length = await connection.read(buffer).catch((error) => {
      if (error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    });
    if (length === null) return heard;
    heard += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
}
