import {
  type Capabilities,
  formatCapabilities,
  type GuestCapability,
  type GuestFeatureCapability,
  type HostCapabilities,
  type MachineCapability,
} from "@polyvisor/sdk/conf/capabilities";
import { VIRT_TYPES } from "@polyvisor/sdk/conf/domain";
import { readHostFacts } from "@polyvisor/sdk/conf/host";
import { readHostCpu } from "@polyvisor/sdk/cpu";
import { readHostUuid } from "@polyvisor/sdk/host";
import {
  type CapabilitiesCache,
  findEmulator,
  GUEST_ARCHES,
  type MachineType,
  type QemuCapabilities,
} from "./capabilities/index.js";
import type { SecurityModel } from "./services/index.js";

/** An emulator and the architecture of the guests that it runs. */
interface Emulator {
  readonly arch: string;
  readonly caps: QemuCapabilities;
}

/** How guests are confined where nobody confines them. */
const UNCONFINED: SecurityModel = { model: "none", doi: "0", baseLabels: [] };

/** The capabilities document: the host, with the UUID that the operator gave it, then each architecture for which an emulator is here. */
export async function hostCapabilities(
  cache: CapabilitiesCache,
  models: readonly SecurityModel[],
  uuid?: string,
): Promise<string> {
  const [host, emulators] = await Promise.all([describeHost(models, uuid), findEmulators(cache)]);
  const capabilities: Capabilities = { host, guests: emulators.map(describeGuest) };
  return formatCapabilities(capabilities);
}

/** An emulator that does not answer is left out: the others are still good. */
async function findEmulators(cache: CapabilitiesCache): Promise<Emulator[]> {
  const found = await Promise.all(
    GUEST_ARCHES.map(async (arch) => {
      const path = await findEmulator(arch);
      if (path === undefined) return undefined;
      const caps = await cache.lookup(path).catch(() => undefined);
      return caps === undefined ? undefined : { arch, caps };
    }),
  );
  return found.filter((emulator) => emulator !== undefined);
}

async function describeHost(models: readonly SecurityModel[], uuid: string | undefined): Promise<HostCapabilities> {
  const facts = readHostFacts();
  const { arch, pageSizes, iommu, nodes, interconnects, caches, resctrl } = facts;
  return {
    uuid: uuid ?? (await readHostUuid()),
    arch,
    cpu: await readHostCpu(facts),
    pageSizes,
    powerManagement: [],
    iommu,
    migration: { live: true, uriTransports: ["tcp"] },
    topology: nodes,
    interconnects,
    caches,
    resctrl,
    securityModels: (models.length === 0 ? [UNCONFINED] : models).map(({ model, doi, baseLabels }) => ({
      model,
      doi,
      baselabels: baseLabels.flatMap((each) => {
        const type = VIRT_TYPES.find((known) => known === each.type);
        return type === undefined ? [] : { type, label: each.label };
      }),
    })),
  };
}

const WORD_SIZES: Readonly<Record<string, 32>> = {
  i686: 32,
  armv7l: 32,
  armv6l: 32,
  mips: 32,
  ppc: 32,
  riscv32: 32,
};

function describeGuest({ arch, caps }: Emulator): GuestCapability {
  const domains: GuestCapability["domains"] = [
    ...(caps.tcg === undefined ? [] : [{ type: "qemu" } as const]),
    ...(caps.kvm === undefined ? [] : [{ type: "kvm" } as const]),
  ];
  return {
    osType: "hvm",
    arch,
    wordsize: WORD_SIZES[arch] ?? 64,
    emulator: caps.emulator,
    machines: ((caps.tcg ?? caps.kvm)?.machines ?? []).flatMap(describeMachine),
    domains,
    features: guestFeatures(arch),
  };
}

/** A machine with an alias is told under both names. */
function describeMachine({ name, alias, maxCpus, deprecated }: MachineType): readonly MachineCapability[] {
  const machine = { name, maxCpus, deprecated };
  return alias === undefined ? [machine] : [machine, { ...machine, name: alias, canonical: name }];
}

function guestFeatures(arch: string): readonly GuestFeatureCapability[] {
  const isX86 = arch === "x86_64" || arch === "i686";
  return [
    ...(isX86 ? ([{ name: "acpi", default: "on", toggle: "yes" }] as const) : []),
    ...(isX86 ? ([{ name: "apic", default: "on", toggle: "no" }] as const) : []),
    ...(arch === "i686" ? [{ name: "pae" }, { name: "nonpae" }] : []),
    { name: "cpuselection" },
    { name: "deviceboot" },
    { name: "disksnapshot", default: "on", toggle: "no" },
  ];
}
