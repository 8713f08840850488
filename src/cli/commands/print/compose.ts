/** `rosterd print compose`: the service and its database as containers, with secrets in files. */
import { type Command, EXIT, type Invocation } from "../../command.ts";
import { type Host, hostOf, SERVICE_USER, UPLOADERS } from "./host.ts";
import { ownFolders, printedText, uploadFolder } from "./setup.ts";

export const printComposeCommand: Command = {
  words: "print compose",
  operands: "",
  least: 0,
  most: 0,
  flags: {},
  summary: "print a file for Docker Compose, with a PostgreSQL server",
  help: "Prints a compose.yaml that runs the service and a PostgreSQL server, with these folders of the host:\n" +
    "rosterd print compose --upload /srv/rosterd/upload --data /var/lib/rosterd > compose.yaml\n" +
    "Its head says what to do with it. Passwords stand in files beside it, which its commands make.",
  run: runPrintCompose,
};

function runPrintCompose({ config, terminal, version }: Invocation): Promise<number> {
  terminal.out(composeText(hostOf(config), version));
  return Promise.resolve(EXIT.ok);
}

/** What Compose reads, with the commands that make accounts, folders and secrets. */
export function composeText(host: Host, version: string): string {
  const image = `rosterd:${version}`;
  const inside = { ...host, settings: `${host.data}/settings.json` };
  return printedText({
    title: [
      `rosterd and its PostgreSQL server as containers. ${host.upload} and ${host.data} are folders of the host.`,
    ],
    file: "compose.yaml",
    then: [
      `docker build -t ${image} CHECKOUT    (the folder with the Dockerfile of rosterd)`,
      "docker compose up -d --wait",
    ],
    commands: [...uploadFolder(host), ...ownFolders(inside), ...ids(), ...secrets()],
    body: [...services(host, image), "", ...rest()],
  });
}

/** In the container there are no names of users, and the files belong to those of the host. */
function ids(): string[] {
  return [
    "printf '%s\\n' \\",
    `  "ROSTERD_UID=$(id -u ${SERVICE_USER})" \\`,
    `  "ROSTERD_GID=$(id -g ${SERVICE_USER})" \\`,
    `  "ROSTERD_UPLOAD_GID=$(getent group ${UPLOADERS} | cut -d : -f 3)" > .env`,
  ];
}

/** Each is readable for the one who needs it. The password is made once: the database keeps it. */
function secrets(): string[] {
  const [password, url] = ["secrets/database-password", "secrets/database-url"];
  return [
    "install -d -m 0700 secrets",
    "umask 077",
    `[ -e ${password} ] || head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \\n' > ${password}`,
    `[ -e ${url} ] || echo "postgres://rosterd:$(cat ${password})@database:5432/rosterd" > ${url}`,
    `chown ${SERVICE_USER} ${url}`,
  ];
}

function services({ upload, data, listen, hosts }: Host, image: string): string[] {
  const names = [...new Set([hosts, publicName(listen)])].filter((name) => name !== "").join(",");
  return [
    "services:",
    "  rosterd:",
    `    image: ${image}`,
    '    user: "${ROSTERD_UID}:${ROSTERD_GID}"',
    "    # What arrives is readable for this group.",
    '    group_add: ["${ROSTERD_UPLOAD_GID}"]',
    "    depends_on:",
    "      database:",
    "        condition: service_healthy",
    "    environment:",
    "      DATABASE_URL_FILE: /run/secrets/database-url",
    ...(names === "" ? [] : [`      ROSTERD_HOSTS: "${names}"`]),
    "    secrets: [database-url]",
    "    ports:",
    `      - "${listen}:8080"`,
    "    volumes:",
    ...bind(upload, "/upload"),
    ...bind(data, "/data"),
    "    healthcheck:",
    '      test: ["CMD", "rosterd", "healthcheck"]',
    "      interval: 30s",
    "      timeout: 5s",
    "      start_period: 30s",
    "      retries: 3",
    "    restart: unless-stopped",
    "    stop_grace_period: 30s",
    "    read_only: true",
    "    tmpfs: [/tmp]",
    "    cap_drop: [ALL]",
    '    security_opt: ["no-new-privileges:true"]',
    "",
    "  database:",
    "    image: postgres:17",
    "    environment:",
    "      POSTGRES_USER: rosterd",
    "      POSTGRES_DB: rosterd",
    "      POSTGRES_PASSWORD_FILE: /run/secrets/database-password",
    "    secrets: [database-password]",
    "    volumes:",
    "      - database:/var/lib/postgresql/data",
    "    healthcheck:",
    '      test: ["CMD", "pg_isready", "-h", "127.0.0.1", "-U", "rosterd", "-d", "rosterd"]',
    "      interval: 5s",
    "      timeout: 5s",
    "      start_period: 60s",
    "      retries: 12",
    "    restart: unless-stopped",
    "    stop_grace_period: 60s",
  ];
}

function bind(source: string, target: string): string[] {
  // A folder that is not there is a mistake, and not to be made by Docker as root.
  return ["      - type: bind", `        source: ${source}`, `        target: ${target}`, "        bind:"]
    .concat("          create_host_path: false");
}

/** Inside, the service listens on every address, and does not know under which name of the host it is asked for. */
function publicName(listen: string): string {
  const name = listen.slice(0, listen.lastIndexOf(":"));
  return ["127.0.0.1", "[::1]", "localhost", "0.0.0.0", "[::]"].includes(name) ? "" : name;
}

function rest(): string[] {
  const secret = (name: string) => [`  ${name}:`, `    file: ./secrets/${name}`];
  return ["volumes:", "  database:", "", "secrets:", ...secret("database-url"), ...secret("database-password")];
}
