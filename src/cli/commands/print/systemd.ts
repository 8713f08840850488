/** `rosterd print systemd`: a unit that runs the service with only the rights it needs. */
import { dirname } from "node:path";
import { ENVIRONMENT_FILE } from "../../installation.ts";
import { HOME, type Host } from "./host.ts";
import { printCommand } from "./printed.ts";
import dataFolder from "./templates/data_folder.sh" with { type: "text" };
import template from "./templates/rosterd.service" with { type: "text" };
import script from "./templates/rosterd.service.sh" with { type: "text" };
import uploadFolder from "./templates/upload_folder.sh" with { type: "text" };

export const printSystemdCommand = printCommand({
  what: "systemd",
  summary: "print a systemd unit file",
  help: "Prints a unit that runs the service as the user rosterd, with these folders and this address:\n" +
    "rosterd print systemd --upload /srv/rosterd/upload --data /var/lib/rosterd \\\n" +
    "  --settings /var/lib/rosterd/settings.json > /etc/systemd/system/rosterd.service\n" +
    "Its first lines say how to install it. The database address and the folders go into a separate file, which\n" +
    "rosterd's other commands also read.",
  file: () => "/etc/systemd/system/rosterd.service",
  template,
  scripts: () => [uploadFolder, dataFolder, script],
  values: (host) => ({ ...namesOf(host), ...confinementOf(host) }),
});

const HOSTS_COMMENT = "# The host names at which a reverse proxy serves the page, separated by commas.";

/** The line for host names is omitted if no host names are set. */
function namesOf({ program, binary, upload, data, settings, listen, hosts }: Host) {
  return {
    program,
    binary,
    upload,
    parent: dirname(upload),
    data,
    settings,
    settings_folder: dirname(settings),
    environment_file: ENVIRONMENT_FILE,
    environment_folder: dirname(ENVIRONMENT_FILE),
    listen,
    environment: hosts === "" ? "" : `${HOSTS_COMMENT}\nEnvironment=ROSTERD_HOSTS=${hosts}\n`,
  };
}

/** The restrictions on the service, as strict as the folders and the port allow. */
function confinementOf({ binary, upload, settings, data, port }: Host) {
  const writable = [...new Set([upload, data, dirname(settings)])];
  const paths = [binary, ...writable];
  const capability = port < 1_024 ? "CAP_NET_BIND_SERVICE" : "";
  return {
    writable: writable.join(" "),
    protect_home: paths.some((path) => HOME.test(path)) ? "read-only" : "yes",
    private_tmp: paths.some((path) => /^\/(tmp|var\/tmp)(\/|$)/.test(path)) ? "no" : "yes",
    capability,
    ambient: capability === "" ? "" : `AmbientCapabilities=${capability}\n`,
  };
}
