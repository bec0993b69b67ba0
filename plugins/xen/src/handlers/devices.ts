import { AFFECT, type CallContext, type Domain, type DomainDevicesHandlers } from "@polyvisor/core";
import {
  type Domain as Config,
  type Device,
  type DeviceOf,
  findDevice,
  insertDevice,
  parseDevice,
  removeDevice,
  replaceDevice,
} from "@polyvisor/sdk/conf/domain";
import { checkFlags, xenError } from "../errors.js";
import type { XenDomain, XenHypervisor } from "../hypervisor.js";
import { formatXlDisk, formatXlNic, formatXlPci } from "../native/index.js";
import { tune } from "./change.js";

const BOTH = AFFECT.LIVE | AFFECT.CONFIG;
/** `VIR_DOMAIN_DEVICE_MODIFY_FORCE` */
const FORCE = 4;

/** Plugging disks, network cards and PCI devices in and out, of a domain that runs, of its definition, or of both. */
export function deviceHandlers(hypervisor: XenHypervisor): DomainDevicesHandlers {
  const { guests } = hypervisor;
  const read = (xml: string, config: Config, toFind: boolean) =>
    parseDevice(xml, config, { hooks: hypervisor.documents, inactive: true, skipChecks: toFind });

  const attach = async (dom: Domain, xml: string, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, BOTH, "libxlDomainAttachDeviceFlags");
    let device: Device | undefined;
    await tune(
      hypervisor,
      { dom, flags, api: "domainAttachDeviceFlags", context },
      {
        edit(config) {
          // One that is made up, such as an address, is the same in both.
          device ??= read(xml, config, false);
          checkNew(config, device);
          return insertDevice(config, device);
        },
        async apply(domain) {
          const added = device as Device;
          await hypervisor.xl.runLong(attachWords(domain, added), `libxenlight failed to attach ${nameOf(added)}`);
          guests.events.emit({ kind: "deviceAdded", dom: domain.ref, devAlias: aliasOf(added) });
        },
      },
    );
  };

  const detach = async (dom: Domain, xml: string, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, BOTH, "libxlDomainDetachDeviceFlags");
    const find = (config: Config) => {
      const wanted = read(xml, config, true);
      const device = findDevice(config, wanted);
      if (device !== undefined) return device;
      throw missing(wanted);
    };
    let alias: string | undefined;
    await tune(
      hypervisor,
      { dom, flags, api: "domainDetachDeviceFlags", context },
      {
        edit: (config) => removeDevice(config, find(config)),
        async apply(domain) {
          const device = find(domain.config());
          alias = aliasOf(device);
          await hypervisor.xl.runLong(detachWords(domain, device), `libxenlight failed to detach ${nameOf(device)}`);
        },
      },
    );
    const { ref } = guests.domains.find(dom);
    if (alias !== undefined) guests.events.emit({ kind: "deviceRemoved", dom: ref, devAlias: alias });
  };

  const update = async (dom: Domain, xml: string, flags: number, context: CallContext): Promise<void> => {
    checkFlags(flags, BOTH | FORCE, "libxlDomainUpdateDeviceFlags");
    await tune(
      hypervisor,
      { dom, flags: flags & BOTH, api: "domainUpdateDeviceFlags", context },
      {
        edit(config, target) {
          const wanted = read(xml, config, false);
          const old = findDevice(config, wanted);
          if (wanted.kind !== "disk" || (target === "live" && wanted.device !== "cdrom"))
            throw xenError("CONFIG_UNSUPPORTED", `device type '${wanted.kind}' cannot be updated`);
          if (old === undefined)
            throw xenError("INVALID_ARG", `target ${wanted.target.dev} doesn't exist.`, "attach it instead");
          return replaceDevice(config, old, wanted);
        },
        async apply(domain, edited) {
          const wanted = read(xml, domain.config(), false) as DeviceOf<"disk">;
          const disk = edited.devices.disks.find(({ target }) => target.dev === wanted.target.dev) ?? wanted;
          const { id } = domain.ref;
          const words = isEmpty(disk)
            ? ["cd-eject", String(id), disk.target.dev]
            : ["cd-insert", String(id), disk.target.dev, formatXlDisk(disk)];
          await hypervisor.xl.runLong(words, `libxenlight failed to change media for disk '${disk.target.dev}'`);
        },
      },
    );
  };

  return {
    domainAttachDevice: ({ dom, xml }, context) => attach(dom, xml, AFFECT.LIVE, context),
    domainAttachDeviceFlags: ({ dom, xml, flags }, context) => attach(dom, xml, flags, context),
    domainDetachDevice: ({ dom, xml }, context) => detach(dom, xml, AFFECT.LIVE, context),
    domainDetachDeviceFlags: ({ dom, xml, flags }, context) => detach(dom, xml, flags, context),
    domainUpdateDeviceFlags: ({ dom, xml, flags }, context) => update(dom, xml, flags, context),
  };
}

function attachWords(domain: XenDomain, device: Device): string[] {
  const id = String(domain.ref.id);
  switch (device.kind) {
    case "disk":
      if (device.device === "cdrom" || device.target.bus !== "xen")
        throw xenError("CONFIG_UNSUPPORTED", `disk bus '${device.target.bus}' cannot be hot plugged.`, "use bus='xen'");
      return ["block-attach", id, formatXlDisk(device)];
    case "interface":
      return ["network-attach", id, ...formatXlNic(device, domain.config(), {}, "attach").split(",")];
    case "hostdev":
      return ["pci-attach", id, pciWords(device)];
    default:
      throw xenError("CONFIG_UNSUPPORTED", `device type '${device.kind}' cannot be attached`);
  }
}

function detachWords({ ref }: XenDomain, device: Device): string[] {
  const id = String(ref.id);
  switch (device.kind) {
    case "disk":
      if (device.target.bus !== "xen")
        throw xenError("CONFIG_UNSUPPORTED", `disk bus '${device.target.bus}' cannot be hot unplugged.`);
      return ["block-detach", id, device.target.dev];
    case "interface":
      return ["network-detach", id, device.mac?.address ?? ""];
    case "hostdev":
      return ["pci-detach", id, pciWords(device).replace(/,.*/, "")];
    default:
      throw xenError("CONFIG_UNSUPPORTED", `device type '${device.kind}' cannot be detached`);
  }
}

function checkNew(config: Config, device: Device): void {
  if (device.kind === "disk") {
    const { dev } = device.target;
    if (config.devices.disks.some(({ target }) => target.dev === dev))
      throw xenError("OPERATION_FAILED", `target ${dev} already exists`, "choose another target");
  }
  if (device.kind === "interface") {
    const mac = device.mac?.address;
    if (config.devices.interfaces.some((each) => each.mac?.address === mac))
      throw xenError("INVALID_ARG", `network device with mac ${mac} already exists`, "choose another address");
  }
  if (device.kind === "hostdev" && findDevice(config, device) !== undefined)
    throw xenError("OPERATION_FAILED", `target ${nameOf(device)} already exists`, "it is attached already");
}

function missing(device: Device): Error {
  if (device.kind === "disk") return xenError("OPERATION_FAILED", `disk ${device.target.dev} not found`);
  if (device.kind === "interface")
    return xenError("OPERATION_FAILED", `no device matching MAC address ${device.mac?.address} found`);
  return xenError("OPERATION_FAILED", `${nameOf(device)} not found`);
}

function nameOf(device: Device): string {
  if (device.kind === "disk") return `disk '${device.target.dev}'`;
  if (device.kind === "interface") return "network device";
  return device.kind === "hostdev" ? "host device" : device.kind;
}

/** What events call a device: Xen has no aliases. */
function aliasOf(device: Device): string {
  if ("alias" in device && device.alias !== undefined) return device.alias;
  if (device.kind === "disk") return device.target.dev;
  if (device.kind === "interface") return device.mac?.address ?? "interface";
  return (device.kind === "hostdev" ? formatXlPci(device) : undefined) ?? device.kind;
}

function pciWords(device: DeviceOf<"hostdev">): string {
  const words = formatXlPci(device);
  if (words !== undefined) return words;
  throw xenError("CONFIG_UNSUPPORTED", `hostdev subsys type '${device.source.type}' not supported`);
}

function isEmpty(disk: DeviceOf<"disk">): boolean {
  const { source } = disk;
  return source === undefined || (source.type === "file" && (source.path ?? "") === "");
}
