/** File systems of their own for tests, where the machine lets a test mount them. */
import { run } from "./folder_tree.ts";

/** Whether this process may mount. Tests that need it are shown as ignored where it may not. */
export function canMount(): boolean {
  if (Deno.uid() !== 0) return false;
  const folder = Deno.makeTempDirSync();
  try {
    const mounted = new Deno.Command("mount", { args: ["-t", "tmpfs", "none", folder] }).outputSync().success;
    if (mounted) new Deno.Command("umount", { args: [folder] }).outputSync();
    return mounted;
  } finally {
    Deno.removeSync(folder);
  }
}

/**
 * Mounts for as long as the test runs. In the end nobody may have anything open there: a service must have been stopped.
 * When the test failed it may still run, and what failed is told rather than that.
 */
export async function withMount(args: readonly string[], folder: string, test: () => Promise<void>): Promise<void> {
  await run("mount", ...args, folder);
  try {
    await test();
  } catch (error) {
    await run("umount", "--lazy", folder);
    throw error;
  }
  await run("umount", folder);
}

/** A new file system in memory, with room for so many bytes. */
export function withMemory(folder: string, test: () => Promise<void>, bytes = 16 * 1_048_576): Promise<void> {
  return withMount(["-t", "tmpfs", "-o", `size=${bytes}`, "none"], folder, test);
}
