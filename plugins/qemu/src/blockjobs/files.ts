import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import { qemuError } from "../errors.js";

/** What is at a path: nothing, a file without or with contents, a block device, or something else. */
export type FileKind = "none" | "empty" | "file" | "block" | "other";

const DEADLINE = 30_000;
const KINDS = `
for file; do
  if [ -b "$file" ]; then echo block
  elif [ -f "$file" ] && [ -s "$file" ]; then echo file
  elif [ -f "$file" ]; then echo empty
  elif [ -e "$file" ] || [ -L "$file" ]; then echo other
  else echo none; fi
done`;

/** Looks at files from a process beside the daemon: they may lie on a file system that hangs. */
export async function kindsOf(paths: readonly string[]): Promise<ReadonlyMap<string, FileKind>> {
  if (paths.length === 0) return new Map();
  const stdout = await inHelper(["/bin/sh", "-c", KINDS, "kinds", ...paths], paths);
  const kinds = stdout.trimEnd().split("\n") as FileKind[];
  return new Map(paths.map((path, at) => [path, kinds[at] ?? "none"]));
}

const CREATE = 'umask 077; exec dd if=/dev/null of="$1" status=none';

/** An empty file that only we may open: whoever is to open it besides is given it. */
export async function createEmpty(path: string): Promise<void> {
  await inHelper(["/bin/sh", "-c", CREATE, "create", path], [path]).catch((cause: unknown) => {
    if (isTimeout(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message.replace(/^.*: /s, "") : String(cause);
    throw qemuError("SYSTEM_ERROR", `failed to create image file '${path}': ${reason}`, { cause });
  });
}

export async function removeFiles(paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await inHelper(["/bin/rm", "-f", "--", ...paths], paths);
}

/** `qemu-img` with these words; fails with what it complains of. */
export async function qemuImg(words: readonly string[], paths: readonly string[]): Promise<void> {
  await inHelper(["qemu-img", ...words], paths);
}

async function inHelper(argv: readonly [string, ...string[]], paths: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runHelper(argv, { deadline: DEADLINE }).catch((cause: unknown) => {
    if (!isTimeout(cause)) throw cause;
    const files = paths.map((path) => `'${path}'`).join(", ");
    throw qemuError("OPERATION_TIMEOUT", `storage did not answer within ${DEADLINE / 1000} s: ${files}`, { cause });
  });
  if (status === 0) return stdout;
  const words = `Child process (${argv.join(" ")}) unexpected exit status ${status}: ${stderr.trim()}`;
  throw qemuError("INTERNAL_ERROR", words);
}

function isTimeout(error: unknown): boolean {
  return error instanceof VirtError && error.code === "OPERATION_TIMEOUT";
}
