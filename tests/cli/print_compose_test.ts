/** Runs the commands that `rosterd print compose` prints, on a separate machine: accounts, folders and secrets. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { noMachine, OwnMachine } from "../support/own_machine.ts";
import { Workplace } from "../support/rosterd.ts";

const unavailable = await noMachine();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name:
    "the commands in the printed Compose file create all folders, ids and secrets once, and keep them when run again",
  ignore: unavailable !== null,
  async fn() {
    await using here = await Workplace.make();
    await using machine = await OwnMachine.start();
    const { out } = await here.run("print", "compose", "--upload", "/srv/rosterd/upload", "--data", "/srv/data");
    await machine.shell("mkdir /srv/place");
    await Deno.writeTextFile(machine.at("/srv/place/compose.yaml"), out);
    const [, commands] = /^# {3}(sed .* \| sh -e)$/m.exec(out)!;
    const read = () => machine.shell("cd /srv/place && cat .env secrets/database-url && id rosterd");
    await machine.shell(`cd /srv/place && ${commands}`);
    const made = await read();
    await machine.shell(`cd /srv/place && ${commands}`);
    assert.equal(await read(), made);

    const [, password] = /^postgres:\/\/rosterd:([0-9a-f]{48})@database:5432\/rosterd$/m.exec(made)!;
    assert.equal(await Deno.readTextFile(machine.at("/srv/place/secrets/database-password")), password);
    const [uid, gid, uploaders] = ["UID", "GID", "UPLOAD_GID"].map((name) =>
      new RegExp(`^ROSTERD_${name}=(\\d+)$`, "m").exec(made)![1]
    );
    const groups = `gid=${gid}(rosterd) groups=${gid}(rosterd),${uploaders}(rosterd-upload)`;
    assert.ok(made.includes(`uid=${uid}(rosterd) ${groups}`), made);
    const document = parse(out);
    const named: string[] = [
      ...document.services.rosterd.volumes.map(({ source }: { source: string }) => source),
      ...Object.values<{ file: string }>(document.secrets).map(({ file }) => `/srv/place/${file}`),
    ];
    const modes = await machine.shell(`stat -c '%U %G %a %n' ${named.join(" ")}`);
    assert.deepEqual(modes.trim().split("\n"), [
      "rosterd rosterd-upload 3770 /srv/rosterd/upload",
      "rosterd rosterd 700 /srv/data",
      "rosterd root 600 /srv/place/./secrets/database-url",
      "root root 600 /srv/place/./secrets/database-password",
    ]);
  },
});
