/** `rosterd print compose`: the service and its database as containers, with secrets in files. */
import { dirname } from "node:path";
import { printCommand } from "./printed.ts";
import template from "./templates/compose.yaml" with { type: "text" };
import script from "./templates/compose.yaml.sh" with { type: "text" };
import dataFolder from "./templates/data_folder.sh" with { type: "text" };
import uploadFolder from "./templates/upload_folder.sh" with { type: "text" };

export const printComposeCommand = printCommand({
  what: "compose",
  summary: "print a Docker Compose file that includes a PostgreSQL server",
  help: "Prints a compose.yaml that runs the service and a PostgreSQL server, with these folders on the host:\n" +
    "rosterd print compose --upload /srv/rosterd/upload --data /var/lib/rosterd > compose.yaml\n" +
    "Its first lines say how to use it. Its commands create the password files next to it.",
  file: () => "compose.yaml",
  template,
  scripts: () => [uploadFolder, dataFolder, script],
  values: ({ upload, data, listen, hosts }, version) => ({
    upload,
    parent: dirname(upload),
    data,
    listen,
    image: `rosterd:${version}`,
    hosts: [...new Set([hosts, publicName(listen)])].filter((name) => name !== "").join(","),
  }),
});

/**
 * The host name that clients use, which the service cannot see from inside its container. Empty if the address has no
 * host name.
 */
function publicName(listen: string): string {
  const name = listen.slice(0, listen.lastIndexOf(":"));
  return ["127.0.0.1", "[::1]", "localhost", "0.0.0.0", "[::]"].includes(name) ? "" : name;
}
