import { type AccelCapabilities, isX86, type QemuCapabilities, type QemuFlag } from "../capabilities/index.js";
import { flagOfName } from "./flag-names.js";

/** The machines of the emulators that rows without real capabilities find; the first is the default. */
const MACHINES: Readonly<Record<string, readonly string[]>> = {
  i686: ["pc"],
  x86_64: ["pc", "q35"],
  aarch64: ["virt", "virt-2.6", "versatilepb"],
  armv7l: ["vexpress-a9", "virt"],
  ppc64: ["pseries"],
  ppc: ["ppce500"],
  riscv32: ["virt"],
  riscv64: ["virt"],
  s390x: ["s390-ccw-virtio"],
  sparc: ["SS-5"],
};
/** Served by another architecture's emulator. */
const ALIASES: Readonly<Record<string, string>> = { ppc64le: "ppc64", armv6l: "armv7l" };
const EMULATORS: Readonly<Record<string, string>> = { i686: "i386", armv7l: "arm" };

const X86_CPUS = "Opteron_G3 Opteron_G2 Opteron_G1 Nehalem Penryn Conroe Haswell-noTSX Haswell".split(" ");
const OLD_X86_CPUS =
  "n270 athlon pentium3 pentium2 pentium 486 coreduo kvm32 qemu32 kvm64 core2duo phenom qemu64".split(" ");
const CPUS: Readonly<Record<string, readonly string[]>> = {
  i686: X86_CPUS,
  x86_64: X86_CPUS,
  aarch64: ["cortex-a9", "cortex-a8", "cortex-a57", "cortex-a53"],
  armv7l: ["cortex-a9", "cortex-a8", "cortex-a57", "cortex-a53"],
  ppc64: ["POWER8", "POWER7"],
  s390x: ["z990", "zEC12", "z13"],
};

export interface FakeCapsOptions {
  readonly arch: string;
  /** `QEMU_CAPS_...` */
  readonly names: readonly string[];
  /** Flags that every emulator of an architecture has are not in `names`; the suite of round trips leaves them out. */
  readonly basics: boolean;
  readonly oldCpus: boolean;
  readonly accel: "kvm" | "hvf";
}

/** The capabilities of an emulator that never was: what a row lists and little else. */
export function fakeCaps({ arch, names, basics, oldCpus, accel }: FakeCapsOptions): QemuCapabilities {
  const machines = (MACHINES[ALIASES[arch] ?? arch] ?? []).map((name) => ({
    name,
    maxCpus: 0,
    hotplugCpus: false,
    numaMemSupported: true,
    deprecated: false,
  }));
  const known = [...(CPUS[arch] ?? []), ...(isX86(arch) && oldCpus ? OLD_X86_CPUS : [])];
  const cpus = basics ? known.map((name) => ({ name, deprecated: false })) : [];
  const tcg: AccelCapabilities = { machines, cpus: arch === "s390x" ? [] : cpus };
  const flags = new Set(names.map((name) => flagOfName(name) as QemuFlag));
  for (const flag of basics ? basicFlags(arch) : []) flags.add(flag);
  if (machines.length > 0) flags.add("tcg");
  const own = ALIASES[arch] ?? arch;
  return {
    emulator: `/usr/bin/qemu-system-${EMULATORS[own] ?? own}`,
    version: 0,
    package: "",
    arch,
    flags: [...flags],
    tcg,
    ...(accel === "kvm" && arch !== "sparc" ? { kvm: { machines, cpus } } : {}),
    ...(accel === "hvf" ? { hvf: { machines, cpus } } : {}),
  };
}

function basicFlags(arch: string): readonly QemuFlag[] {
  if (isX86(arch)) return ["no-acpi", "no-hpet"];
  if (arch === "aarch64") return ["no-acpi", "aarch64-off", "gic-version"];
  return arch === "s390x" ? ["aes-key-wrap", "dea-key-wrap", "loadparm"] : [];
}
