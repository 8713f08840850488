import assert from "node:assert/strict";
import type { HeldUser } from "../../../src/domain/decision.ts";
import { heldFile, heldFileName } from "../../../src/importer/files/held_file.ts";

function user(changes: Partial<HeldUser>): HeldUser {
  return {
    ...{
      unique_id: "u1",
      line: 2,
      missing: false,
      effect: "archive",
      outcome: null,
      login_source: "ldap",
      first_name: "Anna",
    },
    ...{ last_name: "Tremblay", user_name: "atrembla", email: "a@example.edu", permits: 1 },
    ...changes,
  };
}

async function textOf(...pages: HeldUser[][]): Promise<string> {
  const pieces = await Array.fromAsync(heldFile(ReadableStream.from(pages)));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await new Blob(pieces as BlobPart[]).bytes());
}

const HEADER =
  "\ufeffunique_id,login_source,first_name,last_name,user_name,email,rosterd_line,rosterd_effect,rosterd_permits\r\n";

Deno.test("the list of held users has one row per user, whatever the pages", async () => {
  const missing = user({ unique_id: "u2", line: null, missing: true, effect: "disable", email: null, permits: 0 });
  assert.equal(
    await textOf([user({})], [missing]),
    HEADER + "u1,ldap,Anna,Tremblay,atrembla,a@example.edu,2,archive,1\r\n" +
      "u2,ldap,Anna,Tremblay,atrembla,,,disable,0\r\n",
  );
  assert.equal(await textOf(), HEADER);
});

Deno.test("values that a spreadsheet would run or rewrite are guarded, and quotes are added where CSV requires them", async () => {
  const nasty = user({
    unique_id: "0042",
    first_name: '=cmd|"x"',
    last_name: "a,b",
    user_name: "1-2",
    email: "x\r\ny",
  });
  assert.equal(
    await textOf([nasty]),
    HEADER + `'0042,ldap,"'=cmd|""x""","a,b",'1-2,"x\r\ny",2,archive,1\r\n`,
  );
});

for (
  const [bak, list] of [
    ["x.20261123T184500Z.csv", "x.20261123T184500Z.held.csv"],
    ["x.20261123T184500Z-2.csv.gz", "x.20261123T184500Z-2.held.csv"],
    ["X.20261123T184500Z.TSV", "X.20261123T184500Z.held.csv"],
  ]
) {
  Deno.test(`the list of ${bak} is ${list}`, () => assert.equal(heldFileName(bak), list));
}
