/** rosterd's permissions as flags of Deno: no other programs, no native libraries, and no prompts. */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,uid,gid,statfs",
  "--deny-import",
];
