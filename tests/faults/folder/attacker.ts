/**
 * Attacks files outside the shared upload folder through rosterd: it swaps files for links, folders, pipes and hard
 * links, renames entries, and creates dangerous names. `attack.ts` starts this program and stops it by creating a file.
 * At the end, the program prints how many times each trick succeeded.
 *
 * Arguments, as JSON: {@link Attack}. If it runs as root, the attacker first becomes the user `uid`.
 */
import fs from "node:fs";
import { join } from "node:path";
import process from "node:process";

export interface Attack {
  /** `guest`: may create entries in a sticky folder owned by rosterd. `owner`: owns the upload folder. */
  kind: "guest" | "owner";
  upload: string;
  /** The tree from `canary.ts`. */
  canary: string;
  /** A folder belonging to the attacker, with pipes and a socket to link to. */
  hoard: string;
  uid: number;
  seed: number;
}

const NAMES = Array.from({ length: 6 }, (_, number) => `x${number}.csv`);
const SWAPPED = ["swapped0.csv", "swapped1.csv", "swapped2.csv"];
/** Names that careless programs might interpret. */
const EVIL_NAMES = [
  "new\nline.csv",
  "\u001b[2J\u001b[31mred.csv",
  "-rf.csv",
  "--help.csv",
  "=HYPERLINK(1).csv",
  "@sum.csv",
  "+1.csv",
  "..%2f..%2fetc%2fpasswd.csv",
  "..\\..\\x.csv",
  "\u2025\u2215x.csv",
  "\u202evsc.exe.csv",
  "🎓👩‍🎓.csv",
  `'"\`$(id).csv`,
  "<img src=x onerror=alert(1)>.csv",
  "{{7*7}}.csv",
  "x".repeat(251) + ".csv",
  "Ω".repeat(125) + "x.csv",
  "CR\rLF\nBcc: all@example.edu.csv",
];
/** All contents differ because two uploads with the same name and bytes cannot be distinguished. */
const roster = (number: number) => `unique_id,login_source,first_name\nATTACKER,ldap,Mallory ${number}\n`;

/** Most of the time is spent on this trick because it wins the most races. */
const IN_A_BURST = "a link to the secret and a file, a hundred times in turn";

/** Counts successes by trick name. */
const worked: Record<string, number> = {};

export function attack(plan: Attack, keepOn: () => boolean): Record<string, number> {
  const random = numbers(plan.seed);
  const more = plan.kind === "owner" ? ownerTricks(plan) : vainTricks(plan);
  const tricks = Object.entries({ ...guestTricks(plan, random), ...more });
  const burst = tricks.find(([name]) => name === IN_A_BURST)![1];
  while (keepOn()) {
    const [name, trick] = random() < 0.1 ? [IN_A_BURST, burst] : tricks[Math.floor(random() * tricks.length)];
    attempt(name, trick);
  }
  return worked;
}

/** Ignores tricks that lose a race or are refused. */
function attempt(name: string, trick: () => void): void {
  try {
    trick();
    worked[name] = (worked[name] ?? 0) + 1;
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "string") throw error;
    const refused = `${name}: ${(error as { code: string }).code}`;
    worked[refused] = (worked[refused] ?? 0) + 1;
  }
}

type Tricks = Record<string, () => void>;

function guestTricks({ upload, canary, hoard }: Attack, random: () => number): Tricks {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  const at = (...names: string[]) => join(upload, ...names);
  const victim = () => at(pick(NAMES));
  /** Replaces a file in one step. */
  const putInPlace = (target: string, make: (path: string) => void) => {
    const own = at(`.mine-${Math.floor(random() * 1e9)}.part`);
    make(own);
    try {
      if (fs.lstatSync(target, { throwIfNoEntry: false })?.isDirectory()) fs.rmSync(target, { recursive: true });
      fs.renameSync(own, target);
    } catch (error) {
      fs.rmSync(own, { recursive: true, force: true });
      throw error;
    }
  };
  let rosters = 0;
  const write = (path: string) => fs.writeFileSync(path, roster(rosters++));
  const linkTo = (to: string) => () => putInPlace(victim(), (own) => fs.symlinkSync(to, own));
  return {
    "a roster": () => putInPlace(victim(), write),
    "a roster with an old time": () =>
      putInPlace(victim(), (own) => {
        write(own);
        fs.utimesSync(own, 1, 1);
      }),
    "a link to the secret": linkTo(join(canary, "secret.csv")),
    "a link to a folder outside": linkTo(join(canary, "tree")),
    "a link to a parent folder": linkTo("../../../../../etc/passwd"),
    "a dangling link": linkTo("nowhere"),
    "a link to a pipe": linkTo(join(hoard, "pipe")),
    "a link to /dev/zero": linkTo("/dev/zero"),
    "a link to itself": linkTo(NAMES[0]),
    "a pipe": () => putInPlace(victim(), (own) => fs.linkSync(join(hoard, "pipe"), own)),
    "a socket": () => putInPlace(victim(), (own) => fs.linkSync(join(hoard, "socket"), own)),
    "a hard link to the secret": () => putInPlace(victim(), (own) => fs.linkSync(join(canary, "secret.csv"), own)),
    "a hard link to the attacker's file": () => {
      const file = join(hoard, `file-${rosters % 4}`);
      fs.rmSync(file, { force: true });
      write(file);
      putInPlace(victim(), (own) => fs.linkSync(file, own));
    },
    "a folder": () => {
      const path = victim();
      fs.rmSync(path, { recursive: true, force: true });
      fs.mkdirSync(path);
    },
    // Repeatedly swaps the same file and link so that a program may check the file but open the link.
    [IN_A_BURST]: () => {
      const aside = (name: string, what: string) => at(`.mine-${what}-${name}.part`);
      const prepare = (name: string) => {
        for (const path of [at(name), aside(name, "file"), aside(name, "link")]) {
          fs.rmSync(path, { recursive: true, force: true });
        }
        write(at(name));
        // The oldest file is attacked because rosterd claims it first, immediately after checking it.
        fs.utimesSync(at(name), 1, 1);
        fs.symlinkSync(join(canary, "secret.csv"), aside(name, "link"));
      };
      for (let swaps = 0; swaps < 100; swaps++) {
        for (const name of SWAPPED) {
          try {
            const [now, then] = swaps % 2 === 0 ? ["file", "link"] : ["link", "file"];
            fs.renameSync(at(name), aside(name, now));
            fs.renameSync(aside(name, then), at(name));
          } catch {
            prepare(name); // By now, rosterd has claimed either the file or the link.
          }
        }
      }
    },
    "a removal": () => fs.rmSync(victim(), { recursive: true }),
    "an append": () => {
      const { O_WRONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
      const file = fs.openSync(victim(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
      try {
        fs.writeSync(file, "LATE,ldap,x\n");
      } finally {
        fs.closeSync(file);
      }
    },
    "a dangerous name": () => putInPlace(at(pick(EVIL_NAMES)), write),
    "a link with a dangerous name": () =>
      putInPlace(at(pick(EVIL_NAMES)), (own) => fs.symlinkSync(join(canary, "secret.csv"), own)),
    "a planted key": () => fs.symlinkSync(join(canary, "tree"), at(".rosterd", "20261123T000000Z-00000000")),
    "listing .rosterd": () => void fs.readdirSync(at(".rosterd")),
    "listing bak": () => void fs.readdirSync(at("bak")),
    "a swapped probe": () => {
      const probe = fs.readdirSync(upload).find((name) => name.startsWith(".rosterd-"));
      if (probe === undefined) throw Object.assign(new Error(), { code: "none" });
      fs.renameSync(at(probe), at(".mine.part"));
      fs.symlinkSync(canary, at(probe));
    },
    "a planted probe": () =>
      fs.mkdirSync(at(`.rosterd-${Math.floor(random() * 0xffffffff).toString(16).padStart(8, "0")}.probe`)),
  };
}

/** Tricks that a guest may try. An owner would only interfere with its own swaps. */
function vainTricks({ upload, canary }: Attack): Tricks {
  const at = (name: string) => join(upload, name);
  return {
    "bak renamed": () => fs.renameSync(at("bak"), at("bak.mine")),
    ".rosterd renamed": () => fs.renameSync(at(".rosterd"), at(".rosterd.mine")),
    "bak planted": () => fs.symlinkSync(join(canary, "tree"), at("bak")),
    ".rosterd planted": () => fs.symlinkSync(join(canary, "other/.rosterd"), at(".rosterd")),
    "renaming another user's file": () => {
      const good = fs.readdirSync(upload).find((name) => name.startsWith("good-"));
      if (good === undefined) throw Object.assign(new Error(), { code: "none" });
      fs.renameSync(at(good), at("stolen.csv"));
    },
  };
}

/** Tricks that require the right to rename foreign entries: they swap folders for links to the outside and back. */
function ownerTricks({ upload, canary, hoard }: Attack): Tricks {
  const at = (name: string) => join(upload, name);
  let number = 0;
  /** Replaces a folder and restores it. Moves aside entries that rosterd has created in the meantime. */
  const swap = (name: string, makeOther: (path: string) => void) => () => {
    const away = at(`.${name.replace(/^\./, "")}-away`);
    const other = at(`.other-${number++}`);
    makeOther(other);
    fs.renameSync(at(name), away);
    try {
      fs.renameSync(other, at(name));
      // Waits so that rosterd can use the replaced folder.
      for (let spin = 0; spin < number % 50; spin++) fs.lstatSync(at(name));
      fs.renameSync(at(name), other);
    } finally {
      try {
        fs.renameSync(away, at(name));
      } catch {
        fs.renameSync(at(name), at(`.made-meanwhile-${number++}`));
        fs.renameSync(away, at(name));
      }
      if (fs.lstatSync(other).isSymbolicLink()) fs.unlinkSync(other);
    }
  };
  const link = (to: string) => (path: string) => fs.symlinkSync(to, path);
  return {
    ".rosterd swapped for a folder outside": swap(".rosterd", link(join(canary, "tree"))),
    ".rosterd swapped for another rosterd's work folder": swap(".rosterd", link(join(canary, "other/.rosterd"))),
    ".rosterd swapped for the attacker's folder": swap(".rosterd", link(join(hoard, "work"))),
    "bak swapped for a folder outside": swap("bak", link(join(canary, "tree"))),
    "bak swapped for another rosterd's bak": swap("bak", link(join(canary, "other/bak"))),
    "bak swapped for the attacker's folder": swap("bak", (path) => fs.mkdirSync(path)),
    "swapping the attacker's key": () => {
      // Alternates a key in a foreign work folder between a folder with a file and a link to the outside.
      const key = join(hoard, "work", "20261123T000000Z-00000001");
      fs.rmSync(key, { recursive: true, force: true });
      fs.mkdirSync(key);
      fs.writeFileSync(join(key, "x0.csv"), roster(number++));
      fs.rmSync(key, { recursive: true });
      fs.symlinkSync(join(canary, "tree"), key);
    },
  };
}

/** Generates seeded random numbers from 0 to 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) {
  const plan: Attack = JSON.parse(Deno.args[0]);
  if (process.getuid!() !== plan.uid) {
    process.setgid!(plan.uid);
    process.setuid!(plan.uid);
  }
  console.log("ready");
  // The loop below never yields, so the end is signaled by a new file rather than by an event.
  const stop = join(plan.hoard, "stop");
  let turns = 0;
  const counts = attack(plan, () => ++turns % 64 !== 0 || !fs.existsSync(stop));
  console.log(JSON.stringify(counts));
}
