/** `rosterd settings test-mail`: makes the running service send an email now. */
import { requireService } from "../access.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG } from "../command.ts";

export const testMailCommand: Command = {
  words: "settings test-mail",
  flags: JSON_FLAG,
  summary: "send a test email now, and report whether the mail server accepted it",
  help: "Makes the running service send a test email to the Failed Import Email, with the current settings.\n" +
    "If the mail server does not accept the email, prints the reason and exits with 1.",
  run: runTestMail,
};

async function runTestMail(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const service = await requireService(invocation);
  const result = await service.ask("POST", "/settings/test-mail") as { sent: boolean; text: string };
  const { good, bad } = terminal.paint;
  if (flags.json) terminal.out(JSON.stringify(result, null, 2));
  else terminal.out((result.sent ? good : bad)(result.text));
  return result.sent ? EXIT.ok : EXIT.other;
}
