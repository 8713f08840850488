/**
 * The commands that go with a printed text: they make the accounts and folders that it names. They stand in it as comments
 * `#$ COMMAND`, so that the text is a file as its program wants it, and one line of `sed` runs them. They may be run again.
 */
import { dirname } from "node:path";
import { type Host, jailOf, SERVICE_USER, UPLOADER, UPLOADERS } from "./host.ts";

/** The text of `file`: a heading that says how to use it, then commands, then what its program reads. */
export function printedText(
  { title, file, then, commands, body }: {
    title: readonly string[];
    /** Where it is saved. */
    file: string;
    /** What is typed in the end. */
    then: readonly string[];
    commands: readonly string[];
    body: readonly string[];
  },
): string {
  return [
    ...title.map((line) => `# ${line}`),
    "#",
    `# Save it as ${file}, read it, and as root run the commands that it holds, then`,
    "# what comes after them:",
    `#   ${runCommands(file)}`,
    ...then.map((command) => `#   ${command}`),
    "#",
    ...commands.map((command) => `#$ ${command}`),
    "",
    ...body,
  ].join("\n");
}

/** The line that runs the commands of a saved text. */
export function runCommands(file: string): string {
  return `sed -n 's/^#\\$ //p' ${file} | sh -e`;
}

/**
 * The user of the service and its upload folder: sticky and rosterd's own, so that whoever uploads can neither make nor rename
 * `bak` and `.rosterd` (fault list, part B). What arrives belongs to the group of those who upload, to which rosterd belongs.
 */
export function uploadFolder({ upload }: Host): string[] {
  const [bak, work] = [`${upload}/bak`, `${upload}/.rosterd`];
  return [
    ...group(SERVICE_USER),
    ...group(UPLOADERS),
    ...user(SERVICE_USER, `--gid ${SERVICE_USER} --home-dir /`),
    `usermod --append --groups ${UPLOADERS} ${SERVICE_USER}`,
    ...folder(dirname(upload), "-m 0755"),
    `install -d -o ${SERVICE_USER} -g ${UPLOADERS} -m 3770 ${upload}`,
    `for folder in ${bak} ${work}; do`,
    '  [ ! -L "$folder" ] || { echo "$folder is a link, and somebody planted it: remove it" >&2; exit 1; }',
    "done",
    `install -d -o ${SERVICE_USER} -g ${SERVICE_USER} -m 0750 ${bak}`,
    `install -d -o ${SERVICE_USER} -g ${SERVICE_USER} -m 0700 ${work}`,
  ];
}

/** Where the service keeps its settings and its data. A folder that is there stays as it is. */
export function ownFolders({ data, settings }: Host): string[] {
  const own = `-o ${SERVICE_USER} -g ${SERVICE_USER}`;
  const places = [[data, `${own} -m 0700`], [dirname(settings), `${own} -m 0750`]];
  return places.filter(([path], at) => at === 0 || path !== data).flatMap(([path, options]) => folder(path, options));
}

/** One who uploads, locked into the folder above the upload folder; no password and no key yet. */
export function uploader(host: Host): string[] {
  const jail = jailOf(host);
  return [
    // The way that vsftpd reads it: locked in before `/./`, and beginning behind it. For sshd it is the folder.
    ...user(UPLOADER, `--gid ${UPLOADERS} --home-dir ${jail}/.${host.upload.slice(jail.length)} --password '*'`),
    `for folder in ${parents(host.upload).join(" ")}; do`,
    '  [ "$(stat -c %u "$folder")" = 0 ] && [ -z "$(find "$folder" -maxdepth 0 -perm /022)" ] || {',
    '    echo "$folder must belong to root, and only root may write in it: else nobody is locked in there" >&2',
    "    exit 1",
    "  }",
    "done",
  ];
}

function parents(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...parents(above)];
}

function group(name: string): string[] {
  return [`getent group ${name} >/dev/null || groupadd --system ${name}`];
}

function user(name: string, options: string): string[] {
  return [
    `getent passwd ${name} >/dev/null ||`,
    `  useradd --system --no-create-home --shell /usr/sbin/nologin ${options} ${name}`,
  ];
}

function folder(path: string, options: string): string[] {
  return [`[ -d ${path} ] || install -d ${options} ${path}`];
}
