import type { ChardevSource, Domain, Graphics, Iommu, Serial, Shmem, Tpm, Video } from "@polyvisor/sdk/conf";
import { has, type QemuCapabilities, type QemuFlag } from "../../capabilities/index.js";
import { hasBuiltinIde, isArmVirt, isPseries, isQ35, isRiscvVirt } from "../machine.js";
import { malformed, refuse } from "./refuse.js";

export function validateDevices(domain: Domain, caps: QemuCapabilities): void {
  const d = domain.devices;
  for (const graphics of d.graphics) checkGraphics(graphics, domain, caps);
  d.videos.forEach((video) => {
    checkVideo(video, caps);
  });
  for (const { type, index } of d.controllers) if (type === "ide") checkIde(index, domain);
  for (const { source } of [...d.serials, ...d.parallels, ...d.consoles, ...d.channels, ...d.redirdevs])
    checkSource(source, domain, caps);
  checkRedirection(domain, caps);
  if (d.iommu !== undefined) checkIommu(d.iommu, domain, caps);
  for (const serial of d.serials) checkSerial(serial, domain);
  for (const shmem of d.shmems) checkShmem(shmem, caps);
  for (const tpm of d.tpms) checkTpm(tpm, domain);
  checkHostBoot(domain);
  checkSmallDevices(domain, caps);
}

function checkGraphics(graphics: Graphics, { devices }: Domain, caps: QemuCapabilities): void {
  const needs: Partial<Record<Graphics["type"], QemuFlag>> = {
    vnc: "vnc",
    spice: "spice",
    sdl: "sdl",
    "egl-headless": "egl-headless",
    dbus: "display-dbus",
  };
  const flag = needs[graphics.type];
  if (flag === undefined || !has(caps, flag))
    throw refuse(`${graphics.type} graphics are not supported with this QEMU`);
  if (!devices.graphics.some(({ type }) => type === "egl-headless")) return;
  if (!["egl-headless", "vnc", "spice"].includes(graphics.type)) {
    throw refuse("graphics type 'egl-headless' is only supported with one of: 'vnc', 'spice' graphics types");
  }
  if (graphics.type === "spice" && graphics.gl?.enable === "yes")
    throw refuse("multiple OpenGL displays are not supported by QEMU");
}

const VIDEO_FLAGS: Partial<Record<NonNullable<Video["model"]["type"]>, QemuFlag>> = {
  vga: "VGA",
  cirrus: "cirrus-vga",
  vmvga: "vmware-svga",
  qxl: "qxl",
  virtio: "virtio-gpu",
  bochs: "bochs-display",
  ramfb: "ramfb",
};

function checkVideo({ model, driver }: Video, caps: QemuCapabilities): void {
  const { acceleration, type } = model;
  if (type === undefined || type === "none") return;
  const flag = VIDEO_FLAGS[type];
  const there = flag !== undefined && (has(caps, flag) || (type === "virtio" && has(caps, "virtio-gpu-ccw")));
  if (!there) throw refuse(`domain configuration does not support video model '${type}'`);
  const several = type === "qxl" || type === "virtio";
  if (!several && model.primary !== true) throw refuse(`video type '${type}' is only valid as primary video device`);
  if (!several && (model.heads ?? 1) !== 1) throw refuse(`video type '${type}' doesn't support multiple 'heads'`);
  if (acceleration?.accel2d === "yes") throw refuse("qemu does not support the accel2d setting");
  if (type === "qxl" && model.vgamem !== undefined) {
    if (model.vgamem < 1024) throw refuse("value for 'vgamem' must be at least 1 MiB (1024 KiB)");
    if (!Number.isInteger(Math.log2(model.vgamem))) throw refuse("value for 'vgamem' must be power of two");
  }
  if (model.resolution !== undefined && !["vga", "qxl", "virtio", "bochs"].includes(type))
    throw malformed("model resolution is not supported");
  if ((type === "vga" || type === "vmvga") && model.vram !== undefined && model.vram < 1024)
    throw refuse("value for 'vram' must be at least 1 MiB (1024 KiB)");
  if (driver?.name === "vhostuser" || acceleration?.accel3d !== "yes") return;
  if (type !== "virtio") throw refuse("3d acceleration is supported only with 'virtio' video device");
  if (!(["virtio-gpu.virgl", "virtio-gpu-gl-pci", "virtio-vga-gl"] as const).some((each) => has(caps, each)))
    throw refuse("3d acceleration is not supported by this QEMU binary");
}

/** QEMU has no IDE adapter that a board does not bring along. */
function checkIde(index: number, domain: Domain): void {
  const builtin = hasBuiltinIde(domain);
  if (index === 0 && builtin) return;
  if (builtin) throw refuse("Only a single IDE controller is supported for this machine type");
  throw refuse(
    "IDE controllers are unsupported for this QEMU binary or machine type",
    "put the disks on bus='sata', or on bus='virtio'",
  );
}

function checkSource(source: ChardevSource, { devices }: Domain, caps: QemuCapabilities): void {
  if (source.type === "qemu-vdagent" && !has(caps, "chardev.qemu-vdagent"))
    throw refuse(`chardev '${source.type}' not supported in this QEMU binary`);
  if (source.type !== "spicevmc" && source.type !== "spiceport") return;
  if (!devices.graphics.some(({ type }) => type === "spice"))
    throw refuse(`chardev '${source.type}' not supported without spice graphics`, "add <graphics type='spice'/>");
}

function checkSerial({ target }: Serial, domain: Domain): void {
  const { model, type } = target;
  const s390 = (domain.os.arch ?? "").startsWith("s390");
  const fits =
    (model !== "pl011" || isArmVirt(domain)) &&
    (model !== "16550a" || isRiscvVirt(domain)) &&
    (type !== "spapr-vio-serial" || isPseries(domain)) &&
    (type !== "sclp-serial" || s390);
  if (!fits) {
    throw refuse(
      `Serial device with target type '${type}' and target model '${model}' not compatible with guest architecture or machine type`,
    );
  }
}

function checkRedirection({ devices }: Domain, caps: QemuCapabilities): void {
  if (devices.redirdevs.length > 0 && !has(caps, "usb-redir"))
    throw refuse("USB redirection is not supported by this version of QEMU");
  if (devices.hubs.length > 0 && !has(caps, "usb-hub")) throw refuse("usb-hub not supported by QEMU binary");
}

function checkIommu({ address, model }: Iommu, domain: Domain, caps: QemuCapabilities): void {
  const what = `IOMMU device: '${model}'`;
  const absent = () => refuse(`${what} is not supported with this QEMU binary`);
  switch (model) {
    case "intel":
      if (!isQ35(domain)) throw refuse(`${what} is only supported with Q35 machines`);
      if (!has(caps, "intel-iommu")) throw absent();
      return;
    case "smmuv3":
      if (!isArmVirt(domain)) throw refuse(`${what} is only supported with ARM Virt machines`);
      return;
    case "virtio":
      if (!isArmVirt(domain) && !isQ35(domain))
        throw refuse(`${what} is only supported with Q35 and ARM Virt machines`);
      if (!has(caps, "virtio-iommu-pci") || !has(caps, "virtio-iommu.boot-bypass")) throw absent();
      if (domain.features.acpi !== true) throw refuse(`${what} requires ACPI`, "add <features><acpi/></features>");
      if (address !== undefined && address.type !== "pci") throw refuse(`${what} needs a PCI address`);
  }
}

function checkShmem({ model = "ivshmem" }: Shmem, caps: QemuCapabilities): void {
  if (has(caps, model)) return;
  throw refuse(
    model === "ivshmem"
      ? "ivshmem device is not supported with this QEMU binary"
      : `shmem model '${model}' is not supported by this QEMU binary`,
  );
}

function checkTpm({ backend, model }: Tpm, domain: Domain): void {
  if (backend.type === "emulator" && backend.version === "1.2") {
    if (model === "tpm-crb") throw refuse(`Unsupported interface '${model}' for TPM 1.2`);
    if (model === "tpm-spapr") throw refuse("TPM 1.2 is not supported with the SPAPR device model");
    if (isArmVirt(domain)) throw refuse("TPM 1.2 is not supported on ARM");
  }
  const proxies = domain.devices.tpms.filter((each) => each.model === "spapr-tpm-proxy").length;
  if (proxies > 1) throw refuse("only a single TPM Proxy device is supported");
  if (domain.devices.tpms.length - proxies > 1) throw refuse("only a single TPM non-proxy device is supported");
}

function checkHostBoot({ devices }: Domain): void {
  for (const { bootOrder, source } of devices.hostdevs) {
    if (bootOrder === undefined) continue;
    if (source.type === "scsi_host")
      throw refuse("booting from assigned devices is not supported by vhost SCSI devices");
    if (source.type === "mdev" && source.model === "vfio-ap")
      throw refuse(`booting from assigned devices is not supported by mediated devices of model ${source.model}`);
  }
}

function checkSmallDevices(domain: Domain, caps: QemuCapabilities): void {
  const { devices } = domain;
  const balloon = devices.memballoon;
  if (balloon?.autodeflate !== undefined && !has(caps, "virtio-balloon-pci.deflate-on-oom"))
    throw refuse("deflate-on-oom is not supported by this QEMU binary");
  if (balloon?.freePageReporting !== undefined && !has(caps, "virtio-balloon.free-page-reporting"))
    throw refuse("freePageReporting is not supported by this QEMU binary");
  for (const { backend } of devices.rngs) {
    const flag = `rng-${backend.model}` as const;
    if (!has(caps, flag)) throw refuse(`this qemu doesn't support the ${flag} backend`);
  }
  for (const { model } of devices.panics) {
    if (model === "isa" && !has(caps, "pvpanic")) throw refuse("the QEMU binary does not support the ISA panic device");
    if (model === "pseries" && !isPseries(domain))
      throw refuse("only pSeries guests support panic device of model 'pseries'");
  }
  for (const { model } of devices.sounds) {
    if (model === "ich9" && !has(caps, "ich9-intel-hda"))
      throw refuse("The ich9-intel-hda audio controller is not supported in this QEMU binary");
    if (model === "usb" && !has(caps, "usb-audio"))
      throw refuse("usb-audio controller is not supported by this QEMU binary");
  }
  if (devices.vsock !== undefined && !has(caps, "vhost-vsock"))
    throw refuse("vsock device is not supported with this QEMU binary");
}
