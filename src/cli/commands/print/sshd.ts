/** `rosterd print sshd`: SFTP with OpenSSH; uploaders are locked into the folder above the upload folder. */
import { printCommand } from "./printed.ts";
import { jailOf } from "./host.ts";
import template from "./templates/sshd.conf" with { type: "text" };
import script from "./templates/sshd.conf.sh" with { type: "text" };
import feedFolder from "./templates/feed_folder.sh" with { type: "text" };
import uploadFolder from "./templates/upload_folder.sh" with { type: "text" };
import uploader from "./templates/uploader.sh" with { type: "text" };

export const printSshdCommand = printCommand({
  what: "sshd",
  summary: "print the configuration of an SFTP server for the upload folder",
  help: "Prints a configuration for OpenSSH's sshd that lets a registry upload by SFTP and do nothing else:\n" +
    "rosterd print sshd --upload /srv/rosterd/upload > /etc/ssh/sshd_config.d/rosterd.conf\n" +
    "With --feed NAME, the configuration is for the folder of that feed, with its own group and account.\n" +
    "Its first lines say how to use it. Its commands make rosterd the owner of the upload folder and set its sticky bit.",
  file: (feed) => `/etc/ssh/sshd_config.d/rosterd${feed === "" ? "" : `-${feed}`}.conf`,
  template,
  scripts: (feed) => [uploadFolder, ...(feed === "" ? [] : [feedFolder]), uploader, script],
  hasFeeds: true,
  values: (host, _version, feed) => jailOf(host, feed),
});
