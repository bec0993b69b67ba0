import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import { formatNumberSet } from "../../number-set.js";
import type {
  Hub,
  Iommu,
  Lease,
  Memballoon,
  MemoryDevice,
  Nvram,
  Panic,
  Redirdev,
  RedirFilter,
  Rng,
  Shmem,
  Smartcard,
  Tpm,
  TpmBackend,
  Vsock,
  Watchdog,
} from "../model/index.js";
import { formatChardevSource } from "./chardev.js";
import { type FormatContext, virtioOptions } from "./context.js";
import { formatDeviceInfo } from "./device-info.js";

export function formatLease(w: XmlWriter, lease: Lease): void {
  w.block("lease", "", () => {
    w.leaf("lockspace", lease.lockspace);
    w.leaf("key", lease.key);
    w.empty("target", attr("path", lease.target.path) + attrNonzero("offset", lease.target.offset));
  });
}

export function formatSmartcard(w: XmlWriter, card: Smartcard, context: FormatContext): void {
  const type = card.mode === "passthrough" ? attr("type", card.source.type) : "";
  w.element("smartcard", attr("mode", card.mode) + type, () => {
    if (card.mode === "host-certificates") {
      for (const certificate of card.certificates) w.leaf("certificate", certificate);
      w.leaf("database", card.database);
    }
    if (card.mode === "passthrough") formatChardevSource(w, card.source, context);
    formatDeviceInfo(w, card);
  });
}

export function formatTpm(w: XmlWriter, tpm: Tpm): void {
  w.element("tpm", attr("model", tpm.model), () => {
    formatTpmBackend(w, tpm.backend);
    formatDeviceInfo(w, tpm);
  });
}

function formatTpmBackend(w: XmlWriter, backend: TpmBackend): void {
  const type = attr("type", backend.type);
  if (backend.type === "passthrough") {
    w.block("backend", type, () => w.empty("device", attr("path", backend.device)));
    return;
  }
  if (backend.type === "external") {
    const { source } = backend;
    w.element("backend", type, () => {
      if (source.type !== "unix") return;
      w.empty("source", attr("type", "unix") + attr("mode", "connect") + attr("path", source.path));
    });
    return;
  }
  const emulator = attr("version", backend.version) + attr("persistent_state", backend.persistentState);
  w.element("backend", type + emulator, () => {
    if (backend.encryptionSecret !== undefined) w.empty("encryption", attr("secret", backend.encryptionSecret));
    w.element("active_pcr_banks", "", () => {
      for (const bank of backend.activePcrBanks ?? []) w.empty(bank);
    });
  });
}

export function formatRedirdev(w: XmlWriter, redirdev: Redirdev, context: FormatContext): void {
  w.block("redirdev", attr("bus", redirdev.bus) + attr("type", redirdev.source.type), () => {
    formatChardevSource(w, redirdev.source, context);
    formatDeviceInfo(w, redirdev);
  });
}

export function formatRedirFilter(w: XmlWriter, filter: RedirFilter): void {
  if (filter.devices.length === 0) return;
  const id = (name: string, value: number | undefined, width: number): string =>
    value === undefined ? "" : attr(name, `0x${value.toString(16).toUpperCase().padStart(width, "0")}`);
  w.block("redirfilter", "", () => {
    for (const device of filter.devices) {
      const ids = id("class", device.class, 2) + id("vendor", device.vendor, 4) + id("product", device.product, 4);
      w.empty("usbdev", ids + usbVersion(device.version) + attr("allow", device.allow));
    }
  });
}

function usbVersion(version: number | undefined): string {
  if (version === undefined) return "";
  const digit = (shift: number): number => (version >> shift) & 0xf;
  const minor = digit(4) * 10 + digit(0);
  return attr("version", `${digit(12) * 10 + digit(8)}.${String(minor).padStart(2, "0")}`);
}

export function formatHub(w: XmlWriter, hub: Hub): void {
  w.element("hub", attr("type", hub.type), () => formatDeviceInfo(w, hub));
}

export function formatWatchdog(w: XmlWriter, watchdog: Watchdog): void {
  w.element("watchdog", attr("model", watchdog.model) + attr("action", watchdog.action), () =>
    formatDeviceInfo(w, watchdog),
  );
}

export function formatMemballoon(w: XmlWriter, balloon: Memballoon): void {
  const attributes =
    attr("model", balloon.model) +
    attr("autodeflate", balloon.autodeflate) +
    attr("freePageReporting", balloon.freePageReporting);
  w.element("memballoon", attributes, () => {
    if (balloon.statsPeriod) w.empty("stats", attr("period", balloon.statsPeriod));
    formatDeviceInfo(w, balloon);
    w.emptyIfAttributes("driver", virtioOptions(balloon.driver));
  });
}

export function formatRng(w: XmlWriter, rng: Rng, context: FormatContext): void {
  w.block("rng", attr("model", rng.model), () => {
    if (rng.rate !== undefined) w.empty("rate", attr("bytes", rng.rate.bytes) + attrNonzero("period", rng.rate.period));
    const { backend } = rng;
    const model = attr("model", backend.model);
    if (backend.model === "random") w.leaf("backend", backend.path, model);
    else if (backend.model === "builtin") w.empty("backend", model);
    else
      w.block("backend", model + attr("type", backend.source.type), () =>
        formatChardevSource(w, backend.source, context),
      );
    w.emptyIfAttributes("driver", virtioOptions(rng.driver));
    formatDeviceInfo(w, rng);
  });
}

export function formatNvram(w: XmlWriter, nvram: Nvram): void {
  w.block("nvram", "", () => formatDeviceInfo(w, nvram));
}

export function formatPanic(w: XmlWriter, panic: Panic): void {
  // libvirt prints nothing at all for a panic device without model and address
  w.element("panic", attr("model", panic.model), () => formatDeviceInfo(w, panic));
}

export function formatShmem(w: XmlWriter, shmem: Shmem): void {
  w.block("shmem", attr("name", shmem.name) + attr("role", shmem.role), () => {
    w.empty("model", attr("type", shmem.model ?? "ivshmem"));
    if (shmem.size) formatShmemSize(w, shmem.size);
    if (shmem.server !== undefined) w.empty("server", attr("path", shmem.server.path));
    if (shmem.msi !== undefined) {
      w.empty("msi", attrNonzero("vectors", shmem.msi.vectors) + attr("ioeventfd", shmem.msi.ioeventfd));
    }
    formatDeviceInfo(w, shmem);
  });
}

const MIB = 2 ** 20;

/** libvirt prints whole mebibytes, and loses the rest. */
function formatShmemSize(w: XmlWriter, size: number): void {
  if (size % MIB === 0) w.leaf("size", size / MIB, attr("unit", "M"));
  else w.leaf("size", size, attr("unit", "bytes"));
}

export function formatMemoryDevice(w: XmlWriter, memory: MemoryDevice, context: FormatContext): void {
  const kib = attr("unit", "KiB");
  w.block(
    "memory",
    attr("model", memory.model) + attr("access", memory.access) + attr("discard", memory.discard),
    () => {
      w.leaf("uuid", memory.uuid);
      const { source, target } = memory;
      w.element("source", "", () => {
        if (source?.nodemask !== undefined) w.leaf("nodemask", formatNumberSet(source.nodemask));
        w.leaf("pagesize", source?.pagesize, kib);
        w.leaf("path", source?.path);
        w.leaf("alignsize", source?.alignsize, kib);
        if (source?.pmem === true) w.empty("pmem");
      });
      w.block("target", "", () => {
        w.leaf("size", target.size, kib);
        w.leaf("node", target.node);
        if (target.labelSize) w.block("label", "", () => w.leaf("size", target.labelSize, kib));
        if (target.readonly === true) w.empty("readonly");
        if (!target.block) return;
        w.leaf("block", target.block, kib);
        w.leaf("requested", target.requested ?? 0, kib);
        if (!context.inactive) w.leaf("current", target.current ?? 0, kib);
      });
      formatDeviceInfo(w, memory);
    },
  );
}

export function formatIommu(w: XmlWriter, iommu: Iommu): void {
  w.element("iommu", attr("model", iommu.model), () => {
    const { driver } = iommu;
    if (driver !== undefined) {
      w.emptyIfAttributes(
        "driver",
        attr("intremap", driver.intremap) +
          attr("caching_mode", driver.cachingMode) +
          attr("eim", driver.eim) +
          attr("iotlb", driver.iotlb) +
          attrNonzero("aw_bits", driver.awBits),
      );
    }
    formatDeviceInfo(w, iommu);
  });
}

export function formatVsock(w: XmlWriter, vsock: Vsock): void {
  w.element("vsock", attr("model", vsock.model), () => {
    w.emptyIfAttributes("cid", attr("auto", vsock.cid.auto) + attrNonzero("address", vsock.cid.address));
    formatDeviceInfo(w, vsock);
    w.emptyIfAttributes("driver", virtioOptions(vsock.driver));
  });
}
