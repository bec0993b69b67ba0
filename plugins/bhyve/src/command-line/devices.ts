import type { Controller, Disk, Domain, Filesystem, Interface, Sound } from "@polyvisor/sdk/conf/domain";
import type { BhyveFeature } from "../conf/features.js";
import { unsupported } from "../errors.js";
import { pathOfDisk, plainWord, slotOf } from "./words.js";

/** libvirt tells the kind of a network by its number. */
const NETWORK_NUMBERS: Readonly<Record<Interface["source"]["type"], number>> = {
  user: 0,
  ethernet: 1,
  vhostuser: 2,
  server: 3,
  client: 4,
  mcast: 5,
  network: 6,
  bridge: 7,
  internal: 8,
  direct: 9,
  hostdev: 10,
  udp: 11,
  vdpa: 12,
  null: 13,
  vds: 14,
};

/** `tap`: the host's device of the card. */
export function interfaceSlot(card: Interface, features: ReadonlySet<BhyveFeature>, tap: string): string {
  const model = modelOf(card, features);
  const source = bridgeOf(card);
  if (source === undefined) {
    const type = actualSource(card)?.type ?? card.source.type;
    unsupported(
      `Network type ${NETWORK_NUMBERS[type]} is not supported`,
      "connect the card to a bridge, or to a network that has one",
    );
  }
  return `${slotOf(card).slot}:0,${model},${tap},mac=${card.mac?.address ?? ""}`;
}

/** The bridge that a card is connected to, where it is one. */
export function bridgeOf(card: Interface): string | undefined {
  const source = actualSource(card) ?? card.source;
  if (source.type === "bridge") return source.bridge;
  return source.type === "network" && "bridge" in source ? source.bridge : undefined;
}

function actualSource({ source }: Interface) {
  return source.type === "network" ? source.actual?.source : undefined;
}

function modelOf({ model }: Interface, features: ReadonlySet<BhyveFeature>): string {
  if (model === "virtio") return "virtio-net";
  if (model !== "e1000") unsupported("NIC model is not supported", "use virtio or e1000");
  if (!features.has("e1000")) unsupported("NIC model 'e1000' is not supported by given bhyve binary", "use virtio");
  return "e1000";
}

export function controllerSlots(domain: Domain, features: ReadonlySet<BhyveFeature>): readonly string[] {
  const { controllers } = domain.devices;
  refuseSecond(controllers, "usb", "only single USB controller is supported");
  refuseSecond(controllers, "isa", "only single ISA controller is supported");
  return controllers.flatMap((controller) => {
    switch (controller.type) {
      case "pci":
        if (controller.model !== "pci-root")
          unsupported("unsupported PCI controller model: only PCI root supported", "remove the controller");
        return [];
      case "sata":
        return [sataSlot(domain, controller, features)];
      case "usb":
        return [usbSlot(domain, controller, features)];
      case "isa":
        return [`${slotOf(controller).slot}:0,lpc`];
      default:
        return [];
    }
  });
}

function refuseSecond(controllers: readonly Controller[], type: Controller["type"], words: string): void {
  if (controllers.filter((each) => each.type === type).length > 1) unsupported(words, "remove the others");
}

function sataSlot({ devices }: Domain, controller: Controller, features: ReadonlySet<BhyveFeature>): string {
  const disks = devices.disks.filter(
    ({ target, address }) =>
      target.bus === "sata" && address?.type === "drive" && address.controller === controller.index,
  );
  const many = features.has("ahci-32-slots");
  if (!many && disks.length > 1)
    unsupported("a SATA controller of this bhyve takes one disk", "give each disk a controller of its own");
  const words = disks.map((disk) => {
    const path = pathOfDisk(disk);
    if (disk.device !== "disk" && disk.device !== "cdrom") unsupported("unsupported disk device", "use disk or cdrom");
    const kind = disk.device === "disk" ? "hd" : "cd";
    return many ? `,${kind}:${path}` : `-${kind},${path}`;
  });
  return `${slotOf(controller).slot}:0,ahci${words.join("")}`;
}

function usbSlot({ devices }: Domain, controller: Controller, features: ReadonlySet<BhyveFeature>): string {
  if (!features.has("xhci")) unsupported("USB controllers are not supported by given bhyve binary");
  for (const { bus, type } of devices.inputs) {
    if (bus !== "usb") unsupported("only USB input devices are supported", "use a USB tablet");
    if (type !== "tablet") unsupported("only tablet input devices are supported", "use a USB tablet");
  }
  if (devices.inputs.length !== 1)
    unsupported("only single input device is supported", "give the guest one USB tablet");
  const { slot, function: fn } = slotOf(controller);
  return `${slot}:${fn},xhci,tablet`;
}

/** A disk that has a slot of its own; the others are their controllers'. */
export function diskSlots(disk: Disk): readonly string[] {
  if (disk.target.bus === "sata") return [];
  if (disk.target.bus !== "virtio" || disk.device !== "disk")
    unsupported("unsupported disk device", "use a disk on virtio, or a disk or cdrom on sata");
  return [`${slotOf(disk).slot}:0,virtio-blk,${pathOfDisk(disk)}`];
}

export function soundSlot({ devices }: Domain, sound: Sound, features: ReadonlySet<BhyveFeature>): string {
  if (!features.has("hda")) unsupported("Sound devices emulation is not supported by given bhyve binary");
  if (sound.model !== "ich7") unsupported("Sound device model is not supported", "use ich7");
  const { slot, function: fn } = slotOf(sound);
  return `${slot}:${fn},hda${audioOptions(devices.audios, sound)}`;
}

const COMMON_SETTINGS = ["mixingEngine", "fixedSettings", "frequency", "channels", "format", "voices", "bufferLength"];

function audioOptions(audios: Domain["devices"]["audios"], { audioId }: Sound): string {
  const audio = audioId === undefined || audioId === 0 ? audios[0] : audios.find(({ id }) => id === audioId);
  if (audio === undefined) return "";
  if (audio.type !== "oss") unsupported(`unsupported audio backend '${audio.type}'`, "use oss");
  const { input = {}, output = {} } = audio;
  const isCommon = (side: object) =>
    Object.entries(side).some(([name, value]) => COMMON_SETTINGS.includes(name) && value !== undefined);
  if (isCommon(input) || isCommon(output))
    unsupported("cannot set common audio backend settings", "leave all but the devices out");
  const option = (name: string, dev: string | undefined) => (dev ? `,${name}=${plainWord(dev, "audio device")}` : "");
  return option("play", input.dev) + option("rec", output.dev);
}

export function filesystemSlot(filesystem: Filesystem, features: ReadonlySet<BhyveFeature>): string {
  const { source, driver, accessmode, target = "" } = filesystem;
  if (!features.has("virtio-9p")) unsupported("virtio-9p is not supported by given bhyve binary");
  if (source.type !== "mount") unsupported(`unsupported filesystem type '${source.type}'`, "use mount");
  if (driver?.type !== undefined) unsupported(`unsupported filesystem driver '${driver.type}'`, "leave it out");
  if (accessmode !== "passthrough")
    unsupported(`unsupported filesystem accessmode '${accessmode ?? "default"}'`, "use passthrough");
  const { slot, function: fn } = slotOf(filesystem);
  const share = plainWord(target, "filesystem target");
  if (share.includes("=")) unsupported("a filesystem target may not contain '=' character", "choose another name");
  const path = plainWord(source.dir ?? "", "filesystem source");
  return `${slot}:${fn},virtio-9p,${share}=${path}${filesystem.readonly === true ? ",ro" : ""}`;
}
