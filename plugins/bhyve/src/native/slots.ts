import type { Disk, GraphicsListen, Interface, PciAddress } from "@polyvisor/sdk/conf/domain";
import { bhyveError } from "../errors.js";
import type { Draft } from "./draft.js";

const LETTERS = 26;

/** `-s SLOT,EMULATION[,OPTIONS]`: what it says of devices goes to the draft. A device that makes no sense is left out with a warning. */
export function readSlot(draft: Draft, text: string, newMac: () => string): void {
  const [place = "", emulation, ...rest] = text.split(",");
  if (emulation === undefined) throw unreadable(text);
  const address = readPlace(place, text);
  const options = rest.length === 0 ? undefined : rest.join(",");
  const read = SLOTS[emulation];
  if (read === undefined) return;
  if (options === undefined && emulation !== "ahci") {
    draft.warnings.push(`device '${emulation}' without options`);
    return;
  }
  read(draft, { address, options: options ?? "", newMac });
}

interface Slot {
  readonly address: PciAddress;
  readonly options: string;
  readonly newMac: () => string;
}

const SLOTS: Readonly<Record<string, (draft: Draft, slot: Slot) => void>> = {
  "ahci-cd": (draft, slot) => addDisk(draft, slot, "cdrom"),
  "ahci-hd": (draft, slot) => addDisk(draft, slot, "disk"),
  ahci: addController,
  "virtio-blk": (draft, slot) => addDisk(draft, slot, "disk", "virtio"),
  "virtio-net": (draft, slot) => addCard(draft, slot, "virtio"),
  e1000: (draft, slot) => addCard(draft, slot, "e1000"),
  fbuf: addScreen,
};

/** `slot`, `slot:function` or `bus:slot:function`. */
function readPlace(text: string, whole: string): PciAddress {
  const parts = text.split(":");
  if (parts.length > 3 || !parts.every((part) => /^\s*\+?\d{1,9}$/.test(part))) throw unreadable(whole);
  const numbers = parts.map(Number);
  const [bus, slot, fn] = parts.length === 3 ? numbers : [0, ...numbers];
  return { type: "pci", domain: 0, bus: bus ?? 0, slot: slot ?? 0, function: fn ?? 0 };
}

function unreadable(text: string) {
  return bhyveError("OPERATION_FAILED", `Failed to parse PCI slot '${text}'`, "write SLOT:FUNCTION,EMULATION,OPTIONS");
}

function addDisk(
  draft: Draft,
  { address, options }: Slot,
  device: Disk["device"],
  bus: "sata" | "virtio" = "sata",
): void {
  const [path = ""] = options.split(",");
  pushDisk(draft, { path, device, bus, address });
}

/** One controller with many disks: `ahci,hd:PATH,cd:PATH`. */
function addController(draft: Draft, { address, options }: Slot): void {
  const index = draft.controllers.length;
  draft.controllers.push({ kind: "controller", type: "sata", index, address });
  let unit = 0;
  for (const option of options.split(",")) {
    const [, kind, path] = /^(hd|cd):(.+)$/.exec(option) ?? [];
    if (path === undefined) continue;
    const place = { type: "drive", controller: index, bus: 0, target: 0, unit: unit++ } as const;
    pushDisk(draft, { path, device: kind === "cd" ? "cdrom" : "disk", bus: "sata", address: place });
  }
}

function pushDisk(
  draft: Draft,
  { path, device, bus, address }: Pick<Disk, "device" | "address"> & { path: string; bus: "sata" | "virtio" },
): void {
  const index = draft.disks.filter(({ target }) => target.bus === bus).length;
  if (index >= LETTERS) {
    draft.warnings.push("too many disks");
    return;
  }
  const dev = `${bus === "virtio" ? "vd" : "sd"}${String.fromCharCode("a".charCodeAt(0) + index)}`;
  const type = path.startsWith("/dev/") ? "block" : "file";
  draft.disks.push({ kind: "disk", device, source: { type, path }, target: { dev, bus }, address });
}

const MAC = /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}$/i;

/** The bridge of a tap device is not in the command line. */
const ANY_BRIDGE = "virbr0";

function addCard(draft: Draft, { address, options, newMac }: Slot, model: string): void {
  const [tap = "", ...rest] = options.split(",");
  const option = rest.length === 0 ? undefined : rest.join(",");
  if (!tap.startsWith("tap")) return void draft.warnings.push("Only tap devices supported");
  if (option !== undefined && !option.startsWith("mac="))
    return void draft.warnings.push("Only mac option can be specified for virt-net");
  const mac = option?.slice("mac=".length);
  const card: Interface = {
    kind: "interface",
    source: { type: "bridge", bridge: ANY_BRIDGE },
    model,
    mac: { address: mac === undefined ? newMac() : readMac(draft, mac) },
    target: { dev: tap },
    address,
  };
  draft.interfaces.push(card);
}

function readMac(draft: Draft, text: string): string {
  if (MAC.test(text)) {
    return text
      .toLowerCase()
      .split(":")
      .map((byte) => byte.padStart(2, "0"))
      .join(":");
  }
  draft.warnings.push(`unable to parse mac address '${text}'`);
  return "00:00:00:00:00:00";
}

/** bhyve's own where it is told none. */
const LISTEN = "127.0.0.1";

function addScreen(draft: Draft, { options }: Slot): void {
  const words = options.split(",");
  const value = (name: string) => words.findLast((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const listen = readListen(value("rfb") ?? value("tcp"));
  const [x, y] = [readSize(value("w")), readSize(value("h"))];
  if (listen === "unreadable" || x === "unreadable" || y === "unreadable") {
    draft.warnings.push(`unable to parse options of a framebuffer '${options}'`);
    return;
  }
  const vga = value("vga");
  const passwd = value("password");
  draft.videos.push({
    kind: "video",
    model: {
      type: "gop",
      heads: 1,
      resolution: x === undefined && y === undefined ? undefined : { x: x ?? 0, y: y ?? 0 },
    },
    driver: vga === "on" || vga === "off" ? { vgaconf: vga } : undefined,
  });
  draft.graphics.push({
    kind: "graphics",
    type: "vnc",
    autoport: false,
    port: listen?.port ?? 0,
    auth: passwd === undefined ? undefined : { passwd },
    listens: listen === undefined ? [] : [listen.address],
  });
}

function readListen(
  text: string | undefined,
): { readonly address: GraphicsListen; readonly port: number } | "unreadable" | undefined {
  if (text === undefined) return undefined;
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,9})$/.exec(text) ?? [];
  if (port === undefined) return "unreadable";
  return { address: { type: "address", address: bracketed || plain || LISTEN }, port: Number(port) };
}

function readSize(text: string | undefined): number | "unreadable" | undefined {
  if (text === undefined) return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : "unreadable";
}
