/** Mounts file systems for tests if the machine allows it. */
import { run } from "./folder_tree.ts";

/** Whether this process is allowed to mount file systems. Otherwise, tests that mount file systems are ignored. */
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
 * Mounts a file system for one test. The test must stop its service; otherwise, the unmount fails. If the test fails,
 * its error is thrown rather than an error from the unmount.
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

/** Mounts a new in-memory file system with the given size in bytes. */
export function withMemory(folder: string, test: () => Promise<void>, bytes = 16 * 1_048_576): Promise<void> {
  return withMount(["-t", "tmpfs", "-o", `size=${bytes}`, "none"], folder, test);
}
