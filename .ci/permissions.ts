/** rosterd's permissions as Deno flags: no other programs, no native libraries, and no prompts. */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  // The variables of rosterd itself, of systemd and sudo, and those that the Postgres driver reads.
  "--allow-env=ROSTERD_*,DATABASE_URL,DATABASE_URL_FILE,PG*,NO_COLOR,DENO_CERT,SUDO_USER,RUNTIME_DIRECTORY,NOTIFY_SOCKET",
  "--allow-sys=hostname,uid,gid,statfs",
  "--deny-import",
];
