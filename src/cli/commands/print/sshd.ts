/** `rosterd print sshd`: SFTP for those who upload, by OpenSSH's own server, locked into the folder above the upload folder. */
import { basename } from "node:path";
import { type Command, EXIT, type Invocation } from "../../command.ts";
import { type Host, hostOf, jailOf, UPLOADER, UPLOADERS } from "./host.ts";
import { printedText, uploader, uploadFolder } from "./setup.ts";

export const printSshdCommand: Command = {
  words: "print sshd",
  operands: "",
  least: 0,
  most: 0,
  flags: {},
  summary: "print the configuration of an SFTP server for the upload folder",
  help:
    "Prints what OpenSSH's sshd needs so that a registry uploads by SFTP into the upload folder and does nothing else:\n" +
    "rosterd print sshd --upload /srv/rosterd/upload > /etc/ssh/sshd_config.d/rosterd.conf\n" +
    "Its head says what to do with it. The upload folder becomes sticky and rosterd's own.",
  run: runPrintSshd,
};

const FILE = "/etc/ssh/sshd_config.d/rosterd.conf";
const KEYS = "/etc/ssh/rosterd-keys";

function runPrintSshd({ config, terminal }: Invocation): Promise<number> {
  terminal.out(sshdText(hostOf(config)));
  return Promise.resolve(EXIT.ok);
}

/** What sshd reads, with the commands that make accounts and folders. */
export function sshdText(host: Host): string {
  const jail = jailOf(host);
  return printedText({
    title: [
      `SFTP into ${host.upload} for the group ${UPLOADERS}, and nothing else for it.`,
      `Those who upload are locked into ${jail}. They may not touch bak and .rosterd, which belong to rosterd.`,
    ],
    file: FILE,
    then: [
      `cat PUBLIC-KEY >> ${KEYS}/${UPLOADER}    (or set a password: passwd ${UPLOADER})`,
      "sshd -t && systemctl reload ssh",
    ],
    commands: [...uploadFolder(host), ...uploader(host), `install -d -m 0755 ${KEYS}`, ...keyFile()],
    body: [
      `Match Group ${UPLOADERS}`,
      `    ChrootDirectory ${jail}`,
      "    # What arrives may be read by its group, to which rosterd belongs, unless the client itself asks for less.",
      `    ForceCommand internal-sftp -d /${basename(host.upload)} -u 0027 -P symlink,hardlink,mkdir,rmdir`,
      "    # Keys that those who upload cannot change.",
      `    AuthorizedKeysFile ${KEYS}/%u`,
      "    DisableForwarding yes",
      "    PermitTTY no",
      "    PermitUserRC no",
      "Match all",
    ],
  });
}

function keyFile(): string[] {
  return [`[ -e ${KEYS}/${UPLOADER} ] || install -m 0644 /dev/null ${KEYS}/${UPLOADER}`];
}
