import { runHelper } from "@polyvisor/sdk/process";
import { bhyveError } from "../errors.js";

/** In milliseconds. */
const DEADLINE_MS = 15_000;

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the system, which must succeed; resolves with what it printed. */
export async function run(...argv: [program: string, ...args: string[]]): Promise<string> {
  const { status, stdout, stderr } = await attempt(...argv);
  if (status === 0) return stdout;
  const why = stderr.trim().split("\n").at(-1) ?? "";
  throw bhyveError("INTERNAL_ERROR", `'${argv.join(" ")}' failed with status ${status}${why === "" ? "" : `: ${why}`}`);
}

/** The same for one that may fail. */
export function attempt(...argv: [program: string, ...args: string[]]): Promise<CommandResult> {
  return runHelper(argv, { deadline: DEADLINE_MS });
}
