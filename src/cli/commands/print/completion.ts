/** `rosterd print completion SHELL`: completes commands and flags in a shell. */
import { type Command, EXIT, WrongUsage } from "../../command.ts";
import { PROCESS_FLAGS } from "../../parse.ts";

export const printCompletionCommand: Command = {
  words: "print completion",
  operands: { words: "bash|zsh|fish", min: 1, max: 1 },
  flags: {},
  ignoresInstallation: true,
  summary: "print a script that completes commands and flags in a shell",
  help: "Prints a script that completes commands and flags:\n" +
    "rosterd print completion bash > /etc/bash_completion.d/rosterd\n" +
    "rosterd print completion zsh > /usr/local/share/zsh/site-functions/_rosterd\n" +
    "rosterd print completion fish > /etc/fish/completions/rosterd.fish",
  run({ terminal, operands: [shell], commands }) {
    const script = SHELLS[shell];
    if (script === undefined) throw new WrongUsage(`unknown shell "${shell}": choose bash, zsh or fish`);
    terminal.out(script(commands));
    return Promise.resolve(EXIT.ok);
  },
};

const SHELLS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: (commands) => `${bashFunction(commands)}\ncomplete -o default -F _rosterd rosterd`,
  // zsh can run completions written for bash.
  zsh: (commands) =>
    `#compdef rosterd\nautoload -U +X bashcompinit && bashcompinit\n${bashFunction(commands)}\n` +
    "complete -o default -F _rosterd rosterd",
  fish: fishScript,
};

/** The possible next words. The key is the words typed so far, such as `imports`. */
function followers(commands: readonly Command[]): Map<string, { words: string[]; flags: string[] }> {
  const found = new Map<string, { words: string[]; flags: string[] }>();
  const at = (typed: string) => found.get(typed) ?? found.set(typed, { words: [], flags: [] }).get(typed)!;
  for (const { words, flags } of commands) {
    const parts = words.split(" ");
    for (const [index, part] of parts.entries()) {
      const { words: next } = at(parts.slice(0, index).join(" "));
      if (!next.includes(part)) next.push(part);
    }
    at(words).flags = Object.keys({ ...flags, ...PROCESS_FLAGS, help: null }).map((name) => `--${name}`);
  }
  return found;
}

function bashFunction(commands: readonly Command[]): string {
  const cases = [...followers(commands)].map(([typed, { words, flags }]) =>
    `    "${typed}") words="${words.join(" ")}" flags="${flags.join(" ")}" ;;`
  );
  return `_rosterd() {
  local current=\${COMP_WORDS[COMP_CWORD]} typed= words= flags= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || typed+="\${typed:+ }$word"
  done
  case $typed in
${cases.join("\n")}
  esac
  [[ $current == -* ]] && words=$flags
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}`;
}

function fishScript(commands: readonly Command[]): string {
  const typed = "string join ' ' -- (commandline -opc | string match -v -- '-*')";
  const after = (words: string) => `-n 'test (__rosterd_typed) = "${`rosterd ${words}`.trim()}"'`;
  const lines = commands.flatMap(({ words, flags, summary }) => {
    const parts = words.split(" "), last = parts.at(-1)!;
    return [
      `complete -c rosterd ${after(parts.slice(0, -1).join(" "))} -a ${last} -d ${quoted(summary)}`,
      ...Object.entries(flags).map(([name, { value, help }]) =>
        `complete -c rosterd ${after(words)} -l ${name}${value === null ? "" : " -r"} -d ${quoted(help)}`
      ),
    ];
  });
  const isCommand = (family: string) => commands.some(({ words }) => words === family);
  const families = commands.map(({ words }) => words.split(" ")[0]).filter((family) => !isCommand(family));
  return [
    `function __rosterd_typed; ${typed}; end`,
    ...[...new Set(families)].map((family) => `complete -c rosterd ${after("")} -a ${family}`),
    ...lines,
  ].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
