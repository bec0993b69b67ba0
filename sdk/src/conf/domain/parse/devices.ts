import type { ErrorName } from "@polyvisor/core";
import { isElement, textOf, unknownElement, type XmlElement } from "../../../xml/index.js";
import type {
  Audio,
  Channel,
  Console,
  Controller,
  Devices,
  Disk,
  Filesystem,
  Graphics,
  Hostdev,
  Hub,
  Input,
  Interface,
  Iommu,
  Lease,
  Memballoon,
  MemoryDevice,
  Nvram,
  Panic,
  Parallel,
  Redirdev,
  RedirFilter,
  Rng,
  Serial,
  Shmem,
  Smartcard,
  Sound,
  Tpm,
  Video,
  Vsock,
  Watchdog,
} from "../model/index.js";
import { ControllerList, orderDisks } from "../order.js";
import { parseChannel, parseConsole, parseParallel, parseSerial } from "./chardev.js";
import { confError, type ParseContext } from "./context.js";
import { parseController } from "./controller.js";
import { parseDisk } from "./disk.js";
import { parseAudio, parseInput, parseSound, parseVideo } from "./display.js";
import { parseFilesystem } from "./filesystem.js";
import { parseGraphics } from "./graphics.js";
import { parseHostdev } from "./hostdev.js";
import { parseInterface } from "./interface.js";
import { parseMemoryDevice } from "./memory-device.js";
import {
  parseIommu,
  parseLease,
  parseMemballoon,
  parseNvram,
  parsePanic,
  parseRng,
  parseShmem,
  parseSmartcard,
  parseVsock,
  parseWatchdog,
} from "./small-devices.js";
import { parseTpm } from "./tpm.js";
import { parseHub, parseRedirdev, parseRedirFilter } from "./usb-devices.js";

/** Collects devices while `<devices>` is read, in libvirt's order within each kind. */
class Collector {
  emulator: string | undefined;
  readonly disks: Disk[] = [];
  readonly controllers = new ControllerList();
  /** What the USB controllers so far say of USB. */
  usb: "enabled" | "disabled" | undefined;
  readonly leases: Lease[] = [];
  readonly filesystems: Filesystem[] = [];
  readonly interfaces: Interface[] = [];
  readonly smartcards: Smartcard[] = [];
  readonly serials: Serial[] = [];
  readonly parallels: Parallel[] = [];
  readonly consoles: Console[] = [];
  readonly channels: Channel[] = [];
  readonly inputs: Input[] = [];
  readonly tpms: Tpm[] = [];
  readonly graphics: Graphics[] = [];
  readonly sounds: Sound[] = [];
  readonly audios: Audio[] = [];
  readonly videos: Video[] = [];
  readonly hostdevs: Hostdev[] = [];
  readonly redirdevs: Redirdev[] = [];
  redirfilter: RedirFilter | undefined;
  readonly hubs: Hub[] = [];
  watchdog: Watchdog | undefined;
  memballoon: Memballoon | undefined;
  readonly rngs: Rng[] = [];
  nvram: Nvram | undefined;
  readonly panics: Panic[] = [];
  readonly shmems: Shmem[] = [];
  readonly memories: MemoryDevice[] = [];
  iommu: Iommu | undefined;
  vsock: Vsock | undefined;

  result(): Devices {
    return {
      emulator: this.emulator,
      disks: orderDisks(this.disks),
      controllers: this.controllers.all(),
      leases: this.leases,
      filesystems: this.filesystems,
      interfaces: this.interfaces,
      smartcards: this.smartcards,
      serials: this.serials,
      parallels: this.parallels,
      consoles: this.consoles,
      channels: this.channels,
      inputs: this.inputs,
      tpms: this.tpms,
      graphics: this.graphics,
      sounds: this.sounds,
      audios: this.audios,
      videos: this.videos,
      hostdevs: this.hostdevs,
      redirdevs: this.redirdevs,
      redirfilter: this.redirfilter,
      hubs: this.hubs,
      watchdog: this.watchdog,
      memballoon: this.memballoon,
      rngs: this.rngs,
      nvram: this.nvram,
      panics: this.panics,
      shmems: this.shmems,
      memories: this.memories,
      iommu: this.iommu,
      vsock: this.vsock,
    };
  }
}

type Reader = (element: XmlElement, context: ParseContext, into: Collector) => void;

/** Devices of which a guest has one, or two, and what is said of more: before the first of them is read. */
const LIMITS: ReadonlyMap<string, { readonly most: number; readonly message: string; readonly code: ErrorName }> =
  new Map([
    ["watchdog", { most: 1, message: "only a single watchdog device is supported", code: "INTERNAL_ERROR" }],
    ["memballoon", { most: 1, message: "only a single memory balloon device is supported", code: "INTERNAL_ERROR" }],
    [
      "tpm",
      {
        most: 2,
        message: "a maximum of two TPM devices is supported, one of them being a TPM Proxy device",
        code: "XML_ERROR",
      },
    ],
    ["nvram", { most: 1, message: "only a single nvram device is supported", code: "INTERNAL_ERROR" }],
    [
      "redirfilter",
      { most: 1, message: "only one set of redirection filter rule is supported", code: "INTERNAL_ERROR" },
    ],
    ["iommu", { most: 1, message: "only a single IOMMU device is supported", code: "XML_ERROR" }],
    ["vsock", { most: 1, message: "only a single vsock device is supported", code: "XML_ERROR" }],
  ]);

/** In libvirt's order: of several faults the first one is told, and USB's controllers decide on what comes after them. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  [
    "emulator",
    (element, _context, into) => {
      into.emulator ??= textOf(element) || undefined;
    },
  ],
  ["disk", (element, context, into) => into.disks.push(parseDisk(element, context))],
  ["controller", (element, context, into) => addController(element, parseController(element, context), into)],
  ["lease", (element, _context, into) => into.leases.push(parseLease(element))],
  ["filesystem", (element, context, into) => into.filesystems.push(parseFilesystem(element, context))],
  ["interface", (element, context, into) => into.interfaces.push(parseInterface(element, context))],
  ["smartcard", (element, context, into) => into.smartcards.push(parseSmartcard(element, context))],
  [
    "parallel",
    (element, context, into) => into.parallels.push(numbered(parseParallel(element, context), into.parallels)),
  ],
  ["serial", (element, context, into) => into.serials.push(parseSerial(element, context))],
  [
    "console",
    (element, context, into) => {
      const console = parseConsole(element, context);
      into.consoles.push({ ...console, target: { ...console.target, port: into.consoles.length } });
    },
  ],
  ["channel", (element, context, into) => into.channels.push(parseChannel(element, context))],
  [
    "input",
    (element, context, into) => {
      const input = parseInput(element, context);
      if (input.bus === "usb") needUsb(element, into, "Can't add USB input device. USB bus is disabled");
      into.inputs.push(input);
    },
  ],
  ["graphics", (element, context, into) => into.graphics.push(parseGraphics(element, context))],
  ["sound", (element, context, into) => into.sounds.push(parseSound(element, context))],
  ["audio", (element, _context, into) => into.audios.push(parseAudio(element))],
  [
    "video",
    (element, context, into) => {
      const video = parseVideo(element, context);
      if (video.model.primary !== true) into.videos.push(video);
      else if (into.videos[0]?.model.primary === true) {
        throw confError(element, "CONFIG_UNSUPPORTED", "Only one primary video device is supported");
      } else into.videos.unshift(video);
    },
  ],
  [
    "hostdev",
    (element, context, into) => {
      const hostdev = parseHostdev(element, context);
      if (hostdev.source.type === "usb") {
        needUsb(element, into, "Can't add host USB device: USB is disabled in this host");
      }
      into.hostdevs.push(hostdev);
    },
  ],
  [
    "watchdog",
    (element, context, into) => {
      into.watchdog = parseWatchdog(element, context);
    },
  ],
  [
    "memballoon",
    (element, context, into) => {
      into.memballoon = parseMemballoon(element, context);
    },
  ],
  ["rng", (element, context, into) => into.rngs.push(parseRng(element, context))],
  ["tpm", (element, context, into) => into.tpms.push(parseTpm(element, context))],
  [
    "nvram",
    (element, context, into) => {
      into.nvram = parseNvram(element, context);
    },
  ],
  [
    "hub",
    (element, context, into) => {
      const hub = parseHub(element, context);
      needUsb(element, into, "Can't add USB hub: USB is disabled for this domain");
      into.hubs.push(hub);
    },
  ],
  ["redirdev", (element, context, into) => into.redirdevs.push(parseRedirdev(element, context))],
  [
    "redirfilter",
    (element, _context, into) => {
      into.redirfilter = parseRedirFilter(element);
    },
  ],
  ["panic", (element, context, into) => into.panics.push(parsePanic(element, context))],
  ["shmem", (element, context, into) => into.shmems.push(parseShmem(element, context))],
  ["memory", (element, context, into) => into.memories.push(parseMemoryDevice(element, context))],
  [
    "iommu",
    (element, context, into) => {
      into.iommu = parseIommu(element, context);
    },
  ],
  [
    "vsock",
    (element, context, into) => {
      into.vsock = parseVsock(element, context);
    },
  ],
]);

const KINDS: ReadonlySet<string> = new Set(READERS.keys());

/** Elements that are devices of their own. */
export const DEVICE_ELEMENTS: ReadonlySet<string> = new Set(
  [...KINDS].filter((name) => name !== "emulator" && name !== "redirfilter"),
);

export function parseDevices(element: XmlElement | undefined, context: ParseContext): Devices {
  const into = new Collector();
  if (element === undefined) return into.result();
  const kinds = byKind(element);
  for (const [kind, reader] of READERS) {
    const found = kinds.get(kind) ?? [];
    const limit = LIMITS.get(kind);
    const tooMany = limit && found[limit.most];
    if (limit !== undefined && tooMany !== undefined) {
      throw confError(tooMany, limit.code, limit.message, `Remove a <${kind}>.`);
    }
    for (const each of found) reader(each, context, into);
    if (kind === "controller") checkUsbMaster(element, into);
  }
  return into.result();
}

function byKind(element: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const kinds = new Map<string, XmlElement[]>();
  for (const each of element.children) {
    if (!isElement(each)) continue;
    if (!KINDS.has(each.name)) throw unknownElement(each, "devices", KINDS);
    const kind = kinds.get(each.name);
    if (kind === undefined) kinds.set(each.name, [each]);
    else kind.push(each);
  }
  return kinds;
}

function numbered(parallel: Parallel, before: readonly Parallel[]): Parallel {
  if (parallel.target.port !== -1) return parallel;
  const highest = before.reduce((most, each) => Math.max(most, each.target.port), -1);
  return { ...parallel, target: { port: highest + 1 } };
}

const NO_USB = "Can't add another USB controller: USB is disabled for this domain";

function addController(element: XmlElement, controller: Controller, into: Collector): void {
  if (controller.type === "usb") {
    const { usb } = into;
    const disabled = usb === "disabled" || (controller.model === "none" && usb === "enabled");
    if (disabled) throw confError(element, "XML_DETAIL", NO_USB);
    into.usb = controller.model === "none" ? "disabled" : "enabled";
  }
  into.controllers.add(controller);
}

/** Companion controllers need the one that they belong to. */
function checkUsbMaster(element: XmlElement, into: Collector): void {
  if (into.usb !== "disabled" && into.controllers.lacksUsbMaster) {
    throw confError(element, "XML_DETAIL", "No master USB controller specified", "Add the EHCI controller.");
  }
}

function needUsb(element: XmlElement, into: Collector, message: string): void {
  if (into.usb !== "disabled") return;
  const hint = "Remove <controller type='usb' model='none'/>, or the USB device.";
  throw confError(element, "CONFIG_UNSUPPORTED", message, hint);
}
