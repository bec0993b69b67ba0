import type { Capabilities, GuestCapability, HostCapabilities, HostFacts } from "@polyvisor/sdk/conf";

/** What the capabilities of a host that runs containers are made of. */
export interface LxcHost {
  readonly facts: HostFacts;
  readonly uuid?: string | undefined;
  /** The path of the program that sets containers up. */
  readonly emulator: string;
  readonly powerManagement?: HostCapabilities["powerManagement"];
  /** The security drivers that label containers. */
  readonly securityModels?: HostCapabilities["securityModels"];
}

/** The 32-bit processes that Linux runs on a 64-bit machine. */
const PERSONALITIES: Readonly<Record<string, string>> = {
  x86_64: "i686",
  s390x: "s390",
  ppc64: "ppc",
  parisc64: "parisc",
  sparc64: "sparc",
  mips64: "mips",
  mips64el: "mipsel",
  aarch64: "armv7l",
};

const NARROW = /^(?:i686|s390|ppc|ppcle|parisc|sparc|mips|mipsel|armv.*|riscv32)$/;

export function lxcCapabilities({ facts, uuid, emulator, powerManagement, securityModels }: LxcHost): Capabilities {
  const other = PERSONALITIES[facts.arch];
  const guest = (arch: string): GuestCapability => ({
    osType: "exe",
    arch,
    wordsize: NARROW.test(arch) ? 32 : 64,
    emulator,
    domains: [{ type: "lxc" }],
    features: [],
  });
  return {
    host: {
      uuid,
      arch: facts.arch,
      pageSizes: facts.pageSizes,
      powerManagement: powerManagement ?? [],
      iommu: facts.iommu,
      topology: facts.nodes,
      interconnects: facts.interconnects,
      caches: facts.caches,
      resctrl: facts.resctrl,
      securityModels: securityModels ?? [],
    },
    guests: other === undefined ? [guest(facts.arch)] : [guest(facts.arch), guest(other)],
  };
}
