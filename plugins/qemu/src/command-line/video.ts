import type { Video } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, notYet, refuse } from "./context.js";
import { fromYesNo, type Props, positive } from "./props.js";
import { virtioDriver, virtioOptions } from "./virtio.js";

export function videoArgs(build: Build): void {
  for (const video of build.domain.devices.videos) {
    if (video.model.type === "none") continue;
    if (video.driver?.name === "vhostuser") {
      vhostUserArgs(build, video);
      continue;
    }
    build.args.device({
      ...driverProps(build, video),
      id: aliasOf(video),
      ...accelerationProps(build, video),
      ...memoryProps(build, video),
      xres: positive(video.model.resolution?.x),
      yres: positive(video.model.resolution?.y),
      ...addressProps(build, video),
    });
  }
}

/** A helper draws; the emulator inherits its end of their socket. */
function vhostUserArgs(build: Build, video: Video): void {
  const alias = aliasOf(video);
  if (build.runtime.chardevFds?.get(alias) === undefined)
    throw notYet("a video device that a helper serves (vhostuser)");
  chardevArgs(build, { type: "unix", mode: "connect" }, `chr-vu-${alias}`, { device: alias });
  const vga = video.model.primary === true && build.can("vhost-user-vga");
  build.args.device({
    driver: vga ? "vhost-user-vga" : virtioDriver(build, "vhost-user-gpu", video),
    ...(vga ? {} : virtioOptions(video.driver)),
    id: alias,
    max_outputs: positive(video.model.heads),
    chardev: `chr-vu-${alias}`,
    ...addressProps(build, video),
  });
}

const PRIMARY: Readonly<Partial<Record<NonNullable<Video["model"]["type"]>, string>>> = {
  vga: "VGA",
  cirrus: "cirrus-vga",
  vmvga: "vmware-svga",
  qxl: "qxl-vga",
  bochs: "bochs-display",
  ramfb: "ramfb",
};

/** The primary device is one that a BIOS can draw on, where its kind has such a flavour. */
function driverProps(build: Build, video: Video): Props {
  const type = video.model.type;
  if (type === "virtio") return virtioProps(build, video);
  if (video.model.primary !== true && type === "qxl") return { driver: "qxl" };
  const driver = type === undefined ? undefined : PRIMARY[type];
  if (driver === undefined) throw refuse(`domain configuration does not support video model '${type ?? ""}'`);
  return { driver };
}

function virtioProps(build: Build, video: Video): Props {
  const wants3d = video.model.acceleration?.accel3d === "yes";
  const options = virtioOptions(video.driver);
  if (video.model.primary === true && build.can("virtio-vga"))
    return { driver: wants3d && build.can("virtio-vga-gl") ? "virtio-vga-gl" : "virtio-vga", ...options };
  const base = wants3d && build.can("virtio-gpu-gl-pci") ? "virtio-gpu-gl" : "virtio-gpu";
  return { driver: virtioDriver(build, base, video), ...options };
}

function accelerationProps(build: Build, { model }: Video): Props {
  const virgl =
    model.type === "virtio" && build.can("virtio-gpu.virgl") ? fromYesNo(model.acceleration?.accel3d) : undefined;
  const manyHeads = model.type === "qxl" || model.type === "virtio";
  return { virgl, max_outputs: manyHeads ? positive(model.heads) : undefined };
}

/** KiB in the model, bytes or MiB for QEMU. */
function memoryProps(build: Build, { model }: Video): Props {
  const { ram = 0, vram = 0, vram64 = 0, vgamem = 0 } = model;
  switch (model.type) {
    case "qxl":
      return {
        ram_size: positive(ram * 1024),
        vram_size: positive(vram * 1024),
        vram64_size_mb: build.can("qxl.vram64_size_mb") ? Math.floor(vram64 / 1024) : undefined,
        vgamem_mb: build.can("qxl.vgamem_mb") ? Math.floor(vgamem / 1024) : undefined,
      };
    case "vga":
      return { vgamem_mb: build.can("VGA.vgamem_mb") ? positive(Math.floor(vram / 1024)) : undefined };
    case "vmvga":
      return { vgamem_mb: build.can("vmware-svga.vgamem_mb") ? positive(Math.floor(vram / 1024)) : undefined };
    case "bochs":
      return { vgamem: positive(vram * 1024) };
    default:
      return {};
  }
}
