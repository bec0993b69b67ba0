import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { release } from "node:os";
import { VirtError } from "@polyvisor/core";

/**
 * All that an emulator's capabilities depend on. When any of it changes the emulator is probed again.
 *
 * Whether KVM is usable is what we see of /dev/kvm, not what the emulator said of it: a /dev/kvm that opens but does
 * not work would otherwise look changed for ever, and each look-up would probe again.
 */
export interface EmulatorIdentity {
  readonly path: string;
  readonly device: string;
  readonly inode: string;
  readonly size: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly kvm: boolean;
  readonly kernel: string;
  readonly processor: string;
}

/** Throws libvirt's errors for an emulator that is not there or cannot be run. */
export async function identify(path: string): Promise<EmulatorIdentity> {
  const [file, kvm, processor] = await Promise.all([statEmulator(path), kvmUsable(), processorSignature()]);
  return {
    path,
    device: String(file.dev),
    inode: String(file.ino),
    size: String(file.size),
    mtimeNs: String(file.mtimeNs),
    ctimeNs: String(file.ctimeNs),
    kvm,
    kernel: release(),
    processor,
  };
}

export function sameIdentity(a: EmulatorIdentity, b: EmulatorIdentity): boolean {
  return (Object.keys(a) as (keyof EmulatorIdentity)[]).every((key) => a[key] === b[key]);
}

async function statEmulator(path: string) {
  const file = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    throw systemError(`Cannot check QEMU binary ${path}`, error);
  });
  if (!file.isFile()) throw systemError(`QEMU binary ${path} is not executable`, { code: "EACCES" });
  await access(path, constants.X_OK).catch((error: NodeJS.ErrnoException) => {
    throw systemError(`QEMU binary ${path} is not executable`, error);
  });
  return file;
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ENOTDIR: "Not a directory",
  ELOOP: "Too many levels of symbolic links",
};

function systemError(what: string, error: { readonly code?: string | undefined }): VirtError {
  return new VirtError("SYSTEM_ERROR", `${what}: ${WORDS[error.code ?? ""] ?? error.code ?? "unknown error"}`, {
    domain: "QEMU",
    hint: "install the emulator's package (qemu-system-x86 on Debian), or name another one in the domain's <emulator>",
  });
}

async function kvmUsable(): Promise<boolean> {
  try {
    if (!(await stat("/dev/kvm")).isCharacterDevice()) return false;
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Model and microcode: an update of the latter takes features away. */
async function processorSignature(): Promise<string> {
  const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
  const first = text.slice(0, text.indexOf("\n\n"));
  return ["vendor_id", "cpu family", "model", "stepping", "microcode"]
    .map((key) => first.match(new RegExp(`^${key}\\s*: *(.*)$`, "m"))?.[1] ?? "")
    .join(",");
}
