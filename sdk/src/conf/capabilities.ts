import { attr, attrNonzero, XmlWriter } from "../xml/index.js";
import { formatCaches, formatMemoryBandwidth } from "./capabilities-caches.js";
import type { NumaInterconnect, VirtType } from "./domain/model/index.js";
import type { HostCache, HostResctrl } from "./host/caches.js";
import type { HostNode } from "./host/facts.js";
import { formatInterconnects, formatNumaCaches, formatNumaDistances } from "./numa.js";
import { formatNumberSet } from "./number-set.js";

export interface HostCpuModel {
  readonly model?: string | undefined;
  readonly vendor?: string | undefined;
  readonly microcode?: number | undefined;
  readonly signature?: { readonly family: number; readonly model: number; readonly stepping: number } | undefined;
  /** Hertz. */
  readonly tsc?: { readonly frequency: number; readonly scaling?: "yes" | "no" | undefined } | undefined;
  readonly topology?:
    | { readonly sockets: number; readonly dies: number; readonly cores: number; readonly threads: number }
    | undefined;
  readonly maxphysaddr?: { readonly mode: "emulate" | "passthrough"; readonly bits?: number | undefined } | undefined;
  readonly features: readonly string[];
}

export interface SecurityModelCapability {
  readonly model: string;
  readonly doi: string;
  readonly baselabels: readonly { readonly type: VirtType; readonly label: string }[];
}

export interface HostCapabilities {
  readonly uuid?: string | undefined;
  readonly arch: string;
  /** Names of elements such as `pae`. */
  readonly features?: readonly string[] | undefined;
  readonly cpu?: HostCpuModel | undefined;
  /** KiB. */
  readonly pageSizes: readonly number[];
  readonly powerManagement: readonly ("suspend_mem" | "suspend_disk" | "suspend_hybrid")[];
  readonly iommu: boolean;
  readonly migration?: { readonly live: boolean; readonly uriTransports: readonly string[] } | undefined;
  readonly netprefix?: string | undefined;
  readonly topology?: readonly HostNode[] | undefined;
  readonly interconnects?: readonly NumaInterconnect[] | undefined;
  readonly caches?: readonly HostCache[] | undefined;
  readonly resctrl?: HostResctrl | undefined;
  readonly securityModels: readonly SecurityModelCapability[];
}

export interface MachineCapability {
  readonly name: string;
  readonly canonical?: string | undefined;
  readonly maxCpus?: number | undefined;
  readonly deprecated?: boolean | undefined;
}

export interface GuestDomainCapability {
  readonly type: VirtType;
  readonly emulator?: string | undefined;
  readonly loader?: string | undefined;
  readonly machines?: readonly MachineCapability[] | undefined;
}

/** A feature of guests: `{name: "acpi", default: "on", toggle: "yes"}`. */
export interface GuestFeatureCapability {
  readonly name: string;
  readonly default?: "on" | "off" | undefined;
  readonly toggle?: "yes" | "no" | undefined;
}

export interface GuestCapability {
  readonly osType: string;
  readonly arch: string;
  readonly wordsize: 32 | 64;
  readonly emulator?: string | undefined;
  readonly loader?: string | undefined;
  readonly machines?: readonly MachineCapability[] | undefined;
  readonly domains: readonly GuestDomainCapability[];
  readonly features: readonly GuestFeatureCapability[];
}

/** What a host and its hypervisor can do: the document of `virsh capabilities`. */
export interface Capabilities {
  readonly host: HostCapabilities;
  readonly guests: readonly GuestCapability[];
  /** The types of storage pools that the connection can define. */
  readonly pools?: readonly string[] | undefined;
}

export function formatCapabilities(capabilities: Capabilities): string {
  const w = new XmlWriter(1);
  formatHost(w, capabilities.host);
  w.raw("\n");
  for (const guest of capabilities.guests) {
    formatGuest(w, guest);
    w.raw("\n");
  }
  const { pools = [] } = capabilities;
  if (pools.length > 0) {
    w.block("pool", "", () => {
      w.block("enum", attr("name", "type"), () => {
        for (const pool of pools) w.leaf("value", pool);
      });
    });
    w.raw("\n");
  }
  return `<capabilities>\n\n${w.toString()}</capabilities>\n`;
}

function formatHost(w: XmlWriter, host: HostCapabilities): void {
  w.block("host", "", () => {
    w.leaf("uuid", host.uuid);
    w.block("cpu", "", () => {
      w.leaf("arch", host.arch);
      const { features = [] } = host;
      w.element("features", "", () => {
        for (const feature of features) w.empty(feature);
      });
      if (host.cpu !== undefined) formatHostCpu(w, host.cpu);
      for (const size of host.pageSizes) w.empty("pages", attr("unit", "KiB") + attr("size", size));
    });
    w.elementAlways("power_management", "", () => {
      for (const target of host.powerManagement) w.empty(target);
    });
    w.empty("iommu", attr("support", host.iommu ? "yes" : "no"));
    formatMigration(w, host.migration);
    w.leaf("netprefix", host.netprefix);
    if (host.topology !== undefined) formatTopology(w, host.topology, host.interconnects ?? []);
    formatCaches(w, host.caches ?? [], host.resctrl?.cacheMonitor);
    if (host.resctrl !== undefined) formatMemoryBandwidth(w, host.resctrl.memoryBandwidth);
    for (const model of host.securityModels) {
      w.block("secmodel", "", () => {
        w.leaf("model", model.model);
        w.leaf("doi", model.doi);
        for (const { type, label } of model.baselabels) w.leaf("baselabel", label, attr("type", type));
      });
    }
  });
}

export function formatHostCpu(w: XmlWriter, cpu: HostCpuModel): void {
  w.leaf("model", cpu.model);
  w.leaf("vendor", cpu.vendor);
  if (cpu.microcode) w.empty("microcode", attr("version", cpu.microcode));
  const { signature, tsc, topology, maxphysaddr } = cpu;
  if (signature !== undefined) {
    w.empty(
      "signature",
      attr("family", signature.family) + attr("model", signature.model) + attr("stepping", signature.stepping),
    );
  }
  if (tsc !== undefined) {
    w.empty("counter", attr("name", "tsc") + attr("frequency", tsc.frequency) + attr("scaling", tsc.scaling));
  }
  if (topology !== undefined) {
    const { sockets, dies, cores, threads } = topology;
    w.empty(
      "topology",
      attr("sockets", sockets) + attr("dies", dies) + attr("cores", cores) + attr("threads", threads),
    );
  }
  if (maxphysaddr !== undefined)
    w.empty("maxphysaddr", attr("mode", maxphysaddr.mode) + attr("bits", maxphysaddr.bits));
  for (const name of cpu.features) w.empty("feature", attr("name", name));
}

function formatMigration(w: XmlWriter, migration: HostCapabilities["migration"]): void {
  if (migration === undefined) return;
  w.block("migration_features", "", () => {
    if (migration.live) w.empty("live");
    w.element("uri_transports", "", () => {
      for (const each of migration.uriTransports) w.leaf("uri_transport", each);
    });
  });
}

function formatTopology(w: XmlWriter, nodes: readonly HostNode[], interconnects: readonly NumaInterconnect[]): void {
  w.block("topology", "", () => {
    w.block("cells", attr("num", nodes.length), () => {
      for (const node of nodes) {
        w.block("cell", attr("id", node.id), () => formatNode(w, node));
      }
    });
    formatInterconnects(w, interconnects);
  });
}

function formatNode(w: XmlWriter, node: HostNode): void {
  if (node.memory > 0) w.leaf("memory", node.memory, attr("unit", "KiB"));
  for (const page of node.pages) w.leaf("pages", page.count, attr("unit", "KiB") + attr("size", page.size));
  formatNumaDistances(w, node.distances);
  formatNumaCaches(w, node.caches ?? []);
  const online = node.cpus.flatMap(({ id, place }) => (place === undefined ? [] : [{ id, ...place }]));
  w.elementAlways("cpus", attr("num", online.length), () => {
    for (const { id, socket, die, core, siblings } of online) {
      const place = attr("socket_id", socket) + attr("die_id", die) + attr("core_id", core);
      w.empty("cpu", attr("id", id) + place + attr("siblings", formatNumberSet(siblings)));
    }
  });
}

function formatGuest(w: XmlWriter, guest: GuestCapability): void {
  w.block("guest", "", () => {
    w.leaf("os_type", guest.osType);
    w.block("arch", attr("name", guest.arch), () => {
      w.leaf("wordsize", guest.wordsize);
      formatGuestBasics(w, guest);
      for (const domain of guest.domains) {
        w.element("domain", attr("type", domain.type), () => formatGuestBasics(w, domain));
      }
    });
    w.element("features", "", () => {
      for (const feature of guest.features) {
        w.empty(feature.name, attr("default", feature.default) + attr("toggle", feature.toggle));
      }
    });
  });
}

function formatGuestBasics(w: XmlWriter, from: Pick<GuestDomainCapability, "emulator" | "loader" | "machines">): void {
  w.leaf("emulator", from.emulator);
  w.leaf("loader", from.loader);
  for (const machine of from.machines ?? []) {
    const attributes =
      attr("canonical", machine.canonical) +
      attrNonzero("maxCpus", machine.maxCpus) +
      (machine.deprecated === true ? attr("deprecated", "yes") : "");
    w.leaf("machine", machine.name, attributes);
  }
}
