export interface Terminal {
  /** Prints a result and a newline to standard output. */
  out(text: string): void;
  /** Prints a message and a newline to standard error. */
  err(text: string): void;
  /** Shows a line on standard error that the next output replaces. Without a terminal, no line is shown. */
  progress(text: string): void;
  /** Asks a question on standard error and returns the trimmed answer, or null at the end of the input. */
  ask(question: string, signal: AbortSignal): Promise<string | null>;
  /** Asks like {@link ask}, but does not show the typed characters. Without a terminal, reads a line without asking. */
  askSecret(question: string, signal: AbortSignal): Promise<string | null>;
  /** Whether standard input and standard error are terminals. */
  readonly canAsk: boolean;
  /** Whether standard output is a terminal. */
  readonly isPerson: boolean;
  readonly paint: Paint;
}

/** Colors text by its meaning. Without a terminal, or with NO_COLOR, the text stays plain. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
  faint(text: string): string;
}

export function createTerminal(noColor: boolean): Terminal {
  const isPerson = Deno.stdout.isTerminal(), progresses = Deno.stderr.isTerminal();
  let shown = false;
  const clear = () => {
    if (shown) writeAll(Deno.stderr, "\r\x1b[K");
    shown = false;
  };
  const readLine = createLineReader(Deno.stdin);
  const readRawLine = createLineReader({ read: readRaw });
  return {
    canAsk: progresses && Deno.stdin.isTerminal(),
    ask(question, signal) {
      clear();
      writeAll(Deno.stderr, question);
      return readLine(signal);
    },
    async askSecret(question, signal) {
      const isTyped = Deno.stdin.isTerminal();
      if (!isTyped) return await readLine(signal);
      clear();
      writeAll(Deno.stderr, question);
      Deno.stdin.setRaw(true, { cbreak: true });
      try {
        return withoutErased(await readRawLine(signal));
      } finally {
        Deno.stdin.setRaw(false);
        writeAll(Deno.stderr, "\n");
      }
    },
    isPerson,
    paint: createPaint(isPerson && !noColor),
    out(text) {
      clear();
      writeAll(Deno.stdout, text + "\n");
    },
    err(text) {
      clear();
      writeAll(Deno.stderr, text + "\n");
    },
    progress(text) {
      if (!progresses || (text === "" && !shown)) return;
      writeAll(Deno.stderr, `\r\x1b[K${text}`);
      shown = text !== "";
    },
  };
}

/** Reads one line; null at the end of the input. Throws the signal's abort reason. */
export function createLineReader(
  input: { read(bytes: Uint8Array): Promise<number | null> },
): (signal: AbortSignal) => Promise<string | null> {
  const decoder = new TextDecoder();
  let read = "";
  return async (signal) => {
    while (!read.includes("\n")) {
      signal.throwIfAborted();
      const bytes = new Uint8Array(1_024), aborted = Promise.withResolvers<never>();
      const onAbort = () => aborted.reject(signal.reason);
      signal.addEventListener("abort", onAbort);
      try {
        const count = await Promise.race([input.read(bytes), aborted.promise]);
        if (count === null) return null;
        read += decoder.decode(bytes.subarray(0, count), { stream: true });
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    }
    const [line, ...rest] = read.split("\n");
    read = rest.join("\n");
    return line.trim();
  };
}

/** In raw mode the Enter key sends a carriage return. */
async function readRaw(bytes: Uint8Array): Promise<number | null> {
  const count = await Deno.stdin.read(bytes);
  for (let at = 0; at < (count ?? 0); at++) if (bytes[at] === 0x0d) bytes[at] = 0x0a;
  return count;
}

/** In raw mode the backspace key sends a character. */
function withoutErased(line: string | null): string | null {
  const typed: string[] = [];
  for (const character of line ?? "") {
    if (character === "\x7f" || character === "\b") typed.pop();
    else typed.push(character);
  }
  return line === null ? null : typed.join("");
}

export function createPaint(colours: boolean): Paint {
  const paint = (code: number) => (text: string) => colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { good: paint(32), bad: paint(31), warning: paint(33), faint: paint(2) };
}

/** A pipe may accept only part of the text. A reader that has exited, such as `| head`, needs no more output. */
export function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Imports continue even if the log cannot be written, for example because its disk is full. */
export function writeLog(line: string): void {
  try {
    writeAll(Deno.stderr, line);
  } catch {
    // The error is ignored, because it cannot be reported anywhere else.
  }
}
