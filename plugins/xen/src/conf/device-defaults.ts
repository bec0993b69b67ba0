import { VirtError } from "@polyvisor/core";
import type { DeviceMapping, Disk, Domain, Hostdev, Interface, Video, VideoType } from "@polyvisor/sdk/conf";

/** What Xen's devices are when the configuration does not say it. */
export const XEN_DEVICE_DEFAULTS: DeviceMapping = {
  console: (console, { os }) =>
    console.target.type === undefined && os.type !== "hvm"
      ? { ...console, target: { ...console.target, type: "xen" } }
      : console,
  hostdev: hostdevDefaults,
  interface: interfaceDefaults,
  video: videoDefaults,
  disk: diskDefaults,
};

function hostdevDefaults(hostdev: Hostdev, { type }: Domain): Hostdev {
  if (hostdev.mode === "capabilities") {
    throw new VirtError("CONFIG_UNSUPPORTED", `hostdev mode 'capabilities' is not supported in ${type}`, {
      domain: "LIBXL",
      hint: "Use mode='subsystem'.",
    });
  }
  const { source } = hostdev;
  return source.type === "pci" && source.driver === undefined
    ? { ...hostdev, source: { ...source, driver: "xen" } }
    : hostdev;
}

function interfaceDefaults(each: Interface): Interface {
  const { source } = each;
  const isPci = source.type === "hostdev" && source.address.type === "pci";
  return isPci && source.driver === undefined ? { ...each, source: { ...source, driver: "xen" } } : each;
}

/** KiB, with the device model that Xen has had since 4.2. */
const VIDEO_MEMORY: Partial<Readonly<Record<VideoType, number>>> = {
  vga: 16 * 1024,
  xen: 16 * 1024,
  cirrus: 8 * 1024,
  qxl: 128 * 1024,
};

function videoDefaults(video: Video, { os }: Domain): Video {
  const type = video.model.type ?? defaultVideo(os);
  const vram = video.model.vram ?? (os.type === "hvm" ? VIDEO_MEMORY[type] : undefined);
  return { ...video, model: { ...video.model, type, vram } };
}

function defaultVideo({ type, arch }: Domain["os"]): VideoType {
  if (type === "xen" || type === "linux") return "xen";
  return arch?.startsWith("ppc64") ? "vga" : "cirrus";
}

function diskDefaults(disk: Disk): Disk {
  const name = disk.driver?.name ?? (disk.source.type === "network" ? "qemu" : undefined);
  return { ...disk, driver: { ...disk.driver, name, type: disk.driver?.type ?? "raw" } };
}
