/** What rosterd may do, as flags of Deno: no other programs, no native libraries, and it never asks for more. */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,uid,statfs",
  "--deny-import",
];
