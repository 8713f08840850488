/** Writes the mail of `POST /settings/test-mail`. */
import { addressList, type Settings } from "../domain/settings.ts";
import { newMessageId } from "../postgres/history/outbox_store.ts";
import type { Message } from "../smtp/transport.ts";

export function testMessage(settings: Settings, now: Date): Message {
  return {
    messageId: newMessageId(settings.reply_to_admin_email),
    date: now,
    from: settings.reply_to_admin_email,
    to: addressList(settings.failed_import_email),
    subject: "rosterd: test mail",
    text: "This is a test mail from rosterd. rosterd will mail failed records to this address.\n",
    attachments: [],
  };
}
