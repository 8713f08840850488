/** Where a command prints: results to standard output, everything else to standard error. */

export interface Terminal {
  /** A result, with its line end. */
  out(text: string): void;
  /** A message, with its line end. */
  err(text: string): void;
  /** A line that the next one replaces; only shown to a person. */
  progress(text: string): void;
  /** Whether a person reads standard output. */
  readonly isPerson: boolean;
  readonly paint: Paint;
}

/** Colours that mean something; plain text where there is no terminal or NO_COLOR is set. */
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
  return {
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
      if (!progresses) return;
      writeAll(Deno.stderr, `\r\x1b[K${text}`);
      shown = text !== "";
    },
  };
}

export function createPaint(colours: boolean): Paint {
  const paint = (code: number) => (text: string) => colours ? `\x1b[${code}m${text}\x1b[0m` : text;
  return { good: paint(32), bad: paint(31), warning: paint(33), faint: paint(2) };
}

/** A pipe may take less than it is given; where nobody reads any more (`| head`), nobody is missing anything. */
export function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) written += stream.writeSync(bytes.subarray(written));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** A log that cannot be written (its disk is full, its reader went away) is no reason not to import. */
export function writeLog(line: string): void {
  try {
    writeAll(Deno.stderr, line);
  } catch {
    // There is nobody to tell.
  }
}
