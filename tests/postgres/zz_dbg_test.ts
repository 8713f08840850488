import { csvOf, onServer } from "/work/main/tests/postgres/roster_database.ts";
const SMALL = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,Hull\n";
onServer("dbg", async (db) => {
  const codes: Record<string, number> = {};
  for (let i = 0; i < 300; i++) {
    const importing = db.import(SMALL);
    const end = performance.now() + Math.random() * 130;
    let killed = 0;
    while (performance.now() < end) await new Promise((r) => setTimeout(r, 1));
    killed = (await db
      .sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and xact_start is not null and application_name='rosterd'`)
      .length;
    const r = await importing;
    const k = `${killed} ${r.status} ${r.reason?.code}`;
    codes[k] = (codes[k] ?? 0) + 1;
  }
  console.log(codes);
});
