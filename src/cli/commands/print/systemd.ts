/** `rosterd print systemd`: a unit that runs the service with no more rights than it needs. */
import { dirname } from "node:path";
import { type Command, EXIT, type Invocation } from "../../command.ts";
import { type Host, hostOf, SERVICE_USER, UPLOADERS } from "./host.ts";
import { ownFolders, printedText, uploadFolder } from "./setup.ts";

export const printSystemdCommand: Command = {
  words: "print systemd",
  operands: "",
  least: 0,
  most: 0,
  flags: {},
  summary: "print a unit for systemd",
  help: "Prints a unit that runs the service as the user rosterd, with these folders and this address:\n" +
    "rosterd print systemd --upload /srv/rosterd/upload --data /var/lib/rosterd \\\n" +
    "  --settings /var/lib/rosterd/settings.json > /etc/systemd/system/rosterd.service\n" +
    "Its head says what to do with it. The address of the database stands in a file of its own.",
  run: runPrintSystemd,
};

const FILE = "/etc/systemd/system/rosterd.service";
const DATABASE_URL = "/etc/rosterd/database-url";
const EXAMPLE_URL = "postgres://rosterd:PASSWORD@127.0.0.1:5432/rosterd";

function runPrintSystemd({ config, terminal }: Invocation): Promise<number> {
  terminal.out(systemdText(hostOf(config)));
  return Promise.resolve(EXIT.ok);
}

/** What systemd reads, with the commands that make accounts and folders. Wants systemd 250 or later. */
export function systemdText(host: Host): string {
  return printedText({
    title: [
      `rosterd as a service of systemd (250 or later): ${host.binary} serves ${host.upload}.`,
      ...(host.isCompiled ? [] : [`Printed from the source. Compile it (deno task compile), and install it there.`]),
    ],
    file: FILE,
    then: [
      `editor ${DATABASE_URL}    (the address of the PostgreSQL server, as in the line that is there)`,
      "systemctl daemon-reload && systemctl enable --now rosterd",
    ],
    commands: [...uploadFolder(host), ...ownFolders(host), ...secrets()],
    body: [...unit(host), "", ...service(host), "", "[Install]", "WantedBy=multi-user.target"],
  });
}

function secrets(): string[] {
  return [
    `install -d -m 0700 ${dirname(DATABASE_URL)}`,
    `[ -e ${DATABASE_URL} ] || (umask 077; echo '${EXAMPLE_URL}' > ${DATABASE_URL})`,
  ];
}

function unit({ upload, data }: Host): string[] {
  return [
    "[Unit]",
    "Description=rosterd imports rosters of users",
    "Wants=network-online.target",
    "After=network-online.target postgresql.service",
    `RequiresMountsFor=${upload} ${data}`,
  ];
}

function service(host: Host): string[] {
  return [
    "[Service]",
    "Type=exec",
    `ExecStart=${serve(host)}`,
    `User=${SERVICE_USER}`,
    `Group=${SERVICE_USER}`,
    "# What arrives is readable for this group.",
    `SupplementaryGroups=${UPLOADERS}`,
    "# Secrets are files that only root can read; systemd hands them over.",
    `LoadCredential=database-url:${DATABASE_URL}`,
    "Environment=DATABASE_URL_FILE=%d/database-url",
    "# LoadCredential=smtp-password:/etc/rosterd/smtp-password",
    "# Environment=ROSTERD_SMTP_PASSWORD_FILE=%d/smtp-password",
    "Restart=on-failure",
    "RestartSec=5",
    "# A wrong command line or configuration does not mend itself.",
    "RestartPreventExitStatus=64 78",
    "TimeoutStopSec=30",
    "UMask=0027",
    "",
    ...confinement(host),
  ];
}

function serve({ binary, upload, settings, data, listen, hosts }: Host): string {
  const named = hosts === "" ? [] : [`--hosts ${hosts}`];
  return [
    `${binary} serve`,
    `--upload ${upload}`,
    `--settings ${settings}`,
    `--data ${data}`,
    `--listen ${listen}`,
    ...named,
  ].join(" \\\n    ");
}

/** All that systemd can take away and rosterd does not miss. */
function confinement({ binary, upload, settings, data, port }: Host): string[] {
  const writable = [...new Set([upload, data, dirname(settings)])];
  const paths = [binary, ...writable];
  const capability = port < 1_024 ? "CAP_NET_BIND_SERVICE" : "";
  return [
    "# It reads the system, and writes in these folders alone.",
    "ProtectSystem=strict",
    `ReadWritePaths=${writable.join(" ")}`,
    `ProtectHome=${paths.some(inHome) ? "read-only" : "yes"}`,
    `PrivateTmp=${paths.some(inTemporary) ? "no" : "yes"}`,
    "NoNewPrivileges=yes",
    `CapabilityBoundingSet=${capability}`,
    `AmbientCapabilities=${capability}`,
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "RemoveIPC=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service @pkey",
    "SystemCallErrorNumber=EPERM",
    "# Not MemoryDenyWriteExecute: V8 compiles while it runs, and would end at once.",
  ];
}

function inHome(path: string): boolean {
  return /^\/(home|root|run\/user)(\/|$)/.test(path);
}

function inTemporary(path: string): boolean {
  return /^\/(tmp|var\/tmp)(\/|$)/.test(path);
}
