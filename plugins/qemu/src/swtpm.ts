import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findExecutable } from "./capabilities/index.js";

/** How long swtpm may take to say what it can do, in milliseconds. */
const PATIENCE = 10_000;
/** All of them are needed to run a TPM. */
const PROGRAMS = ["swtpm", "swtpm_setup", "swtpm_ioctl"] as const;
const VERSIONS = ["1.2", "2.0"] as const;

/** The versions of TPMs that the host can emulate; none where swtpm is not installed. */
export async function swtpmVersions(): Promise<readonly string[]> {
  const [swtpm, setup, ioctl] = await Promise.all(PROGRAMS.map((name) => findExecutable(name)));
  if (swtpm === undefined || setup === undefined || ioctl === undefined) return [];
  const run = promisify(execFile);
  const { stdout } = await run(setup, ["--print-capabilities"], { timeout: PATIENCE }).catch(() => ({ stdout: "" }));
  return VERSIONS.filter((version) => stdout.includes(`"tpm-${version}"`));
}
