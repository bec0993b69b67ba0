import { dirname } from "node:path";
import type {
  Capabilities,
  GuestCapability,
  GuestFeatureCapability,
  HostCapabilities,
  HostCpuModel,
} from "@polyvisor/sdk/conf";

/** What the capabilities of a host that runs Xen are made of: Xen's own numbers, not those of dom0's kernel. */
export interface XenHost {
  readonly arch: string;
  /** The words of `xen_caps`, such as `hvm-3.0-x86_64`. */
  readonly xenCaps: readonly string[];
  /** The device model. */
  readonly emulator?: string | undefined;
  /** Where hvmloader and OVMF are. */
  readonly firmwareFolder?: string | undefined;
  readonly pae?: boolean | undefined;
  readonly cpu?: HostCpuModel | undefined;
  readonly topology?: HostCapabilities["topology"];
  readonly uuid?: string | undefined;
  readonly securityModels?: HostCapabilities["securityModels"];
}

const DEFAULT_EMULATOR = "/usr/lib/xen/bin/qemu-system-i386";
const DEFAULT_FIRMWARE_FOLDER = "/usr/lib/xen/boot";

export function xenCapabilities(host: XenHost): Capabilities {
  return {
    host: {
      uuid: host.uuid,
      arch: host.arch,
      features: host.pae === true ? ["pae"] : [],
      cpu: host.cpu,
      pageSizes: [],
      powerManagement: [],
      iommu: false,
      migration: { live: true, uriTransports: [] },
      netprefix: "vif",
      topology: host.topology,
      securityModels: host.securityModels ?? [],
    },
    guests: guestKinds(host.xenCaps).map((kind) => guest(kind, host)),
  };
}

/** In the order in which they are printed. */
const PLAIN_FEATURES = ["pae", "nonpae", "ia64_be"] as const;
type PlainFeature = (typeof PLAIN_FEATURES)[number];

interface GuestKind {
  readonly osType: "hvm" | "xen" | "xenpvh";
  readonly arch: string;
  readonly features: ReadonlySet<PlainFeature>;
}

const WORD = /(xen|hvm)-\d+\.\d+-(aarch64|armv7l|x86_32|x86_64|ia64|powerpc64)(p|be)?/;
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_32: "i686", powerpc64: "ppc64" };

/** Where Xen runs fully virtualized guests it runs PVH ones too, which it does not say. */
function guestKinds(words: readonly string[]): readonly GuestKind[] {
  const kinds = new Map<string, GuestKind>();
  for (const word of words) {
    const [, mode, written = "", suffix] = WORD.exec(word) ?? [];
    if (mode === undefined) continue;
    const arch = ARCHITECTURES[written] ?? written;
    const osType = mode === "hvm" ? "hvm" : "xen";
    const feature = featureOf(written, suffix);
    const features = new Set(kinds.get(`${osType} ${arch}`)?.features);
    if (feature !== undefined) features.add(feature);
    kinds.set(`${osType} ${arch}`, { osType, arch, features });
    if (osType === "hvm") kinds.set(`xenpvh ${arch}`, { osType: "xenpvh", arch, features: new Set() });
  }
  return [...kinds.values()];
}

function featureOf(arch: string, suffix: string | undefined): PlainFeature | undefined {
  if (arch === "x86_32") return suffix === "p" ? "pae" : "nonpae";
  return arch === "ia64" && suffix === "be" ? "ia64_be" : undefined;
}

const MACHINES = { hvm: "xenfv", xen: "xenpv", xenpvh: "xenpvh" } as const;
const NARROW: ReadonlySet<string> = new Set(["i686", "armv7l"]);

function guest({ osType, arch, features }: GuestKind, { emulator, firmwareFolder }: XenHost): GuestCapability {
  const folder = firmwareFolder ?? DEFAULT_FIRMWARE_FOLDER;
  const own = PLAIN_FEATURES.filter((name) => features.has(name)).map((name): GuestFeatureCapability => ({ name }));
  const acpi: GuestFeatureCapability = { name: "acpi", default: "on", toggle: "yes" };
  const apic: GuestFeatureCapability = { name: "apic", default: "on", toggle: "no" };
  const hap: GuestFeatureCapability = { name: "hap", default: "on", toggle: "yes" };
  return {
    osType,
    arch,
    wordsize: NARROW.has(arch) ? 32 : 64,
    emulator: emulator ?? DEFAULT_EMULATOR,
    loader: osType === "hvm" ? `${folder}/hvmloader` : undefined,
    machines: [{ name: MACHINES[osType] }],
    domains: [{ type: "xen" }],
    features: [...own, ...(osType === "hvm" ? [acpi, apic] : []), ...(osType === "xen" ? [] : [hap])],
  };
}

/** The folder of the firmware images, as the capabilities tell it. */
export function firmwareFolderOf(capabilities: Capabilities): string {
  const loader = capabilities.guests.find((each) => each.osType === "hvm")?.loader;
  return loader === undefined ? DEFAULT_FIRMWARE_FOLDER : dirname(loader);
}
