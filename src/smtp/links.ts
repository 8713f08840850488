/** Links to the admin page, if its address is known (docs/settings.md#keys, `public_url`). */
import type { Part } from "./part.ts";

export function importLink(publicUrl: string, id: number, text: string): Part[] {
  return publicUrl === "" ? [] : [{ kind: "link", text, url: `${publicUrl.replace(/\/+$/, "")}/#/imports/${id}` }];
}
