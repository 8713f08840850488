/** Tests `deno task db`, whose server is removed after Ctrl-C. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { clusterIsMissing, leftOut } from "../support/cluster.ts";

const DB = fileURLToPath(new URL("../../.ci/db.ts", import.meta.url));

Deno.test({
  name: "deno task db prints the URL of a server that answers, and removes the server and its data on Ctrl-C",
  ignore: leftOut(import.meta.url, clusterIsMissing()),
  async fn() {
    const args = ["run", "-A", "--quiet", DB];
    await using process = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" }).spawn();
    const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const url = (await output.read()).value!.trim();
    const sql = postgres(url, { max: 1 });
    const [{ data_directory: data }] = await sql`show data_directory`;
    await sql.end();
    assert.equal(existsSync(data), true);
    process.kill("SIGINT");
    assert.equal((await process.status).code, 0);
    assert.equal(existsSync(data), false);
    await output.cancel();
    await assert.rejects(postgres(url, { max: 1, connect_timeout: 2 })`select 1`, { code: "ECONNREFUSED" });
  },
});
