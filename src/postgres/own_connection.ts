/**
 * A transaction on a connection of its own, which is thrown away afterwards, and surely when anything goes wrong.
 */
import type { Isolation } from "./connect.ts";
import type { Link } from "./link.ts";
import type { Sql, Tx } from "./sql.ts";

/** Makes the connection, and tells when it is closed and which links it is made of: one. */
type Open = (onclose: () => void, onLink: (link: Link) => void) => Sql;

/**
 * When the connection is lost, the driver may never say so to a COPY, and it breaks the whole process when it is given
 * one more statement for it, be it the ROLLBACK that it makes of an error (measured; platform.md). So the loss itself
 * ends the transaction here; from then on `work` gets no statement through, and what it comes to is not passed on.
 *
 * When `work` fails in the middle of a COPY, the driver refuses its own ROLLBACK and would tell that instead: it is the fault of
 * `work` that counts, and closing the connection takes everything back.
 */
export async function onOwnConnection<T>(open: Open, work: Work<T>, isolation: Isolation): Promise<T> {
  const loss = Promise.withResolvers<never>();
  const state: OwnState = { lost: false, fault: null, link: null };
  const onclose = () => {
    state.lost = true;
    loss.reject(state.link?.fault ?? connectionLost());
  };
  const own = open(onclose, (link) => state.link = link);
  const introduced = async (tx: Tx) => {
    await introduce(tx, state);
    return await work(tx);
  };
  const working = own.begin(`isolation level ${isolation}`, (tx) => whileConnected(tx, state, introduced)) as Promise<
    T
  >;
  working.catch(() => {});
  loss.promise.catch(() => {});
  try {
    const result = await Promise.race([working, loss.promise]);
    await own.end({ timeout: 5 });
    return result;
  } catch (error) {
    await own.end({ timeout: 0 });
    const covered = (error as { code?: unknown }).code === "COPY_IN_PROGRESS" ? state.fault : null;
    throw covered === null ? error : covered.error;
  } finally {
    // A good-bye does not get through a frozen link.
    state.link?.destroy();
  }
}

/**
 * Who does the work, asked within the transaction: with a pooler in between only that is true. And a client whose machine is gone
 * is noticed within a minute, not after the two hours that are usual.
 */
async function introduce(tx: Tx, { link }: OwnState): Promise<void> {
  await tx.unsafe(
    "set local tcp_keepalives_idle = 20; set local tcp_keepalives_interval = 10; set local tcp_keepalives_count = 3",
  );
  const [backend] = await tx<{ pid: number; startedAt: string }[]>`
    select pid, extract(epoch from backend_start)::text as "startedAt" from pg_stat_activity where pid = pg_backend_pid()`;
  if (link !== null) link.backend = backend ?? null;
}

interface OwnState {
  link: Link | null;
  /** The connection is gone. */
  lost: boolean;
  /** Why `work` failed while the connection stood. */
  fault: { error: unknown } | null;
}

type Work<T> = (tx: Tx) => Promise<T>;

function whileConnected<T>(tx: Tx, state: OwnState, work: Work<T>): Promise<T> {
  return new Promise<T>((resolve, reject) =>
    work(refusing(tx, state)).then(
      (result) => state.lost || resolve(result),
      (error) => {
        if (state.lost) return;
        state.fault = { error };
        reject(error);
      },
    )
  );
}

/** The transaction, as long as its connection stands; then every statement throws. The same holds within a savepoint. */
function refusing(tx: Tx, state: OwnState): Tx {
  const demand = () => {
    if (state.lost) throw connectionLost();
  };
  return new Proxy(tx, {
    apply(target, self, words) {
      demand();
      return Reflect.apply(target, self, words);
    },
    get(target, name) {
      if (name === "unsafe") demand();
      if (name === "savepoint") {
        return (work: Work<unknown>) => target.savepoint((inner) => whileConnected(inner, state, work));
      }
      return Reflect.get(target, name);
    },
  });
}

function connectionLost(): Error {
  return Object.assign(new Error("the connection to the database was lost"), { code: "CONNECTION_CLOSED" });
}
