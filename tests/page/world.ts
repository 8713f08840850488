/** A service with every kind of import, for the tests of the whole page. */
import { TestService } from "../support/service.ts";

const HEADER = "unique_id,login_source,first_name,last_name,email,city,user_type_id,active";

function person(number: number, changes: { city?: string; active?: 0 | 1; email?: string } = {}): string {
  const { city = "Ottawa", active = 1, email = `person${number}@example.edu` } = changes;
  return `u${String(number).padStart(4, "0")},ldap,Person,Number ${number},${email},${city},student,${active}`;
}

export function roster(from: number, to: number, changes?: (number: number) => Parameters<typeof person>[1]): string {
  const lines = [HEADER];
  for (let number = from; number <= to; number++) lines.push(person(number, changes?.(number)));
  return lines.join("\n") + "\n";
}

/** Exports in the form in which two systems send them. No setting mentions their headers. */
export const MOODLE = [
  "username,firstname,lastname,email,idnumber,auth,suspended,country",
  "ada,Ada,Lovelace,ada@example.edu,1,manual,0,CA",
  "bob,Bob,Martin,bob@example.edu,2,ldap,1,CA",
  "",
].join("\n");
export const KOHA = [
  "cardnumber;surname;firstname;dateofbirth;state;email;enabled;branch",
  "1;Roy;Zoé;31/12/1999;Québec;zoe@example.edu;Y;Main",
  "2;Roy;Léo;30/11/1999;Ontario;leo@example.edu;n;Main",
  "",
].join("\n");

/** Runs several imports. The last import is held. */
export async function fullWorld(databaseUrl: string, settings: Record<string, unknown> = {}): Promise<TestService> {
  const service = await TestService.start({ databaseUrl, settings: { archive_inactive_users: true, ...settings } });
  await service.import("students-2026-09.csv", roster(1, 300));
  await service.import(
    `moved-to-hull-${"x".repeat(90)}.csv`,
    roster(1, 120, (number) => number % 3 === 0 ? { city: "Hull" } : {}),
  );
  await service.import(
    "staff.csv",
    roster(280, 330, (number) => number % 7 === 0 ? { email: "nobody.at.example.edu" } : {}),
  );
  await service.import("Roster spring.xlsx.csv", "PK\u0003\u0004 and so on");
  await service.import("left.csv", roster(1, 12, () => ({ active: 0 })));
  await service.import("students-2027-01.csv", roster(1, 330, (number) => number > 200 ? { active: 0 } : {}));
  await Deno.symlink("students.csv", `${service.upload}/link.csv`);
  await service.drop("notes.docx", "not a roster");
  await service.turn();
  return service;
}
