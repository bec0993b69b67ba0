import type {
  Iommu,
  Memballoon,
  MemoryDevice,
  Nvram,
  Redirdev,
  Rng,
  Shmem,
  Smartcard,
  Watchdog,
} from "@polyvisor/sdk/conf";
import { has, type QemuFlag } from "../../capabilities/index.js";
import { isArmVirt, isPseries, isQ35 } from "../machine.js";
import { checkSource } from "./chardev.js";
import type { Checked } from "./context.js";
import { malformed, refuse } from "./refuse.js";

export function checkSmartcard(card: Smartcard, checked: Checked): void {
  const { caps, domain } = checked;
  const { address } = card;
  const first = address?.type === "ccid" && address.controller === 0 && address.slot === 0;
  if (domain.devices.smartcards.length > 1 || !first) throw refuse("this QEMU binary lacks multiple smartcard support");
  if (card.mode !== "passthrough") {
    if (!has(caps, "ccid-emulated")) throw refuse("this QEMU binary lacks smartcard host mode support");
    return;
  }
  if (!has(caps, "ccid-passthru")) throw refuse("this QEMU binary lacks smartcard passthrough mode support");
  checkSource(card.source, checked);
}

export function checkRng({ backend, model }: Rng, checked: Checked): void {
  const { caps } = checked;
  const flag = `rng-${backend.model}` as const;
  if (!has(caps, flag)) throw refuse(`this qemu doesn't support the ${flag} backend`);
  if (backend.model === "egd") checkSource(backend.source, checked);
  const there = has(caps, "virtio-rng") && (model === "virtio" || has(caps, "virtio-pci-non-transitional"));
  if (!there) throw refuse(`domain configuration does not support rng model '${model}'`);
}

export function checkRedirdev({ source }: Redirdev, checked: Checked): void {
  const { caps, domain } = checked;
  checkSource(source, checked);
  if (!has(caps, "usb-redir")) throw refuse("USB redirection is not supported by this version of QEMU");
  const filters = domain.devices.redirfilter?.devices.length ?? 0;
  if (filters > 0 && !has(caps, "usb-redir.filter"))
    throw refuse("USB redirection filter is not supported by this version of QEMU");
}

export function checkWatchdog({ address, model }: Watchdog, { domain }: Checked): void {
  switch (model) {
    case "i6300esb":
      if (address !== undefined && address.type !== "pci")
        throw refuse(`${model} model of watchdog can go only on PCI bus`);
      return;
    case "ib700":
      if (address !== undefined) throw refuse(`${model} model of watchdog does not support configuring the address`);
      return;
    case "diag288":
      if (address !== undefined) throw refuse(`${model} model of watchdog is virtual and cannot go on any bus.`);
      if (!(domain.os.arch ?? "").startsWith("s390"))
        throw refuse(`${model} model of watchdog is allowed for s390 and s390x only`);
  }
}

export function checkMemballoon({ autodeflate, freePageReporting, model }: Memballoon, { caps }: Checked): void {
  if (model === "none") return;
  if (model === "xen") throw refuse(`Memory balloon device type '${model}' is not supported by this version of qemu`);
  if (autodeflate !== undefined && !has(caps, "virtio-balloon-pci.deflate-on-oom"))
    throw refuse("deflate-on-oom is not supported by this QEMU binary");
  if (freePageReporting !== undefined && !has(caps, "virtio-balloon.free-page-reporting"))
    throw refuse("freePageReporting is not supported by this QEMU binary");
}

export function checkIommu({ address, driver, model }: Iommu, { domain, caps }: Checked): void {
  const what = `IOMMU device: '${model}'`;
  const needs = (flag: QemuFlag, words: string) => {
    if (!has(caps, flag)) throw refuse(`${words} is not supported with this QEMU binary`);
  };
  switch (model) {
    case "intel":
      if (!isQ35(domain)) throw refuse(`${what} is only supported with Q35 machines`);
      needs("intel-iommu", what);
      break;
    case "smmuv3":
      if (!isArmVirt(domain)) throw refuse(`${what} is only supported with ARM Virt machines`);
      needs("machine.virt.iommu", what);
      break;
    case "virtio":
      if (!isArmVirt(domain) && !isQ35(domain))
        throw refuse(`${what} is only supported with Q35 and ARM Virt machines`);
      needs("virtio-iommu-pci", what);
      needs("virtio-iommu.boot-bypass", what);
      if (domain.features.acpi !== true) throw refuse(`${what} requires ACPI`, "add <features><acpi/></features>");
      if (address !== undefined && address.type !== "pci") throw refuse(`${what} needs a PCI address`);
  }
  if (driver?.intremap !== undefined) needs("intel-iommu.intremap", "iommu: interrupt remapping");
  if (driver?.cachingMode !== undefined) needs("intel-iommu.caching-mode", "iommu: caching mode");
  if (driver?.eim !== undefined) needs("intel-iommu.eim", "iommu: eim");
  if (driver?.iotlb !== undefined) needs("intel-iommu.device-iotlb", "iommu: device IOTLB");
  if ((driver?.awBits ?? 0) > 0) needs("intel-iommu.aw-bits", "iommu: aw_bits");
}

export function checkNvram({ address }: Nvram, { domain, caps }: Checked): void {
  if (!isPseries(domain)) throw refuse("nvram device is only supported for PPC64");
  if (!has(caps, "nvram")) throw refuse("nvram device is not supported by this QEMU binary");
  if (address?.type !== "spapr-vio" || address.reg === undefined)
    throw malformed("nvram address type must be spaprvio");
}

const MEMORIES: Readonly<Record<MemoryDevice["model"], readonly [QemuFlag, string]>> = {
  dimm: ["pc-dimm", "memory hotplug"],
  nvdimm: ["nvdimm", "nvdimm"],
  "virtio-pmem": ["virtio-pmem-pci", "virtio-pmem"],
  "virtio-mem": ["virtio-mem-pci", "virtio-mem"],
  "sgx-epc": ["sgx-epc", "sgx epc"],
};

export function checkMemory({ model, target }: MemoryDevice, { caps }: Checked): void {
  const [flag, name] = MEMORIES[model];
  if (!has(caps, flag)) throw refuse(`${name} isn't supported by this QEMU binary`);
  if (model === "nvdimm" && target.readonly === true && !has(caps, "nvdimm.unarmed"))
    throw refuse("nvdimm readonly property is not available with this QEMU binary");
}

export function checkShmem({ model = "ivshmem" }: Shmem, { caps }: Checked): void {
  if (has(caps, model)) return;
  throw refuse(
    model === "ivshmem"
      ? "ivshmem device is not supported with this QEMU binary"
      : `shmem model '${model}' is not supported by this QEMU binary`,
  );
}
