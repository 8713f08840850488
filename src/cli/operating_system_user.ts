/**
 * The user who ran the command, even through `sudo`, for the import history. A user without a name is shown as `uid
 * 1000`.
 */
export function operatingSystemUser(): string {
  const uid = Deno.uid();
  const sudoUser = uid === 0 ? Deno.env.get("SUDO_USER") : undefined;
  return headerSafe(sudoUser || nameOf(uid) || `uid ${uid}`);
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
