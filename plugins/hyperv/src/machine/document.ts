import type { Domain as Reference } from "@polyvisor/core";
import {
  blankDomain,
  completeDomain,
  type Domain,
  type DomainHooks,
  type Interface,
  NO_DEVICES,
  type Serial,
} from "@polyvisor/sdk/conf/domain";
import type { Instance } from "../wmi/instance.js";
import { select } from "../wmi/wql.js";
import type { Machine, Machines } from "./machines.js";
import { keyIn, sameText } from "./paths.js";
import { physicalDisks, readControllers, readDisks } from "./storage.js";

/** The MAC addresses that Hyper-V makes up begin so. */
const MAC_PREFIX = "00:15:5d";
const DISCONNECTED = 3;
/** libvirt's driver writes this where a port leads nowhere. */
export const NO_PIPE = "-1";

/** What libvirt's driver assumes of a document. */
export const HYPERV_HOOKS: DomainHooks = {
  macPrefix: MAC_PREFIX,
  defaultArch: "x86_64",
  features: new Set(["memory-hotplug"]),
  // libvirt's driver shows what a machine may have with no places for it, which nobody may define: take what we show
  basics: (domain) =>
    domain.maxMemory?.slots === 0 ? { ...domain, maxMemory: { ...domain.maxMemory, slots: 1 } } : domain,
};

interface Parts {
  readonly memory: Instance;
  readonly processor: Instance;
  readonly resources: readonly Instance[];
  readonly images: readonly Instance[];
  readonly serials: readonly Instance[];
  readonly cards: readonly Instance[];
  readonly connections: readonly Instance[];
  readonly drives: readonly Instance[];
}

/** A machine's configuration, with the id of one that runs. `version` is that of the server's Windows. Fails with `NO_DOMAIN`. */
export async function documentOf(machines: Machines, dom: Pick<Reference, "uuid">, version: string): Promise<Domain> {
  const [machine, settings] = await Promise.all([machines.look(dom), machines.settings(dom)]);
  const parts = await partsOf(machines, settings);
  // those servers have no class of their own for serial ports
  const serials = version.startsWith("6.") ? parts.resources : parts.serials;
  return read(machine, settings, { ...parts, serials });
}

async function partsOf(machines: Machines, settings: Instance): Promise<Parts> {
  const [memory, processor, resources, images, serials, cards, connections] = await Promise.all([
    machines.part(settings, "Msvm_MemorySettingData"),
    machines.part(settings, "Msvm_ProcessorSettingData"),
    machines.parts(settings, "Msvm_ResourceAllocationSettingData"),
    machines.parts(settings, "Msvm_StorageAllocationSettingData"),
    machines.parts(settings, "Msvm_SerialPortSettingData"),
    machines.parts(settings, "Msvm_SyntheticEthernetPortSettingData"),
    machines.parts(settings, "Msvm_EthernetPortAllocationSettingData"),
  ]);
  const hasDrives = physicalDisks(resources).length > 0;
  const drives = hasDrives ? await machines.wmi.query("Msvm_DiskDrive", select("Msvm_DiskDrive")) : [];
  return { memory, processor, resources, images, serials, cards, connections, drives };
}

function read({ ref, isActive }: Machine, settings: Instance, parts: Parts): Domain {
  const memory = parts.memory.number("VirtualQuantity") * 1024;
  const most = parts.memory.number("Limit") * 1024;
  const vcpus = parts.processor.number("VirtualQuantity");
  const notes = settings.list("Notes").filter((note) => note !== "");
  const written: Domain = {
    ...blankDomain({ type: "hyperv", name: ref.name, uuid: ref.uuid, os: { type: "hvm", arch: "x86_64", boot: [] } }),
    ...(isActive && { id: ref.id }),
    ...(notes.length > 0 && { description: notes.join("\n\n") }),
    ...(most > 0 && { maxMemory: { size: most, slots: 0 } }),
    memory,
    currentMemory: memory,
    vcpu: { max: vcpus, current: vcpus, placement: "static" },
    onReboot: "destroy",
    devices: {
      ...NO_DEVICES,
      disks: readDisks(parts.resources, parts.images, parts.drives),
      controllers: readControllers(parts.resources),
      interfaces: readInterfaces(parts.cards, parts.connections),
      serials: readSerials(parts.serials),
    },
  };
  // what the server has is not checked again as a new definition would be
  const { maxMemory, ...plain } = written;
  const completed = completeDomain(plain, { hooks: HYPERV_HOOKS, inactive: !isActive, skipChecks: true });
  return maxMemory === undefined ? completed : { ...completed, maxMemory };
}

/** Cards that are plugged into a switch; its `Name` is the bridge. */
function readInterfaces(cards: readonly Instance[], connections: readonly Instance[]): Interface[] {
  return connections.flatMap((connection): Interface[] => {
    const bridge = keyIn(connection.list("HostResource")[0] ?? "", "Name");
    if (bridge === undefined || connection.number("EnabledState", 0) === DISCONNECTED) return [];
    const id = keyIn(connection.text("Parent") ?? "", "InstanceID");
    const card = cards.find((each) => sameText(each.text("InstanceID"), id));
    const address = card
      ?.text("Address")
      ?.toLowerCase()
      .match(/^[0-9a-f]{12}$/)?.[0]
      .match(/../g)
      ?.join(":");
    return [{ kind: "interface", source: { type: "bridge", bridge }, ...(address && { mac: { address } }) }];
  });
}

/** `COM 1` is port 1, as with libvirt's driver. */
function readSerials(parts: readonly Instance[]): Serial[] {
  return parts.flatMap((part): Serial[] => {
    const [, port] = /^COM ([1-9])/.exec(part.text("ElementName") ?? "") ?? [];
    if (port === undefined) return [];
    const path = part.list("Connection")[0] || NO_PIPE;
    return [{ kind: "serial", source: { type: "pipe", path }, target: { port: Number(port) } }];
  });
}
