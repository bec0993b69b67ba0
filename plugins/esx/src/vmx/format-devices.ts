import type {
  ChardevSource,
  Filesystem,
  Graphics,
  Interface,
  Parallel,
  Serial,
  Video,
} from "@polyvisor/sdk/conf/domain";
import type { VmxWriting } from "./context.js";
import { vmxError } from "./entries.js";
import { unsupported } from "./format-disks.js";
import type { VmxLines } from "./lines.js";

export function formatGraphics(lines: VmxLines, graphics: Graphics): void {
  if (graphics.type !== "vnc") throw unsupported(`Unsupported graphics type '${graphics.type}'`, "Use VNC.");
  lines.add("RemoteDisplay.vnc.enabled", "true");
  if (!graphics.autoport) lines.add("RemoteDisplay.vnc.port", graphics.port ?? 0);
  const [listen] = graphics.listens;
  if (listen?.type === "address") lines.addIf("RemoteDisplay.vnc.ip", listen.address);
  lines.addIf("RemoteDisplay.vnc.keymap", graphics.keymap);
  lines.addIf("RemoteDisplay.vnc.password", graphics.auth?.passwd);
}

export function formatSharedFolder(lines: VmxLines, folder: Filesystem, number: number): void {
  if (folder.source.type !== "mount")
    throw unsupported("Only 'mount' filesystem type is supported", "Use type='mount'.");
  const prefix = `sharedFolder${number}`;
  lines.add(`${prefix}.present`, "true");
  lines.add(`${prefix}.enabled`, "true");
  lines.add(`${prefix}.readAccess`, "true");
  lines.add(`${prefix}.writeAccess`, folder.readonly === true ? "false" : "true");
  lines.add(`${prefix}.hostPath`, folder.source.dir ?? "");
  lines.add(`${prefix}.guestName`, folder.target ?? "");
}

/** For Windows the memory must be a multiple of 64 KiB. */
const VRAM_STEP = 64;

export function formatVideo(lines: VmxLines, { model }: Video): void {
  if (model.type !== "vmvga") throw unsupported(`Unsupported video device type '${model.type}'`, "Use type='vmvga'.");
  if ((model.heads ?? 1) > 1) throw unsupported("Multi-head video devices are unsupported", "Use heads='1'.");
  lines.add("svga.vramSize", Math.ceil((model.vram ?? 0) / VRAM_STEP) * VRAM_STEP * 1024);
}

const INTERFACE_MODELS: readonly string[] = ["vlance", "vmxnet", "vmxnet2", "vmxnet3", "e1000", "e1000e"];
/** The hardware version from which on a machine has more cards. */
const MORE_CARDS_VERSION = 7;

export function formatInterface(lines: VmxLines, card: Interface, number: number, hardwareVersion: number): void {
  const last = hardwareVersion >= MORE_CARDS_VERSION ? 9 : 3;
  if (number > last) {
    throw vmxError(`Ethernet controller index ${number} out of [0..${last}] range`, `At most ${last + 1} cards.`);
  }
  const prefix = `ethernet${number}`;
  lines.add(`${prefix}.present`, "true");
  formatModel(lines, card, prefix);
  formatConnection(lines, card, prefix);
  formatMac(lines, card, prefix);
}

function formatModel(lines: VmxLines, { model }: Interface, prefix: string): void {
  if (model === undefined) return;
  if (!INTERFACE_MODELS.includes(model)) {
    throw vmxError(
      `Expecting domain XML entry 'devices/interface/model' to be 'vlance' or 'vmxnet' or 'vmxnet2' or 'vmxnet3' or 'e1000' or 'e1000e' but found '${model}'`,
      "Choose one of these.",
    );
  }
  lines.add(`${prefix}.virtualDev`, model === "vmxnet2" ? "vmxnet" : model);
  if (model === "vmxnet2") lines.add(`${prefix}.features`, "15");
}

function formatConnection(lines: VmxLines, { source, target }: Interface, prefix: string): void {
  switch (source.type) {
    case "bridge":
      lines.add(`${prefix}.networkName`, source.bridge);
      lines.add(`${prefix}.connectionType`, target?.dev === undefined ? "bridged" : "custom");
      lines.addIf(`${prefix}.vnet`, target?.dev);
      return;
    case "user":
      lines.add(`${prefix}.connectionType`, "nat");
      return;
    case "null":
      return;
    case "vds":
      lines.add(`${prefix}.dvs.switchId`, spacedUuid(source.switchid));
      lines.add(`${prefix}.dvs.portId`, source.portid);
      lines.add(`${prefix}.dvs.portgroupId`, source.portgroupid);
      lines.add(`${prefix}.dvs.connectionId`, source.connectionid);
      return;
    default:
      throw unsupported(`Unsupported net type '${source.type}'`, "Use type='bridge' with the name of a port group.");
  }
}

/** Sixteen bytes with blanks between them, and a dash in the middle. */
export function spacedUuid(uuid: string): string {
  const bytes = uuid.replaceAll("-", "").match(/../g) ?? [];
  return `${bytes.slice(0, 8).join(" ")}-${bytes.slice(8).join(" ")}`;
}

function formatMac(lines: VmxLines, { mac }: Interface, prefix: string): void {
  const address = mac?.address ?? "00:00:00:00:00:00";
  const usual = usualMac(address);
  const type = mac?.type ?? usual.type;
  const check = mac?.check ?? (mac?.type === "generated" ? undefined : usual.check);
  if (type === "generated") {
    lines.add(`${prefix}.addressType`, usual.isVpx ? "vpx" : "generated");
    lines.add(`${prefix}.generatedAddress`, address);
    if (!usual.isVpx) lines.add(`${prefix}.generatedAddressOffset`, "0");
  } else {
    lines.add(`${prefix}.addressType`, "static");
    lines.add(`${prefix}.address`, address);
  }
  if (check !== undefined) lines.add(`${prefix}.checkMACAddress`, check === "yes" ? "true" : "false");
}

/** What VMware's ranges of addresses say of one, where the document says nothing. */
function usualMac(address: string): { type: "generated" | "static"; isVpx: boolean; check?: "no" } {
  const number = Number.parseInt(address.replaceAll(":", ""), 16);
  const vendor = Math.floor(number / 0x1000000);
  const rest = number % 0x1000000;
  if (vendor === 0x000c29) return { type: "generated", isVpx: false };
  if (vendor === 0x005056 && rest <= 0x3fffff) return { type: "static", isVpx: false };
  if (vendor === 0x005056 && rest >= 0x800000 && rest <= 0xbfffff) return { type: "generated", isVpx: true };
  return { type: "static", isVpx: false, check: "no" };
}

export function formatSerial(lines: VmxLines, { source, target }: Serial, writing: VmxWriting): void {
  const { port } = target;
  if (port < 0 || port > 3) throw vmxError(`Serial port index ${port} out of [0..3] range`, "At most four ports.");
  const prefix = `serial${port}`;
  lines.add(`${prefix}.present`, "true");
  if (source.type === "pipe") {
    lines.add(`${prefix}.fileType`, "pipe");
    lines.add(`${prefix}.pipe.endPoint`, "client");
    lines.add(`${prefix}.tryNoRxLoss`, "false");
    lines.add(`${prefix}.fileName`, source.path ?? "");
  } else if (source.type === "tcp") {
    const scheme = { raw: "tcp", telnet: "telnet", telnets: "telnets", tls: "ssl" }[source.protocol];
    lines.add(`${prefix}.fileType`, "network");
    lines.add(`${prefix}.fileName`, `${scheme}://${source.host ?? ""}:${source.service ?? ""}`);
    lines.add(`${prefix}.network.endPoint`, source.mode === "bind" ? "server" : "client");
  } else formatFileOrDevice(lines, prefix, source, writing);
  lines.add(`${prefix}.yieldOnMsrRead`, "true");
}

export function formatParallel(lines: VmxLines, { source, target }: Parallel, writing: VmxWriting): void {
  const { port } = target;
  if (port < 0 || port > 2) throw vmxError(`Parallel port index ${port} out of [0..2] range`, "At most three ports.");
  lines.add(`parallel${port}.present`, "true");
  formatFileOrDevice(lines, `parallel${port}`, source, writing);
}

function formatFileOrDevice(lines: VmxLines, prefix: string, source: ChardevSource, writing: VmxWriting): void {
  if (source.type !== "dev" && source.type !== "file") {
    throw unsupported(`Unsupported character device type '${source.type}'`, "Use a file or a device.");
  }
  const path = source.path ?? "";
  lines.add(`${prefix}.fileType`, source.type === "dev" ? "device" : "file");
  lines.add(`${prefix}.fileName`, source.type === "dev" ? path : writing.fileName(path));
}
