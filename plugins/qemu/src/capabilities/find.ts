import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { archToQemu, isNativeGuest } from "./arch.js";

/**
 * The emulator that runs guests of an architecture, or undefined: `qemu-system-ARCH` on the path, then that of the
 * host's own architecture where it can run the guest, then the name that Red Hat's distributions give theirs.
 */
export async function findEmulator(
  guest: string,
  host: string = hostArch(),
  path: string = process.env.PATH ?? "",
): Promise<string | undefined> {
  const native = isNativeGuest(host, guest);
  const names = [`qemu-system-${archToQemu(guest)}`];
  // A 64-bit ARM host runs 32-bit guests under KVM only with the 64-bit emulator.
  if (native && host === "aarch64" && guest !== host) names.unshift(`qemu-system-${host}`);
  if (guest === "ppc64le") names.push("qemu-system-ppc64");
  else if (native && guest !== host) names.push(`qemu-system-${archToQemu(host)}`);
  if (native) names.push("/usr/libexec/qemu-kvm");
  for (const name of names) {
    const found = await findExecutable(name, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The absolute path of a program, as a shell would find it. */
export async function findExecutable(name: string, path: string = process.env.PATH ?? ""): Promise<string | undefined> {
  const candidates = isAbsolute(name)
    ? [name]
    : path
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, name));
  for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
