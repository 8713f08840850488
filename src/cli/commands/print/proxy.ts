/** `rosterd print nginx|caddy`: a reverse proxy with TLS in front of the service. */
import { WrongConfiguration } from "../../../config.ts";
import type { Host } from "./host.ts";
import { printCommand } from "./printed.ts";
import caddyfile from "./templates/Caddyfile" with { type: "text" };
import nginx from "./templates/nginx.conf" with { type: "text" };

export const printNginxCommand = printCommand({
  what: "nginx",
  summary: "print the configuration of nginx as a reverse proxy with TLS",
  help: "Prints a site for nginx that serves the page and the HTTP interface to other machines:\n" +
    "rosterd print nginx --hosts rosterd.example.edu > /etc/nginx/conf.d/rosterd.conf\n" +
    "Its first lines say how to use it.",
  file: () => "/etc/nginx/conf.d/rosterd.conf",
  template: nginx,
  scripts: () => [],
  values: (host) => ({ ...valuesOf(host), names: host.hosts.replaceAll(",", " ") }),
});

export const printCaddyCommand = printCommand({
  what: "caddy",
  summary: "print the configuration of Caddy as a reverse proxy with TLS",
  help: "Prints a Caddyfile that serves the page and the HTTP interface to other machines:\n" +
    "rosterd print caddy --hosts rosterd.example.edu > /etc/caddy/Caddyfile\n" +
    "Its first lines say how to use it.",
  file: () => "/etc/caddy/Caddyfile",
  template: caddyfile,
  scripts: () => [],
  values: (host) => ({ ...valuesOf(host), names: host.hosts.replaceAll(",", ", ") }),
});

function valuesOf({ hosts, listen, port }: Host) {
  if (hosts === "") {
    throw new WrongConfiguration("specify the host name that people use to open the page: --hosts rosterd.example.edu");
  }
  const target = listen.replace(/^(?:0\.0\.0\.0|\[::\]):\d+$/, `127.0.0.1:${port}`);
  return { name: hosts.split(",")[0], hosts, target };
}
