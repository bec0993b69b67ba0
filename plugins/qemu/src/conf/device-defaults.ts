import { VirtError } from "@polyvisor/core";
import type {
  Controller,
  DeviceMapping,
  Disk,
  Domain,
  Hostdev,
  Interface,
  Panic,
  Serial,
  Shmem,
  StorageSource,
  Tpm,
  Video,
} from "@polyvisor/sdk/conf";
import { has, isX86, type QemuCapabilities } from "../capabilities/index.js";
import { controllerDefaults } from "./controller-defaults.js";
import { isArmVirt, isPseries, isRiscvVirt } from "./machine.js";

/** What each device gets that its configuration leaves open; without capabilities only what does not depend on them. */
export function deviceDefaults(caps: QemuCapabilities | undefined): DeviceMapping {
  return {
    disk: diskDefaults,
    interface: (each, domain) => interfaceDefaults(each, domain, caps),
    controller: (each: Controller, domain) => controllerDefaults(each, domain, caps),
    video: (each, domain) => videoDefaults(each, domain, caps),
    serial: serialDefaults,
    panic: panicDefaults,
    shmem: shmemDefaults,
    vsock: (each) => (each.model === undefined ? { ...each, model: "virtio" } : each),
    tpm: tpmDefaults,
    hostdev: (each) => hostdevDefaults(each, caps),
  };
}

function diskDefaults(disk: Disk): Disk {
  const { driver, mirror, source } = disk;
  const type = driver?.type ?? (source.type === "volume" ? undefined : "raw");
  return {
    ...disk,
    driver: { ...driver, name: driver?.name ?? "qemu", type },
    source: withEngine(source),
    backingStore: engineBelow(disk.backingStore),
    ...(mirror === undefined || mirror.format !== undefined ? {} : { mirror: { ...mirror, format: "raw" as const } }),
  };
}

function withEngine<S extends StorageSource>(source: S): S {
  const { encryption } = source;
  if (encryption === undefined || encryption.engine !== undefined) return source;
  return { ...source, encryption: { ...encryption, engine: "qemu" } };
}

function engineBelow(store: Disk["backingStore"]): Disk["backingStore"] {
  if (store?.kind !== "image") return store;
  return { ...store, source: withEngine(store.source), backingStore: engineBelow(store.backingStore) };
}

function interfaceDefaults(each: Interface, domain: Domain, caps: QemuCapabilities | undefined): Interface {
  if (each.model !== undefined) return each;
  if (each.source.type === "vdpa") return { ...each, model: "virtio" };
  const actual = each.source.type === "network" ? each.source.actual?.source.type : undefined;
  if (each.source.type === "hostdev" || actual === "hostdev") return each;
  return { ...each, model: defaultNetModel(domain, caps) };
}

function defaultNetModel(domain: Domain, caps: QemuCapabilities | undefined): string | undefined {
  const arch = domain.os.arch ?? "";
  if (arch.startsWith("s390") || isArmVirt(domain) || isRiscvVirt(domain)) return "virtio";
  if (["armv6l", "armv7l", "aarch64"].includes(arch))
    return domain.os.machine === "versatilepb" ? "smc91c111" : "lan9118";
  if (caps === undefined) return undefined;
  if (has(caps, "rtl8139")) return "rtl8139";
  if (has(caps, "e1000")) return "e1000";
  return has(caps, "virtio-net") ? "virtio" : "rtl8139";
}

/** KiB that a QXL card shows without acceleration. */
const QXL_VGAMEM = 16 * 1024;

function videoDefaults(video: Video, domain: Domain, caps: QemuCapabilities | undefined): Video {
  const type = video.model.type ?? defaultVideo(domain, caps);
  const vgamem = video.model.vgamem ?? (type === "qxl" ? QXL_VGAMEM : undefined);
  return { ...video, model: { ...video.model, type, vgamem } };
}

function defaultVideo(domain: Domain, caps: QemuCapabilities | undefined): Video["model"]["type"] {
  const arch = domain.os.arch ?? "";
  if (arch.startsWith("ppc64")) return "vga";
  if (isArmVirt(domain) || isRiscvVirt(domain) || arch.startsWith("s390")) return "virtio";
  if (caps === undefined) return undefined;
  if (has(caps, "cirrus-vga")) return "cirrus";
  return has(caps, "VGA") ? "vga" : undefined;
}

const SERIAL_MODELS = {
  "isa-serial": "isa-serial",
  "usb-serial": "usb-serial",
  "pci-serial": "pci-serial",
  "spapr-vio-serial": "spapr-vty",
  "sclp-serial": "sclpconsole",
  "isa-debug": "isa-debugcon",
} as const;

function serialDefaults(serial: Serial, domain: Domain): Serial {
  // Old configurations say isa-serial where they mean the machine's own port.
  const { type: written } = serial.target;
  const type = written === undefined || written === "isa-serial" ? defaultSerial(domain) : written;
  const model = serial.target.model ?? defaultSerialModel(type, domain);
  return { ...serial, target: { ...serial.target, type, model } };
}

function defaultSerial(domain: Domain): Serial["target"]["type"] {
  const arch = domain.os.arch ?? "";
  if (isX86(arch)) return "isa-serial";
  if (isPseries(domain)) return "spapr-vio-serial";
  if (isArmVirt(domain) || isRiscvVirt(domain)) return "system-serial";
  return arch.startsWith("s390") ? "sclp-serial" : undefined;
}

function defaultSerialModel(type: Serial["target"]["type"], domain: Domain): Serial["target"]["model"] {
  if (type === undefined) return undefined;
  if (type !== "system-serial") return SERIAL_MODELS[type];
  if (isArmVirt(domain)) return "pl011";
  return isRiscvVirt(domain) ? "16550a" : undefined;
}

function panicDefaults(panic: Panic, domain: Domain): Panic {
  if (panic.model !== undefined) return panic;
  if (isPseries(domain)) return { ...panic, model: "pseries" };
  return { ...panic, model: (domain.os.arch ?? "").startsWith("s390") ? "s390" : "isa" };
}

const SHMEM_SIZE = 4 * 1024 * 1024;

function shmemDefaults(written: Shmem): Shmem {
  const model = written.model ?? "ivshmem";
  const unfit = (what: string): never => {
    throw new VirtError("CONFIG_UNSUPPORTED", `shmem model '${model}' ${what}`, { domain: "QEMU" });
  };
  const shmem = model !== "ivshmem-doorbell" && !written.size ? { ...written, size: SHMEM_SIZE } : written;
  if (model === "ivshmem") return shmem;
  if (shmem.server === undefined) {
    if (model === "ivshmem-doorbell") unfit("is supported only with server option enabled");
    return shmem;
  }
  if (model === "ivshmem-plain") unfit("is supported only with server option disabled");
  if (shmem.size) unfit("does not support size setting");
  return { ...shmem, msi: { ...shmem.msi, ioeventfd: shmem.msi?.ioeventfd ?? "on" } };
}

function tpmDefaults(tpm: Tpm, domain: Domain): Tpm {
  const model = tpm.model ?? ((domain.os.arch ?? "").startsWith("ppc64") ? "tpm-spapr" : "tpm-tis");
  if (tpm.backend.type !== "emulator" || tpm.backend.version !== undefined) return { ...tpm, model };
  const second = model === "tpm-spapr" || model === "tpm-crb" || isArmVirt(domain);
  return { ...tpm, model, backend: { ...tpm.backend, version: second ? "2.0" : "1.2" } };
}

function hostdevDefaults(hostdev: Hostdev, caps: QemuCapabilities | undefined): Hostdev {
  const { source } = hostdev;
  if (source.type !== "mdev" || source.model !== "vfio-pci" || source.display !== undefined) return hostdev;
  if (caps === undefined || !has(caps, "vfio-pci.display")) return hostdev;
  return { ...hostdev, source: { ...source, display: "off" } };
}
