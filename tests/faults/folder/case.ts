/** Runs a test with its own service on a folder that the test may damage. */
import { withBothErrors } from "../../support/both_errors.ts";
import { serverUnavailable } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import { FolderService, type FolderServiceOptions } from "./service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of hostile folders that need a server: ${unavailable}`);

export function folderTest(
  name: string,
  test: (service: FolderService) => Promise<void>,
  options: FolderServiceOptions & { ignore?: boolean } = {},
) {
  Deno.test({
    name,
    ignore: unavailable !== null || options.ignore === true,
    fn: () =>
      withBothErrors(async () => {
        await using service = await FolderService.start(options);
        await test(service);
        await service.stop();
      }),
  });
}

export const codesOf = (files: readonly { name: string; code: string }[]) =>
  Object.fromEntries(files.map(({ name, code }) => [name, code]));

/** Starts turns until every declared upload has been processed. The service also starts turns on its own. */
export async function allDone(service: FolderService): Promise<void> {
  await until("all is in bak", async () => {
    await service.turn();
    const { waiting } = await service.status();
    const names = [...Deno.readDirSync(service.upload)].map(({ name }) => name).filter((name) =>
      name.startsWith("good")
    );
    return names.length === 0 && !waiting.some(({ name }) => name.startsWith("good"));
  });
}
