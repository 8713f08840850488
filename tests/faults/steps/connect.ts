/**
 * Replaces `src/postgres/connection/connect.ts`: each statement that changes data and each COMMIT counts as a side
 * effect.
 */
import * as real from "../../../src/postgres/connection/connect.ts";
import { after, before, effect } from "./killing.ts";

export * from "../../../src/postgres/connection/connect.ts";

export function connectServer(...args: Parameters<typeof real.connectServer>): real.Database {
  return countingDatabase(real.connectServer(...args));
}

export function countingDatabase(database: real.Database): real.Database {
  return {
    ...database,
    sql: counting(database.sql),
    transaction: (work) => committing((counted) => database.transaction(counted), work),
  };
}

type Work<T> = (tx: real.Tx, session: real.Session) => Promise<T>;

/** Counts a COMMIT. The process may be killed before the COMMIT is sent or after its reply arrives. */
async function committing<T>(begin: (work: Work<T>) => Promise<T>, work: Work<T>): Promise<T> {
  let number = 0;
  const result = await begin(async (tx, session) => {
    const done = await work(counting(tx), session);
    number = await before("COMMIT");
    return done;
  });
  await after("COMMIT", number);
  return result;
}

/** Returns the same `sql`, but counts each statement when it is awaited. */
function counting<S extends real.Sql | real.Tx>(sql: S): S {
  return new Proxy(sql, {
    apply: (target, self, words) => counted(Reflect.apply(target as never, self, words), words[0]),
    get(target, name) {
      // deno-lint-ignore no-explicit-any
      const value: any = Reflect.get(target, name);
      if (name === "unsafe") {
        return (...args: unknown[]) => counted(Reflect.apply(value, target, args), [String(args[0])]);
      }
      if (name === "begin") return (work: Work<unknown>) => committing((within) => value(within), work);
      if (name === "savepoint") {
        return (work: (tx: real.Tx) => Promise<unknown>) => value((inner: real.Tx) => work(counting(inner)));
      }
      return value;
    },
  });
}

/** Statements that change data: all except queries and setup. These queries call the functions that move permits. */
const CHANGES = /^\s*(insert|update|delete|copy|create|alter|drop|with)\b|_permits\(/i;

function counted(query: unknown, words: readonly string[]): unknown {
  const text = Array.isArray(words) ? words.join("?").replace(/^(\s*--.*\n)+/, "") : "";
  if (!(query instanceof Promise) || !CHANGES.test(text)) return query;
  const settle = query.then.bind(query);
  const name = text.trim().split(/\s+/).slice(0, 4).join(" ");
  const run = () => effect(name, () => new Promise((resolve, reject) => void settle(resolve, reject)));
  const stream = (query as unknown as { writable(): Promise<unknown> }).writable.bind(query);
  return Object.assign(query, {
    then: (...args: Parameters<typeof settle>) => run().then(...args),
    writable: () => effect(name, stream),
  });
}
