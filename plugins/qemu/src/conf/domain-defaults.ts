import { VirtError } from "@polyvisor/core";
import {
  type Channel,
  type Device,
  type Domain,
  type HookContext,
  mapDevices,
  withDevices,
} from "@polyvisor/sdk/conf/domain";
import { canonicalMachine, defaultMachine, has, type QemuCapabilities } from "../capabilities/index.js";
import { alignNewModules, isPpc64 } from "./align-module.js";
import { completeCpu, virtTypeOf } from "./cpu.js";
import { addDefaultDevices } from "./default-devices.js";
import type { HostFacts } from "./host-facts.js";
import { isArmVirt, isQ35 } from "./machine.js";

/** Folders that configurations mention. */
export interface ConfFolders {
  readonly nvram: string;
  /** Where the sockets of channels are made. */
  readonly channels: string;
}

interface Surroundings extends HookContext {
  readonly folders: ConfFolders;
  readonly host: HostFacts;
}

/** What the domain as a whole leaves open: the machine, its devices, its processor. Called before any device is looked at. */
export function completeDomain(written: Domain, caps: QemuCapabilities, context: Surroundings): Domain {
  const { folders, host } = context;
  if (written.bootloader !== undefined || written.bootloaderArgs !== undefined)
    throw refuse("bootloader is not supported by QEMU");
  let domain = withNvram(withMachine(written, caps), folders);
  domain = addDefaultDevices(domain, caps, host);
  const machine = canonicalMachine(caps, virtTypeOf(domain), domain.os.machine ?? "");
  domain = { ...domain, os: { ...domain.os, machine } };
  domain = withGic(completeCpu(domain, caps), caps);
  checkVcpus(domain);
  checkTseg(domain, caps);
  if (context.abiUpdate) domain = withNewUsb(alignNewModules(domain), caps);
  return context.inactive ? dropMadeUpPaths(domain, folders) : domain;
}

function refuse(detail: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", detail, { domain: "QEMU" });
}

function withMachine(domain: Domain, caps: QemuCapabilities): Domain {
  if (domain.os.machine !== undefined) return domain;
  const machine = defaultMachine(caps, virtTypeOf(domain));
  if (machine === undefined) {
    throw new VirtError(
      "INVALID_ARG",
      `could not get preferred machine for ${domain.devices.emulator} type=${domain.type}`,
      {
        domain: "QEMU",
        ...(domain.type === "kvm"
          ? { hint: "/dev/kvm is not usable here; <domain type='qemu'> emulates instead" }
          : undefined),
      },
    );
  }
  return { ...domain, os: { ...domain.os, machine } };
}

/** Guests on POWER that are older than these controllers keep what they had. */
function withNewUsb(domain: Domain, caps: QemuCapabilities): Domain {
  if (!isPpc64(domain)) return domain;
  const model = has(caps, "qemu-xhci") ? "qemu-xhci" : has(caps, "nec-usb-xhci") ? "nec-xhci" : undefined;
  return mapDevices(domain, {
    controller: (each) => (each.type === "usb" && each.model === undefined ? { ...each, model } : each),
  });
}

/** UEFI in read-only flash keeps its variables in a file of the guest's own. */
function withNvram(domain: Domain, { nvram }: ConfFolders): Domain {
  const { os } = domain;
  const { loader } = os;
  const flash = os.firmware === undefined && loader?.type === "pflash" && loader.readonly === "yes";
  if (!flash || os.nvram?.source !== undefined || loader.stateless === "yes") return domain;
  const source = { type: "file", path: `${nvram}/${domain.name}_VARS.fd` } as const;
  return { ...domain, os: { ...os, nvram: { ...os.nvram, source } } };
}

/** An ARM board has one in any case; its newer version, when emulated, lacks what the board's PCI needs. */
function withGic(domain: Domain, caps: QemuCapabilities): Domain {
  const { gic } = domain.features;
  if (gic === undefined ? !isArmVirt(domain) : gic.version !== undefined) return domain;
  const newer = domain.type === "kvm" && caps.gic?.some(({ version, kernel }) => version === 3 && kernel) === true;
  return { ...domain, features: { ...domain.features, gic: { version: newer ? "3" : "2" } } };
}

function checkVcpus({ vcpu }: Domain): void {
  const all = vcpu.individual;
  const [first] = all ?? [];
  if (all === undefined || first === undefined) return;
  if (first.enabled === "no") throw refuse("vcpu 0 can't be offline");
  if (first.hotpluggable === "yes") throw refuse("vcpu0 can't be hotpluggable");
  if ((first.order ?? 1) !== 1) throw refuse("vcpu0 must be enabled first");
  all.forEach((each, at) => {
    const before = all[at - 1];
    if (before === undefined) return;
    if (each.enabled === "yes" && (each.order === undefined) !== (first.order === undefined))
      throw refuse("all vcpus must have either set or unset order");
    if (each.hotpluggable !== "no") return;
    if (before.hotpluggable === "yes")
      throw refuse("online non-hotpluggable vcpus need to be ordered prior to hotplugable vcpus");
    if ((before.order ?? 0) > (each.order ?? 0))
      throw refuse("online non-hotpluggable vcpus must be ordered in ascending order");
  });
}

function checkTseg(domain: Domain, caps: QemuCapabilities): void {
  const { smm } = domain.features;
  if (smm?.state !== "on" || smm.tseg === undefined) return;
  if (!isQ35(domain)) throw refuse("SMM TSEG is only supported with q35 machine type");
  if (!has(caps, "mch.extended-tseg-mbytes")) throw refuse("Setting TSEG size is not supported with this QEMU binary");
  if (smm.tseg % (1 << 20) !== 0) throw refuse("SMM TSEG size must be divisible by 1 MiB");
}

/** Paths that a start made up are left out, for the next start makes them up again. */
export function dropMadeUpPaths(domain: Domain, folders: ConfFolders): Domain {
  const drop = <S extends Channel["source"]>(source: S, madeUp: boolean): S => {
    if (source.type !== "unix") return source;
    const path = madeUp ? undefined : source.path;
    return { ...source, path, mode: path === undefined ? "bind" : source.mode };
  };
  return mapDevices(domain, {
    channel: (each) => ({ ...each, source: drop(each.source, isMadeUp(each, folders)) }),
    serial: (each) => ({ ...each, source: drop(each.source, false) }),
    parallel: (each) => ({ ...each, source: drop(each.source, false) }),
    console: (each) => ({ ...each, source: drop(each.source, false) }),
  });
}

/** The same for one device. */
export function withoutMadeUpPath(device: Device, domain: Domain, folders: ConfFolders): Device {
  if (device.kind !== "channel" && device.kind !== "serial" && device.kind !== "parallel" && device.kind !== "console")
    return device;
  const none = { channels: [], serials: [], parallels: [], consoles: [] };
  const alone = withDevices(domain, { ...none, [LISTS[device.kind]]: [device] });
  const [dropped] = dropMadeUpPaths(alone, folders).devices[LISTS[device.kind]];
  return dropped ?? device;
}

const LISTS = { channel: "channels", serial: "serials", parallel: "parallels", console: "consoles" } as const;

function isMadeUp({ source, target }: Channel, { channels }: ConfFolders): boolean {
  if (target.type !== "virtio" || source.type !== "unix" || source.path === undefined) return false;
  const name = target.name ?? "";
  // libvirt's pattern has its alternation at the top, so that a name in any folder of a domain counts.
  if (source.path.startsWith(`${channels}/`) && /^[^/]+\./.test(source.path.slice(channels.length + 1))) return true;
  return new RegExp(`domain-[^/]+/${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`).test(source.path);
}
