/** Lists the users whose records have failed several nights in a row (docs/http.md#lasting-failures). */
import assert from "node:assert/strict";
import type { LastingFailures } from "../../src/domain/outcome.ts";
import { onService } from "./http_case.ts";

const HEADER = "unique_id,login_source,first_name,last_name,email";

onService("records that fail for three nights are listed with their people until a file corrects them", {}, async (
  service,
  { sql },
) => {
  const night = async (day: number, ...records: string[]) => {
    const { id } = await service.import(`night-${day}.csv`, [HEADER, ...records, ""].join("\n"));
    const at = `2026-11-${day}T02:00:00Z`;
    await sql`update rosterd.import_failures set since = ${at} where import_id = ${id} and since > ${at}`;
    await sql`update rosterd.imports set started_at = ${at} where id = ${id}`;
    return id;
  };
  const [zoe, omar, li] = ["1,ldap,Zoe,Roy,wrong", "2,ldap,Omar,Singh,wrong", "3,ldap,Li,Nguyen,li@example.edu"];
  const failing = (query: string) => service.get<LastingFailures>(`/failures?${query}`);
  await night(20, zoe, li);
  await night(21, zoe, omar, li);
  assert.deepEqual(await failing("nights=3"), { failures: [], total: 0 });
  const last = await night(22, zoe, omar, li);
  const { failures, total } = await failing("nights=3");
  assert.equal(total, 1);
  const [{ problems, ...failure }] = failures;
  assert.equal(problems[0].column, "email");
  assert.deepEqual(failure, {
    ...{
      import: last,
      feed: "",
      line: 2,
      unique_id: "1",
      is_user: false,
      name: "Zoe Roy",
      since: "2026-11-20T02:00:00.000Z",
    },
  });
  assert.deepEqual((await failing("nights=2")).failures.map(({ unique_id }) => unique_id), ["1", "2"]);
  const { failures: [first], total: both } = await failing("nights=2&limit=1");
  assert.deepEqual([first.unique_id, both], ["1", 2]);
  await night(23, "1,ldap,Zoe,Roy,zoe@example.edu", omar, li);
  assert.deepEqual((await failing("nights=3")).failures.map(({ unique_id }) => unique_id), ["2"]);
  for (const query of ["nights=0", "nights=29", "zone=Mars/Base", "limit=0"]) {
    assert.equal((await service.fetch(`/failures?${query}`)).status, 422, query);
  }
});
