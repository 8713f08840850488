/** Finds files that contain secrets and that other users of this machine can read or change. */
import { stat } from "node:fs/promises";
import { type Finding, good, warning } from "../domain/finding.ts";
import { codeOrThrow } from "../runtime/errors.ts";
import { shellWord } from "../runtime/shell_word.ts";
import { adminTokenPath } from "./data_folder.ts";
import { tokensPath } from "./tokens_file.ts";

const READ = 0o044;
const WRITE = 0o022;

/** A missing file cannot expose secrets. If the file cannot be accessed, other checks report it. */
export async function checkPrivateFiles({ data, settings }: { data: string; settings: string }): Promise<Finding[]> {
  const findings = await Promise.all([adminTokenPath(data), tokensPath(data), settings].map(exposed));
  const found = findings.filter((finding) => finding !== null);
  return found.length > 0
    ? found
    : [good("private_files", "other users cannot read or change the tokens and the settings")];
}

async function exposed(path: string): Promise<Finding | null> {
  let mode: number;
  try {
    mode = (await stat(path)).mode & 0o777;
  } catch (error) {
    codeOrThrow(error);
    return null;
  }
  const acts = [...((mode & READ) === 0 ? [] : ["read"]), ...((mode & WRITE) === 0 ? [] : ["change"])];
  if (acts.length === 0) return null;
  const text = `other users can ${acts.join(" and ")} ${path} (mode ${mode.toString(8).padStart(4, "0")})`;
  return warning("private_files", text, `Run: chmod 600 ${shellWord(path)}`);
}
