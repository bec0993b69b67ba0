import { VirtError } from "@polyvisor/core";
import {
  type Controller,
  type Device,
  type Disk,
  type Domain,
  diskNameIndex,
  type Interface,
  type MemoryDevice,
  mapDevices,
} from "@polyvisor/sdk/conf/domain";
import { hasBuiltinIde, isArmVirt, isQ35, isRiscvVirt } from "./machine.js";

/** Gives devices the names that monitor commands and events use. Names that the user chose (`ua-...`) stay. */
export function assignAliases(domain: Domain): Domain {
  const hostdevs = new Counter("hostdev", [...domain.devices.hostdevs, ...domain.devices.interfaces]);
  const nets = new Counter("net", domain.devices.interfaces);
  const filesystems = new Counter("fs", domain.devices.filesystems);
  const rngs = new Counter("rng", domain.devices.rngs);
  const memories = new Map<string, Counter>();
  const memoryAlias = (memory: MemoryDevice): string => {
    const prefix = MEMORY_PREFIXES[memory.model];
    if (memory.address?.type === "dimm" && (memory.model === "dimm" || memory.model === "nvdimm"))
      return `${prefix}${memory.address.slot}`;
    const counter = memories.get(prefix) ?? new Counter(prefix, domain.devices.memories);
    memories.set(prefix, counter);
    return counter.next();
  };
  const named = mapDevices(domain, {
    disk: (disk) => keep(disk, () => diskAlias(disk, domain)),
    interface: (each) => keep(each, () => (isHostdev(each) ? hostdevs : nets).next()),
    filesystem: (each) => keep(each, () => filesystems.next()),
    sound: byPosition("sound"),
    redirdev: byPosition("redir"),
    video: byPosition("video"),
    controller: (each) => keep(each, () => controllerAlias(each, domain)),
    input: byPosition("input"),
    parallel: byPosition("parallel"),
    serial: byPosition("serial"),
    channel: byPosition("channel"),
    hub: byPosition("hub"),
    shmem: byPosition("shmem"),
    smartcard: byPosition("smartcard"),
    watchdog: byPosition("watchdog"),
    memballoon: (each) => (each.model === "none" ? each : keep(each, () => "balloon0")),
    rng: (each) => keep(each, () => rngs.next()),
    tpm: byPosition("tpm"),
    memory: (each) => keep(each, () => memoryAlias(each)),
    vsock: byPosition("vsock"),
    iommu: byPosition("iommu"),
  });
  const console = byPosition("console");
  return mapDevices(named, {
    hostdev: (each) => keep(each, () => hostdevs.next()),
    console: (each, at) => {
      const numbered = console(each);
      const mirrored =
        each.target.type === "serial" && at.devices.consoles[0] === each ? at.devices.serials[0] : undefined;
      return mirrored?.alias === undefined ? numbered : { ...each, alias: mirrored.alias };
    },
  });
}

const MEMORY_PREFIXES = {
  dimm: "dimm",
  nvdimm: "nvdimm",
  "virtio-pmem": "virtiopmem",
  "virtio-mem": "virtiomem",
  "sgx-epc": "epc",
} as const;

/** Numbers after the highest that a device already has. */
class Counter {
  readonly #prefix: string;
  #next = 0;

  constructor(prefix: string, devices: readonly { readonly alias?: string | undefined }[]) {
    this.#prefix = prefix;
    for (const { alias } of devices) {
      const number = alias?.startsWith(prefix) === true ? Number(alias.slice(prefix.length) || Number.NaN) : Number.NaN;
      if (number >= this.#next) this.#next = number + 1;
    }
  }

  next(): string {
    return `${this.#prefix}${this.#next++}`;
  }
}

type Named = Extract<Device, { readonly alias?: string | undefined }>;

function keep<D extends Named>(device: D, name: () => string): D {
  return device.alias === undefined ? { ...device, alias: name() } : device;
}

/** Named by its place in the list of its kind, devices with a name included. */
function byPosition(prefix: string): <D extends Named>(device: D) => D {
  let position = 0;
  return (device) => {
    const at = position++;
    return keep(device, () => `${prefix}${at}`);
  };
}

function isHostdev({ source }: Interface): boolean {
  return source.type === "hostdev" || (source.type === "network" && source.actual?.source.type === "hostdev");
}

function diskAlias(disk: Disk, domain: Domain): string {
  const { address, target } = disk;
  if (address?.type !== "drive") return `${target.bus}-disk${diskNameIndex(target.dev)}`;
  const { controller, bus, target: lun, unit } = address;
  if (target.bus !== "scsi") return `${target.bus}${controller}-${bus}-${unit}`;
  const adapter = domain.devices.controllers.find((each) => each.type === "scsi" && each.index === controller);
  if (adapter === undefined) {
    throw new VirtError("INTERNAL_ERROR", `unable to find a SCSI controller for idx=${controller}`, { domain: "QEMU" });
  }
  // This adapter has no buses.
  if (adapter.type === "scsi" && adapter.model === "lsilogic") return `scsi${controller}-${bus}-${unit}`;
  return `scsi${controller}-${bus}-${lun}-${unit}`;
}

/** Controllers of the board have QEMU's fixed names. */
function controllerAlias(controller: Controller, domain: Domain): string {
  const { type, index } = controller;
  if (controller.type === "pci") {
    if (!hasManyPciBuses(domain)) return "pci";
    return controller.model === "pcie-root" ? `pcie.${index}` : `pci.${index}`;
  }
  if (type === "ide" && index === 0 && hasBuiltinIde(domain)) return "ide";
  if (type === "sata" && index === 0 && isQ35(domain)) return "ide";
  if (type === "usb" && index === 0) return "usb";
  if (controller.type === "scsi" && controller.model === "ncr53c90" && index === 0) return "scsi";
  return `${type}${index}`;
}

/** Boards with a single PCI bus call it `pci`. */
function hasManyPciBuses(domain: Domain): boolean {
  return /^(i686|x86_64|ppc$|ppc64|s390)/.test(domain.os.arch ?? "") || isArmVirt(domain) || isRiscvVirt(domain);
}
