/** Who typed a command, for the history of imports. */

/** The name of the user, behind `sudo` too; `uid 1000` where the machine knows no name. */
export function operatingSystemUser(): string {
  const uid = Deno.uid();
  const behind = uid === 0 ? Deno.env.get("SUDO_USER") : undefined;
  return headerSafe(behind || nameOf(uid) || `uid ${uid}`);
}

function nameOf(uid: number | null): string | null {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    return lines.find(([, , id]) => id === String(uid))?.[0] ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return null;
    throw error;
  }
}

function headerSafe(name: string): string {
  return name.replace(/[^\x21-\x7e ]/g, "?").slice(0, 100);
}
