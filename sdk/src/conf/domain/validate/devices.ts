import type {
  Address,
  Audio,
  Controller,
  Device,
  Domain,
  Filesystem,
  Graphics,
  Hostdev,
  Input,
  Iommu,
  MemoryDevice,
  Shmem,
  Tpm,
  Video,
  Vsock,
} from "../model/index.js";
import { validateChardev, validateInterface } from "./connections.js";
import { validateDisk } from "./disk.js";
import { refuse, refuseVirtioOptions, unsupported } from "./refuse.js";

export function validateDevice(device: Device, domain: Domain): void {
  const address = placeOf(device);
  if (address?.type === "unassigned" && device.kind !== "hostdev") {
    unsupported("address of type 'unassigned' is supported only for hostdevs");
  }
  switch (device.kind) {
    case "disk":
      validateDisk(device);
      return;
    case "controller":
      validateController(device);
      return;
    case "interface":
      validateInterface(device);
      return;
    case "serial":
    case "parallel":
    case "console":
      validateChardev(device.source, false);
      return;
    case "channel":
      validateChardev(device.source, device.target.type !== "guestfwd");
      return;
    case "redirdev":
      if (!hasUsb(domain)) noUsb();
      validateChardev(device.source, false);
      return;
    case "rng":
      if (device.backend.model === "egd") validateChardev(device.backend.source, false);
      return;
    case "smartcard":
      if (address !== undefined && address.type !== "ccid") unsupported("Controllers must use the 'ccid' address type");
      if (device.mode === "passthrough") validateChardev(device.source, false);
      return;
    case "hostdev":
      validateHostdev(device);
      return;
    case "video":
      validateVideo(device, domain);
      return;
    case "memory":
      validateMemory(device, domain);
      return;
    case "vsock":
      validateVsock(device);
      return;
    case "input":
      validateInput(device, domain);
      return;
    case "shmem":
      validateShmem(device);
      return;
    case "filesystem":
      if (device.target === undefined) refuse("NO_TARGET", filesystemSource(device), "Add <target dir='...'/>.");
      if (device.bootOrder !== undefined && device.driver?.type !== "virtiofs") {
        unsupported("boot order is only supported for virtiofs");
      }
      return;
    case "audio":
      if ((audioIds(domain).get(device.id) ?? 0) > 1) {
        refuse("XML_ERROR", `audio ID ${device.id} is used multiple times`, "Number them one by one.");
      }
      return;
    case "sound":
      needAudio(domain, device.audioId);
      return;
    case "graphics":
      validateGraphics(device, domain);
      return;
    case "iommu":
      validateIommu(device);
      return;
    case "tpm":
      validateTpm(device);
      return;
    default:
      return;
  }
}

function filesystemSource({ source }: Filesystem): string {
  switch (source.type) {
    case "mount":
      return source.dir ?? source.socket ?? "";
    case "bind":
      return source.dir;
    case "block":
      return source.dev;
    case "file":
      return source.file;
    case "template":
      return source.name;
    default:
      return "";
  }
}

function placeOf(device: Device): Address | undefined {
  return device.kind === "graphics" || device.kind === "audio" || device.kind === "lease" ? undefined : device.address;
}

function noUsb(): never {
  return unsupported("cannot add redirected USB device: USB is disabled for this domain", "Add a USB controller.");
}

function hasUsb(domain: Domain): boolean {
  return domain.devices.controllers.some((each) => each.type === "usb" && each.model !== "none");
}

function validateController(controller: Controller): void {
  if (controller.type !== "pci") return;
  const { model, index, target } = controller;
  if ((model === "pci-root" || model === "pcie-root") && controller.address !== undefined) {
    unsupported("pci-root and pcie-root controllers should not have an address", "Remove <address>.");
  }
  if (index > 255) unsupported(`PCI controller index ${index} too high, maximum is 255`);
  if (target === undefined) return;
  const range = (name: string, value: number | undefined, least: number, most: number): void => {
    if (value === undefined || (value >= least && value <= most)) return;
    unsupported(`PCI controller ${name} '${value}' out of range - must be ${least}-${most}`);
  };
  range("target index", target.index, 0, 30);
  if (target.index !== undefined && (index === 0) !== (target.index === 0)) {
    unsupported("Only the PCI controller with index 0 can have target index 0, and vice versa");
  }
  range("chassisNr", target.chassisNr, 1, 255);
  range("chassis", target.chassis, 0, 255);
  range("port", target.port, 0, 255);
  range("busNr", target.busNr, 1, 254);
  if (target.node !== undefined && index === 0) {
    unsupported("The PCI controller with index=0 can't be associated with a NUMA node");
  }
}

function validateHostdev(hostdev: Hostdev): void {
  const { source, address, teaming } = hostdev;
  const allowed = (types: readonly Address["type"][]): boolean => address === undefined || types.includes(address.type);
  if (source.type === "pci" && !allowed(["unassigned", "pci"])) {
    refuse("INTERNAL_ERROR", "PCI host devices must use 'pci' or 'unassigned' address type");
  }
  if (source.type === "scsi" && !allowed(["drive"])) unsupported("SCSI host device must use 'drive' address type");
  if (source.type === "scsi" && source.sgio === "unfiltered") unsupported("unfiltered sgio is no longer supported");
  if (source.type === "scsi_host" && !allowed(["pci", "ccw"])) {
    unsupported("SCSI_host host device must use 'pci' or 'ccw' address type");
  }
  if (source.type === "usb" && !allowed(["usb"])) unsupported("USB host device must use 'usb' address type");
  if (teaming === undefined) return;
  if (teaming.type !== "transient") unsupported("teaming hostdev devices must have type='transient'");
  if (teaming.persistent === undefined) {
    unsupported("missing required persistent attribute in hostdev teaming element");
  }
  if (source.type !== "pci") unsupported("teaming is only supported for pci hostdev devices");
}

function validateVideo(video: Video, domain: Domain): void {
  const { model, driver } = video;
  if (model.type === undefined) {
    refuse("INTERNAL_ERROR", "missing video model and cannot determine default", "Add <model type='...'/>.");
  }
  if (model.type === "none" && domain.devices.videos.length > 1) {
    unsupported("a 'none' video type must be the only video device defined for the domain");
  }
  if (driver?.name === "vhostuser" && model.type !== "virtio") {
    unsupported("'vhostuser' driver is only supported with 'virtio' device");
  }
  if (driver?.name !== "vhostuser" && model.acceleration?.rendernode !== undefined) {
    unsupported("unsupported rendernode accel attribute without 'vhostuser'");
  }
  if (model.resolution !== undefined && (model.resolution.x === 0 || model.resolution.y === 0)) {
    unsupported("video resolution values must be greater than 0");
  }
  for (const name of ["ram", "vram64", "vgamem"] as const) {
    if (model.type !== "qxl" && model[name]) unsupported(`${name} attribute only supported for video type qxl`);
  }
  if (model.type === "ramfb" && video.address !== undefined) unsupported("address not supported for video type ramfb");
  if (model.type !== "virtio") refuseVirtioOptions(driver);
}

function validateMemory(memory: MemoryDevice, domain: Domain): void {
  const { target, model, source } = memory;
  const cells = domain.cpu?.numa?.cells.length ?? 0;
  if (target.node !== undefined && cells === 0) {
    refuse("XML_DETAIL", "can't add memory backend as guest has no NUMA nodes configured", "Add <cpu><numa>.");
  }
  if (target.node !== undefined && target.node >= cells) {
    refuse(
      "XML_DETAIL",
      `can't add memory backend for guest node '${target.node}' as the guest has only '${cells}' NUMA nodes configured`,
    );
  }
  if (model === "nvdimm" || model === "virtio-pmem") {
    if (source?.path === undefined)
      refuse("XML_DETAIL", `path is required for model '${model}'`, "Add <source><path>.");
    const what = model === "nvdimm" ? "nvdimms" : `model '${model}'`;
    if (memory.discard === "yes") unsupported(`discard is not supported for ${what}`);
  }
  if (model === "nvdimm" && !memory.target.labelSize && domain.os.arch?.startsWith("ppc64")) {
    unsupported("label size is required for NVDIMM device", "Add <label><size unit='KiB'>128</size></label>.");
  }
  if (model === "nvdimm" && memory.uuid !== undefined && !domain.os.arch?.startsWith("ppc64")) {
    unsupported("UUID is not supported for NVDIMM device");
  }
  if (model === "virtio-pmem" && memory.access !== "shared") {
    unsupported("shared access mode required for virtio-pmem device");
  }
  if (model === "virtio-pmem" && target.node !== undefined) unsupported("virtio-pmem does not support NUMA nodes");
  if (model === "virtio-mem") validateVirtioMem(memory);
}

/** KiB: the usual size of transparent huge pages. */
const HUGE_PAGE = 2048;

function validateVirtioMem({ target }: MemoryDevice): void {
  const { size, requested = 0, block = 0 } = target;
  if (requested > size) {
    refuse("XML_DETAIL", `requested size must be smaller than or equal to @size (${size}KiB)`);
  }
  if (block === 0 || (block & (block - 1)) !== 0) refuse("XML_DETAIL", "block size must be a power of two");
  if (block < HUGE_PAGE) refuse("XML_DETAIL", `block size too small, must be at least ${HUGE_PAGE}KiB`);
  if (requested % block !== 0) refuse("XML_DETAIL", "requested size must be an integer multiple of block size");
}

function validateVsock(vsock: Vsock): void {
  const { address } = vsock.cid;
  if (address !== undefined && address <= 2) unsupported("guest CIDs must be >= 3");
  if (vsock.model === undefined) refuseVirtioOptions(vsock.driver);
}

function validateInput(input: Input, domain: Domain): void {
  const { bus, type } = input;
  if (domain.os.type === "hvm") {
    if (bus === "ps2" && type !== "mouse" && type !== "keyboard") {
      refuse("INTERNAL_ERROR", `ps2 bus does not support ${type} input device`, "Use bus='usb' or bus='virtio'.");
    }
    if (bus === "xen") refuse("INTERNAL_ERROR", `unsupported input bus ${bus}`);
  }
  if (type === "passthrough" && bus !== "virtio") {
    unsupported("only bus 'virtio' is supported for 'passthrough' input devices");
  }
  if (type === "evdev" && bus !== "none") unsupported("input evdev doesn't support bus element");
  if (input.model !== undefined && bus !== "virtio") {
    unsupported(`only bus 'virtio' is supported for input model '${input.model}'`);
  }
}

function validateShmem({ name }: Shmem): void {
  if (name.includes("/")) unsupported("shmem name cannot include '/' character");
  if (name === "." || name === "..") unsupported(`shmem name cannot be equal to '${name}'`);
}

/** How often each audio ID is there; counted once for a domain, however many devices ask. */
function audioIds({ devices: { audios } }: Domain): ReadonlyMap<number, number> {
  let ids = AUDIO_IDS.get(audios);
  if (ids === undefined) {
    ids = new Map();
    for (const { id } of audios) ids.set(id, (ids.get(id) ?? 0) + 1);
    AUDIO_IDS.set(audios, ids);
  }
  return ids;
}

const AUDIO_IDS = new WeakMap<readonly Audio[], Map<number, number>>();

function needAudio(domain: Domain, id: number | undefined): void {
  if (id === undefined || audioIds(domain).has(id)) return;
  refuse("XML_ERROR", `no audio device with ID ${id}`, "Add <audio id='...' type='...'/>.");
}

function validateGraphics(graphics: Graphics, domain: Domain): void {
  for (const listen of "listens" in graphics ? graphics.listens : []) {
    if (listen.type === "network" && listen.network === "") {
      refuse("XML_ERROR", "'network' attribute is required for listen type 'network'", "Add network='default'.");
    }
  }
  if (graphics.type === "vnc" || graphics.type === "dbus") needAudio(domain, graphics.audioId);
  if (graphics.type === "dbus" && graphics.p2p === true && graphics.address !== undefined) {
    refuse("XML_ERROR", "D-Bus p2p with an address is not supported");
  }
}

function validateIommu(iommu: Iommu): void {
  const plain = iommu.model !== "intel";
  if (plain && iommu.driver !== undefined) {
    refuse("XML_ERROR", `iommu model '${iommu.model}' doesn't support additional attributes`);
  }
  if (iommu.model !== "virtio" && iommu.address !== undefined) {
    refuse("XML_ERROR", `iommu model '${iommu.model}' can't have address`);
  }
}

function validateTpm({ backend }: Tpm): void {
  if (backend.type === "emulator" && backend.activePcrBanks !== undefined && backend.version !== "2.0") {
    refuse("XML_ERROR", "<active_pcr_banks/> requires TPM version '2.0'", "Add version='2.0'.");
  }
  if (backend.type !== "external") return;
  if (backend.source.type !== "unix")
    refuse("XML_ERROR", "only source type 'unix' is supported for external TPM device");
  if (backend.source.mode === "bind") refuse("XML_ERROR", "only 'client' mode is supported for external TPM device");
  if (backend.source.path === undefined) refuse("XML_ERROR", "missing socket path for external TPM device");
}
