/** `rosterd print vsftpd`: FTPS with vsftpd; uploaders are locked into the folder above the upload folder. */
import { printCommand } from "./printed.ts";
import { jailOf } from "./host.ts";
import feedFolder from "./templates/feed_folder.sh" with { type: "text" };
import uploadFolder from "./templates/upload_folder.sh" with { type: "text" };
import uploader from "./templates/uploader.sh" with { type: "text" };
import template from "./templates/vsftpd.conf" with { type: "text" };
import script from "./templates/vsftpd.conf.sh" with { type: "text" };

export const printVsftpdCommand = printCommand({
  what: "vsftpd",
  summary: "print the configuration of an FTPS server for the upload folder",
  help: "Prints a vsftpd configuration that lets a registry upload by FTPS and do nothing else:\n" +
    "rosterd print vsftpd --upload /srv/rosterd/upload > /etc/vsftpd.conf\n" +
    "With --feed NAME, the configuration is for the folder of that feed, with its own group and account.\n" +
    "Its first lines say how to use it. Its commands make rosterd the owner of the upload folder, and set its sticky bit.",
  file: () => "/etc/vsftpd.conf",
  template,
  scripts: (feed) => [uploadFolder, ...(feed === "" ? [] : [feedFolder]), uploader, script],
  hasFeeds: true,
  values: (host, _version, feed) => jailOf(host, feed),
});
