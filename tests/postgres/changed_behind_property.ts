/**
 * Makes random changes to users and their table between imports of random rosters. The ordinary run covers a few cases,
 * and the slow run covers many.
 */
import fc from "fast-check";
import { beginAnew, CHANGES, CITIES, type City, requireAsRoster, rosterOf } from "./changed_behind_cases.ts";
import type { RosterDatabase } from "./roster_database.ts";

const city = fc.constantFrom<City>("Ottawa", "Hull", "Gatineau");
const roster = fc.oneof(
  fc.constant([...CITIES]),
  fc.tuple(fc.nat(7), city).map(([at, city]) => CITIES.with(at, city)),
  fc.array(city, { minLength: 1, maxLength: 8 }),
);
const change = fc.constantFrom(...Object.keys(CHANGES));
const step = fc.oneof(
  roster.map((cities) => ({ cities })),
  fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => ({ changes })),
);

export async function requireAnyChangesAreSeen(db: RosterDatabase, about: fc.Parameters): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), roster, async (steps, last) => {
      await beginAnew(db);
      await db.import(rosterOf(CITIES));
      for (const step of [...steps, { cities: last }]) {
        if ("changes" in step) { for (const name of step.changes) await db.sql.unsafe(CHANGES[name]); }
        else {
          await db.import(rosterOf(step.cities));
          await requireAsRoster(db, step.cities);
        }
      }
    }) as fc.IAsyncProperty<unknown>,
    about as fc.Parameters<unknown>,
  );
}
