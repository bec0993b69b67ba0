import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { release } from "node:os";
import { type EmulatorFile, readEmulatorFile } from "./emulator-file.js";

/**
 * All that an emulator's capabilities depend on. When any of it changes the emulator is probed again.
 *
 * Whether KVM is usable is what we see of /dev/kvm, not what the emulator said of it: a /dev/kvm that opens but does
 * not work would otherwise look changed for ever, and each look-up would probe again.
 */
export interface EmulatorIdentity extends EmulatorFile {
  readonly path: string;
  readonly kvm: boolean;
  readonly kernel: string;
  readonly processor: string;
}

/** Throws libvirt's errors for an emulator that is not there or cannot be run. */
export async function identify(path: string): Promise<EmulatorIdentity> {
  const [file, kvm, processor] = await Promise.all([readEmulatorFile(path), kvmUsable(), processorSignature()]);
  return { path, ...file, kvm, kernel: release(), processor };
}

export function sameIdentity(a: EmulatorIdentity, b: EmulatorIdentity): boolean {
  return (Object.keys(a) as (keyof EmulatorIdentity)[]).every((key) => a[key] === b[key]);
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
