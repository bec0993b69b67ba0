import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

/** What tells one emulator's file from another, as text. */
export interface EmulatorFile {
  readonly device: string;
  readonly inode: string;
  readonly size: string;
  readonly mtime: string;
  readonly ctime: string;
}

/** Folders of the system itself. A configuration may name a file anywhere, also on a file system that hangs. */
const SYSTEM = /^\/(usr|bin|sbin|lib|lib64)\//;

/** Throws libvirt's errors for an emulator that is not there or cannot be run. */
export function readEmulatorFile(path: string): Promise<EmulatorFile> {
  return SYSTEM.test(path) ? readHere(path) : readBeside(path);
}

async function readHere(path: string): Promise<EmulatorFile> {
  const file = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    throw systemError(`Cannot check QEMU binary ${path}`, WORDS[error.code ?? ""] ?? error.message);
  });
  const runs = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!file.isFile() || !runs) throw notExecutable(path);
  return {
    device: String(file.dev),
    inode: String(file.ino),
    size: String(file.size),
    mtime: String(file.mtimeNs),
    ctime: String(file.ctimeNs),
  };
}

/** Prints the numbers of the file, and a last word when it can be run. */
const SCRIPT = `stat -L -c '%d %i %s %.9Y %.9Z' -- "$1" && if [ -f "$1" ] && [ -x "$1" ]; then echo runs; fi`;

async function readBeside(path: string): Promise<EmulatorFile> {
  const { status, stdout, stderr } = await runHelper(["/bin/sh", "-c", SCRIPT, "stat", path]);
  if (status !== 0 && stdout === "") {
    throw systemError(`Cannot check QEMU binary ${path}`, stderr.trimEnd().split(": ").at(-1) ?? "unknown error");
  }
  const [device = "", inode = "", size = "", mtime = "", ctime = "", runs] = stdout.trimEnd().split(/\s/);
  if (runs === undefined) throw notExecutable(path);
  return { device, inode, size, mtime, ctime };
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ENOTDIR: "Not a directory",
  ELOOP: "Too many levels of symbolic links",
};

function notExecutable(path: string): VirtError {
  return systemError(`QEMU binary ${path} is not executable`, "Permission denied");
}

function systemError(what: string, why: string): VirtError {
  return new VirtError("SYSTEM_ERROR", `${what}: ${why}`, {
    domain: "QEMU",
    hint: "install the emulator's package (qemu-system-x86 on Debian), or name another one in the domain's <emulator>",
  });
}
