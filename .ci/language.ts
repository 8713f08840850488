/**
 * Refuses phrases that no native speaker would write: `deno run --allow-read=. .ci/language.ts`. Reads the comments and
 * strings of `src/`, the documentation, and the names of tests. Prints each phrase with the reason and a better
 * wording.
 *
 * Text in backticks is code and is not checked.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Phrase {
  pattern: RegExp;
  reason: string;
  better: string;
  /** A sentence that the pattern refuses, and one that it accepts. Tests check both. */
  bad: string;
  good: string;
  /** True if the phrase is refused only in text that users read. */
  inMessages?: true;
}

/** A space in a pattern matches any white space, including line breaks in comments. */
export const PHRASES: readonly Phrase[] = [
  {
    pattern: /\bso (many|long|often|much)\b(?! as\b)(?![^.;:]*\bthat\b)/i,
    reason: "translated from “so viele”",
    better: "name the number or the limit: at most, for this long, as often as",
    bad: "The file has not changed for so many seconds.",
    good: "It reads so many bytes that memory runs out.",
  },
  { pattern: /\banew\b/i, reason: "dated", better: "again", bad: "It plans anew.", good: "It plans again." },
  {
    pattern: /\bstands? (in|at|on|behind|there|beside)\b(?! (the way|for)\b)/i,
    reason: "“stehen” is “to be” in English",
    better: "is in, is written in, follows, or the verb that says what happens",
    bad: "The failed records stand in the folder bak.",
    good: "Another rosterd stands by.",
  },
  {
    pattern: /\b(contract, (section|part)|platform notes|product card|fault list|design, section)\b/i,
    reason: "leads nowhere in this repository",
    better: "state the rule, or link to a page of docs/",
    bad: "Exit codes (contract, section 7).",
    good: "Exit codes (docs/cli.md#exit-codes).",
  },
  {
    pattern: /\b(whoever|whomever|somebody)\b/i,
    reason: "does not name the actor",
    better: "the client, another program, an admin, the uploader",
    bad: "Whoever uploads is locked in.",
    good: "The uploader is locked in.",
  },
  {
    pattern: /\bnobody\b(?!-)/i,
    reason: "does not name the actor",
    better: "say what does not happen: no mail is sent",
    bad: "Nobody is mailed.",
    good: "No mail is sent.",
    inMessages: true,
  },
  {
    pattern: /\bmend(s|ed|ing)?\b/i,
    reason: "used of clothes",
    better: "fix, correct, repair",
    bad: "It mends itself.",
    good: "It recovers by itself.",
  },
  {
    pattern: /\bholds? no more\b/i,
    reason: "translated from “hält nicht mehr”",
    better: "has a limit of, is full, is no longer valid",
    bad: "The list holds no more than ten.",
    good: "The list has at most ten entries.",
  },
  {
    pattern:
      /(?<!\bthere )\bis no (?!(longer|more|less|fewer|better|worse|different|later|earlier|larger|smaller|exception|way|need|doubt|wonder)\b)[a-z]+/,
    reason: "translated from “ist kein”",
    better: "is not a …",
    bad: "It is no plain file.",
    good: "It is no longer a plain file; there is no other.",
  },
  {
    pattern: /\bthere (is|was) none\b/i,
    reason: "translated from “es gibt keine”",
    better: "is missing, does not exist, if any",
    bad: "It is made where there is none.",
    good: "It is created if it is missing.",
  },
  {
    pattern: /\b(database|server|postgresql|folder|mount|disk) (is|was|are|were|goes|went) away\b/i,
    reason: "a server does not go for a walk",
    better: "is unreachable, is missing, does not answer",
    bad: "The database is away.",
    good: "The database is unreachable.",
  },
  {
    pattern: /\b(un)?foresee(s|n)?\b|\brehearsals?\b/i,
    reason: "not the field's word",
    better: "expected, planned, dry run",
    bad: "An error that was not foreseen.",
    good: "An unexpected error.",
  },
  {
    pattern: /[,;:] else\b/,
    reason: "not an English connective between clauses",
    better: "otherwise",
    bad: "Reads the flag, else the variable.",
    good: "Reads the flag, otherwise the variable.",
  },
  {
    pattern: /\blaid over\b|\bdiffers? about\b/i,
    reason: "translated from “darübergelegt”, “sich unterscheiden über”",
    better: "override, disagree about",
    bad: "The settings of a feed are laid over those for all feeds.",
    good: "The settings of a feed override those for all feeds.",
  },
  {
    pattern: /\bnames? (it|them|[a-z]+ [a-z]+) no more\b(?! than)/i,
    reason: "translated from “nicht mehr”",
    better: "no longer",
    bad: "The feed names them no more.",
    good: "The feed no longer names them.",
  },
  {
    pattern: /\b(recogni|normali|initiali|summari|minimi|maximi|optimi|synchroni|reali)s(e[ds]?|ing|ation)\b/i,
    reason: "the rest is spelled with -ize",
    better: "recognize, normalize",
    bad: "Errors are recognised by their code.",
    good: "Errors are recognized by their code.",
  },
  {
    pattern: /\b(an?|this|every|one|test) mails?\b(?! (server|login|set|settings|password|states?)\b)/i,
    reason: "“mail” is uncountable",
    better: "email",
    bad: "Sends a mail now.",
    good: "Sends an email by way of a mail server.",
    inMessages: true,
  },
  {
    pattern: /\bfor ever\b/i,
    reason: "translated from “für immer”",
    better: "permanently, indefinitely",
    bad: "The user is erased for ever.",
    good: "The user is permanently erased.",
  },
  {
    pattern: /\bnames? (who|whom)\b/i,
    reason: "a name does not name a person's role",
    better: "the name of the user who",
    bad: "`by` names who decides.",
    good: "`by` is the name of the user who decides.",
  },
  {
    pattern: /\bwhat [a-z ]{3,40}came to\b/i,
    reason: "does not say which figures are meant",
    better: "the totals of, the results of",
    bad: "What the imports of a day came to.",
    good: "The totals of a day's imports.",
  },
  {
    pattern: /\btold of\b/i,
    reason: "dated",
    better: "reported",
    bad: "A full disk is told of in one line.",
    good: "A full disk is reported in one line.",
  },
  {
    pattern: /\bfor want of\b/i,
    reason: "dated",
    better: "because it lacks, without",
    bad: "The import fails for want of a right.",
    good: "The import fails because the role lacks a right.",
  },
  {
    pattern: /\b(that|which) (is|are) none\b/i,
    reason: "translated from “das keines ist”",
    better: "that is not valid, that is not a …",
    bad: "A date that is none is refused.",
    good: "A date that is not valid is refused.",
  },
];

export interface Found {
  /** The path, relative to the root. */
  file: string;
  line: number;
  text: string;
  phrase: Phrase;
}

/**
 * A piece of prose and its offset in the file. The text keeps the length of its source, so that offsets stay correct.
 */
interface Prose {
  at: number;
  text: string;
  isMessage: boolean;
}

const SCRIPT = new RegExp(
  [
    String.raw`\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*`,
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    "`(?:\\\\.|[^`\\\\])*`",
    // A regular expression may contain quotes that do not begin a string.
    String.raw`(?<=(?:[(,=:\[!&|?{};+]|\breturn)\s*)\/(?![*\/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^\/\\\n[])+\/`,
  ].join("|"),
  "g",
);
const SQL = /--[^\n]*(?:\n[ \t]*--[^\n]*)*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g;
const TEST_NAME = /(?:\bDeno\.test|\b(?:on|with)[A-Z]\w*)\(\s*"((?:\\.|[^"\\])*)"|\bname:\s*"((?:\\.|[^"\\])*)"/g;

const blank = (text: string) => " ".repeat(text.length);

function proseOf(file: string, text: string): Prose[] {
  if (file.startsWith("tests/")) return tokens(text, TEST_NAME);
  if (/\.(ts|js)$/.test(file)) return tokens(text, SCRIPT).filter(({ text }) => !/^\/(?![*\/])/.test(text));
  if (file.endsWith(".sql")) return tokens(text, SQL);
  const withoutCode = text.replace(/^```[\s\S]*?^```/gm, blank);
  return [{ at: 0, text: withoutCode, isMessage: true }];
}

function tokens(text: string, pattern: RegExp): Prose[] {
  return [...text.matchAll(pattern)].map((match) => {
    const isComment = /^(\/\/|\/\*|--)/.test(match[0]);
    const isTemplate = match[0].startsWith("`");
    return {
      at: match.index,
      text: isTemplate ? match[0].replace(/\$\{[^}]*\}/g, blank) : match[0],
      isMessage: !isComment,
    };
  });
}

/** Replaces line breaks and comment markers with spaces. */
function joined(text: string): string {
  return text.replace(/\n[ \t]*(\*(?!\/)|\/\/|--)?/g, blank);
}

/** Finds the banned phrases in one file. */
export function findPhrases(file: string, text: string, phrases: readonly Phrase[] = PHRASES): Found[] {
  const found = proseOf(file, text).flatMap(({ at, text: prose, isMessage }) => {
    const words = joined(prose.startsWith("`") ? prose : prose.replace(/`[^`\n]*`/g, blank));
    return phrases.filter(({ inMessages }) => isMessage || inMessages === undefined).flatMap((phrase) => {
      const pattern = new RegExp(phrase.pattern.source.replaceAll(/(?<!\[) /g, "\\s+"), phrase.pattern.flags + "g");
      return [...words.matchAll(pattern)].map((match) => ({
        file,
        line: text.slice(0, at + match.index).split("\n").length,
        text: match[0].replace(/\s+/g, " "),
        phrase,
      }));
    });
  });
  return found.sort((one, other) => one.line - other.line);
}

const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs"];
const READ = /\.(ts|js|sql|html|md|sh|txt|conf|service|ya?ml)$/;

/** The files to read, relative to the root. The list is empty for a document that does not exist. */
async function filesUnder(root: string, path: string): Promise<string[]> {
  if (!existsSync(join(root, path))) return [];
  if ((await Deno.stat(join(root, path))).isFile) return READ.test(path) ? [path] : [];
  const names = (await Array.fromAsync(Deno.readDir(join(root, path)))).map(({ name }) => name).sort();
  return (await Promise.all(names.map((name) => filesUnder(root, `${path}/${name}`)))).flat();
}

/** Finds the refused phrases in the whole project. */
export async function findAllPhrases(root: string): Promise<Found[]> {
  const sources = (await Promise.all(["src", ...DOCUMENTS].map((path) => filesUnder(root, path)))).flat();
  const tests = (await filesUnder(root, "tests")).filter((file) => file.endsWith(".ts"));
  const found: Found[] = [];
  for (const file of [...sources, ...tests]) {
    found.push(...findPhrases(file, await Deno.readTextFile(join(root, file))));
  }
  return found;
}

function printTotals(found: readonly Found[]): void {
  const folders = Object.groupBy(
    found,
    ({ file }) => file.split("/").slice(0, file.startsWith("src/") ? 2 : 1).join("/"),
  );
  for (const [folder, hits = []] of Object.entries(folders)) {
    console.error(`${String(hits.length).padStart(5)}  ${folder}`);
  }
}

if (import.meta.main) {
  const found = await findAllPhrases(fileURLToPath(new URL("..", import.meta.url)));
  for (const { file, line, text, phrase } of found) {
    console.error(`${file}:${line}: “${text}”: ${phrase.reason}. Better: ${phrase.better}.`);
  }
  if (found.length > 0) {
    printTotals(found);
    console.error(`${found.length} phrases to reword`);
    Deno.exit(1);
  }
  console.error("language: ok");
}
