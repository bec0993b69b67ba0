import type { QemuFlag } from "./flags.js";

export interface MachineType {
  /** Its canonical name, `pc-q35-7.2`. */
  readonly name: string;
  /** `q35` for `pc-q35-7.2`. */
  readonly alias?: string;
  readonly maxCpus: number;
  readonly hotplugCpus: boolean;
  /** The QOM type of its default CPU, `qemu64-x86_64-cpu`. */
  readonly defaultCpu?: string;
  /** The id of the memory backend that `memory-backend=` names; old machine types have none. */
  readonly defaultRamId?: string;
  readonly numaMemSupported: boolean;
  readonly deprecated: boolean;
}

export interface CpuDefinition {
  readonly name: string;
  readonly typename?: string;
  /** Features that keep it from running here; an empty list: it runs. Absent: the emulator does not say. */
  readonly blockers?: readonly string[];
  readonly deprecated: boolean;
}

/** What `-cpu host` (or `max` without an accelerator) means here. */
export interface HostCpu {
  readonly name: string;
  readonly properties: readonly CpuProperty[];
}

export interface CpuProperty {
  readonly name: string;
  readonly value: boolean | number | string;
  /** Whether a guest that uses it can be migrated; absent: not known. */
  readonly migratable?: boolean;
}

/** What depends on who executes the guest's code. */
export interface AccelCapabilities {
  /** The machine type that a domain without one gets is the first. */
  readonly machines: readonly MachineType[];
  readonly cpus: readonly CpuDefinition[];
  readonly hostCpu?: HostCpu;
}

/** Everything that we know of one emulator binary. Plain data: it is what the cache file holds. */
export interface QemuCapabilities {
  /** Absolute path. */
  readonly emulator: string;
  /** libvirt's form: major * 1000000 + minor * 1000 + micro. */
  readonly version: number;
  /** The distribution's version, such as `Debian 1:7.2+dfsg-7+deb12u18`; may be empty. */
  readonly package: string;
  /** libvirt's name of the guest's architecture: `x86_64`, `i686`. */
  readonly arch: string;
  readonly flags: readonly QemuFlag[];
  /** Present when the emulator can use /dev/kvm. */
  readonly kvm?: AccelCapabilities;
  /** Present when the emulator can use the hypervisor of macOS. */
  readonly hvf?: AccelCapabilities;
  /** Present when the emulator can emulate. */
  readonly tcg?: AccelCapabilities;
  /** What encrypted memory takes on this host's processor; absent: it cannot do it. */
  readonly sev?: SevCapability;
  /** Enclaves that guests can have; absent: the host or the emulator cannot do it. */
  readonly sgx?: SgxCapability;
  /** What Windows is told of its hypervisor, by libvirt's names and in its order; absent: the emulator does not say. */
  readonly hyperv?: readonly string[];
  /** The interrupt controllers of ARM boards; absent elsewhere. */
  readonly gic?: readonly GicCapability[];
}

export interface SevCapability {
  /** The bit of an address that says whether it is encrypted. */
  readonly cbitpos: number;
  readonly reducedPhysBits: number;
  /** Which processor it is, for those who attest guests. */
  readonly cpu0Id?: string;
}

export interface SgxCapability {
  readonly flc: boolean;
  readonly sgx1: boolean;
  readonly sgx2: boolean;
  /** KiB. */
  readonly sectionSize: number;
  /** Sizes in KiB. */
  readonly sections: readonly { readonly node: number; readonly size: number }[];
}

export interface GicCapability {
  readonly version: number;
  /** With KVM. */
  readonly kernel: boolean;
  readonly emulated: boolean;
}

/** How a domain's code is executed, as `<domain type=''>` says it. */
export type VirtType = "kvm" | "hvf" | "qemu";

export function accelOf(caps: QemuCapabilities, type: VirtType): AccelCapabilities | undefined {
  return type === "qemu" ? caps.tcg : caps[type];
}

export function has(caps: QemuCapabilities, flag: QemuFlag): boolean {
  return flagSet(caps).has(flag);
}

const FLAG_SETS = new WeakMap<QemuCapabilities, ReadonlySet<QemuFlag>>();

function flagSet(caps: QemuCapabilities): ReadonlySet<QemuFlag> {
  const known = FLAG_SETS.get(caps);
  if (known !== undefined) return known;
  const flags = new Set(caps.flags);
  FLAG_SETS.set(caps, flags);
  return flags;
}

/** The machine type of a name or alias; undefined when the emulator lacks it. */
export function findMachine(caps: QemuCapabilities, type: VirtType, name: string): MachineType | undefined {
  const machines = accelOf(caps, type)?.machines ?? [];
  return machines.find((machine) => machine.name === name) ?? machines.find((machine) => machine.alias === name);
}

/** The canonical name of a machine type; a name that the emulator lacks stays as it is. */
export function canonicalMachine(caps: QemuCapabilities, type: VirtType, name: string): string {
  return accelOf(caps, type)?.machines.find((machine) => machine.alias === name)?.name ?? name;
}

export function defaultMachine(caps: QemuCapabilities, type: VirtType): string | undefined {
  return accelOf(caps, type)?.machines[0]?.name;
}
