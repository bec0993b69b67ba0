import { ARCHITECTURES, VIRT_TYPES } from "@polyvisor/sdk/conf/domain";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { qemuError } from "../errors.js";
import type { CapabilitiesCache } from "./cache.js";
import { findEmulator } from "./find.js";
import { canonicalMachine, defaultMachine, findMachine, type QemuCapabilities, type VirtType } from "./model.js";

/** What a client says of the guests that it means; what it leaves out is chosen. */
export interface EmulatorWish {
  readonly emulator: string | null;
  readonly arch: string | null;
  readonly machine: string | null;
  readonly virttype: string | null;
}

export interface ChosenEmulator {
  readonly caps: QemuCapabilities;
  readonly arch: string;
  readonly type: VirtType;
  /** By its canonical name. */
  readonly machine: string | undefined;
}

const FAMILIES: readonly RegExp[] = [
  /^(i686|x86_64)$/,
  /^(ppc|ppcle|ppc64|ppc64le|ppcemb)$/,
  /^(armv6l|armv7l|armv7b|aarch64)$/,
  /^s390x?$/,
];

/** The emulator of the guests that a client means. Throws `INVALID_ARG` for what does not fit together. */
export async function chooseEmulator(cache: CapabilitiesCache, wish: EmulatorWish): Promise<ChosenEmulator> {
  if (wish.virttype !== null && !VIRT_TYPES.some((type) => type === wish.virttype))
    throw qemuError("INVALID_ARG", `unknown virttype: ${wish.virttype}`, { hint: "kvm and qemu are run here" });
  if (wish.arch !== null && !ARCHITECTURES.includes(wish.arch))
    throw qemuError("INVALID_ARG", `unknown architecture: ${wish.arch}`, { hint: "x86_64 and aarch64 are some" });
  const arch = wish.arch ?? hostArch();
  const path = wish.emulator ?? (await findEmulator(arch));
  if (path === undefined) {
    throw qemuError("CONFIG_UNSUPPORTED", `unable to find any emulator to serve '${wish.arch}' architecture`, {
      hint: "install QEMU for that architecture: apt install qemu-system",
    });
  }
  const caps = await cache.lookup(path);
  if (arch !== caps.arch && !FAMILIES.some((family) => family.test(arch) && family.test(caps.arch))) {
    const words = `architecture from emulator '${caps.arch}' doesn't match given architecture '${arch}'`;
    throw qemuError("INVALID_ARG", words, { hint: "name another emulator, or leave out one of the two" });
  }
  const type = typeOf(caps, wish.virttype);
  return { caps, arch, type, machine: machineOf(caps, type, wish.machine) };
}

/** The fastest way that is there, unless the client names one. */
function typeOf(caps: QemuCapabilities, wanted: string | null): VirtType {
  const best: VirtType = caps.kvm !== undefined ? "kvm" : caps.hvf !== undefined ? "hvf" : "qemu";
  if (wanted === null || wanted === "none") return best;
  if ((wanted === "kvm" || wanted === "hvf") && best === "qemu") {
    throw qemuError("INVALID_ARG", `the accel '${wanted}' is not supported by '${caps.emulator}' on this host`, {
      hint: "the type qemu emulates instead",
    });
  }
  return wanted === "kvm" || wanted === "hvf" ? wanted : "qemu";
}

function machineOf(caps: QemuCapabilities, type: VirtType, wanted: string | null): string | undefined {
  if (wanted === null) return defaultMachine(caps, type);
  const name = canonicalMachine(caps, type, wanted);
  if (findMachine(caps, type, name) !== undefined) return name;
  throw qemuError("INVALID_ARG", `the machine '${name}' is not supported by emulator '${caps.emulator}'`, {
    hint: "`virsh capabilities` lists the machines of each architecture",
  });
}
