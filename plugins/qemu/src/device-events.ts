import { aliasOf, allDevices, type Disk, mapDevices } from "@polyvisor/sdk/conf/domain";
import { type JsonObject, numberOf, objectOf, textOf } from "./capabilities/json.js";
import type { QemuDomain } from "./domain.js";
import type { Guest } from "./guest.js";
import { liveEnvironment, removeUnplugged } from "./hotplug/index.js";
import type { Hypervisor } from "./hypervisor.js";
import { sourcesBelow } from "./image-chain.js";
import type { QmpEvent } from "./monitor/index.js";

type Report = (hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject) => void;

/** Tells clients of what QEMU says of a guest's devices. Called for every event that is not about its life. */
export function reportDeviceEvent(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, event: QmpEvent): void {
  REPORTS[event.name]?.(hypervisor, domain, guest, event.data);
}

const REPORTS: Readonly<Record<string, Report>> = {
  RTC_CHANGE: onRtcChange,
  WATCHDOG: onWatchdog,
  BLOCK_IO_ERROR: onIoError,
  BALLOON_CHANGE: onBalloonChange,
  DEVICE_TRAY_MOVED: onTrayMoved,
  DEVICE_DELETED: onDeviceDeleted,
  DEVICE_UNPLUG_GUEST_ERROR: onUnplugError,
  MEM_UNPLUG_ERROR: onUnplugError,
  ACPI_DEVICE_OST: onAcpiStatus,
  MEMORY_DEVICE_SIZE_CHANGE: onMemorySize,
  MEMORY_FAILURE: onMemoryFailure,
  VSERPORT_CHANGE: onPortChange,
  VNC_CONNECTED: (...args) => onVnc(0, ...args),
  VNC_INITIALIZED: (...args) => onVnc(1, ...args),
  VNC_DISCONNECTED: (...args) => onVnc(2, ...args),
};

/** QEMU counts from where the clock began; a clock with an adjustment began there. */
function onRtcChange(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const offset = numberOf(data, "offset") ?? 0;
  const { clock } = guest.config;
  const begin = clock.offset === "variable" ? (clock.adjustment0 ?? clock.adjustment ?? 0) : 0;
  if (clock.offset === "variable") {
    guest.config = { ...guest.config, clock: { ...clock, adjustment: begin + offset, adjustment0: begin } };
    hypervisor.statusWriter(domain, guest).saveSoon();
  }
  hypervisor.emit({ kind: "rtcChange", dom: domain.ref, offset: begin + offset });
}

const WATCHDOG_ACTIONS: Readonly<Record<string, number>> = {
  none: 0,
  pause: 1,
  reset: 2,
  poweroff: 3,
  shutdown: 4,
  debug: 5,
  "inject-nmi": 6,
};

function onWatchdog(hypervisor: Hypervisor, domain: QemuDomain, _guest: Guest, data: JsonObject): void {
  const action = textOf(data, "action") ?? "none";
  hypervisor.emit({ kind: "watchdog", dom: domain.ref, action: WATCHDOG_ACTIONS[action] ?? 0 });
  if (action === "pause") hypervisor.transition(domain, "watchdog");
}

const IO_ERROR_ACTIONS: Readonly<Record<string, number>> = { ignore: 0, stop: 1, report: 2 };

function onIoError(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const device = textOf(data, "device") ?? "";
  const node = textOf(data, "node-name") ?? "";
  const disk = guest.config.devices.disks.find((each) => isOf(each, device, node));
  const stop = textOf(data, "action") === "stop";
  const about = {
    dom: domain.ref,
    srcPath: disk !== undefined && "path" in disk.source ? (disk.source.path ?? "") : "",
    devAlias: disk?.alias ?? "",
    action: IO_ERROR_ACTIONS[textOf(data, "action") ?? ""] ?? 0,
  };
  hypervisor.emit({ kind: "ioError", ...about });
  hypervisor.emit({ kind: "ioErrorReason", ...about, reason: data.nospace === true ? "enospc" : "" });
  if (stop) hypervisor.transition(domain, "ioError");
}

/** QEMU names the disk's device, or the node of one of its images, which has the image's number. */
function isOf(disk: Disk, device: string, node: string): boolean {
  if (disk.alias !== undefined && [disk.alias, `drive-${disk.alias}`].includes(device)) return true;
  const index = /^libvirt-(\d+)-/.exec(node)?.[1];
  return (
    index !== undefined &&
    [disk.source, ...sourcesBelow(disk.backingStore)].some((each) => each.index === Number(index))
  );
}

function onBalloonChange(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const actual = Math.floor((numberOf(data, "actual") ?? 0) / 1024);
  guest.config = { ...guest.config, currentMemory: actual };
  hypervisor.statusWriter(domain, guest).saveSoon();
  hypervisor.emit({ kind: "balloonChange", dom: domain.ref, actual });
}

function onTrayMoved(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const id = textOf(data, "id") ?? textOf(data, "device") ?? "";
  const open = data["tray-open"] === true;
  const disk = guest.config.devices.disks.find(
    (each) =>
      each.alias !== undefined &&
      (id === each.alias || id.split("/").includes(each.alias) || id === `drive-${each.alias}`),
  );
  if (disk?.alias === undefined) return;
  guest.config = mapDevices(guest.config, {
    disk: (each) => (each === disk ? { ...disk, target: { ...disk.target, tray: open ? "open" : "closed" } } : each),
  });
  if (open) guest.trays.get(disk.alias)?.();
  hypervisor.statusWriter(domain, guest).saveSoon();
  hypervisor.emit({ kind: "trayChange", dom: domain.ref, devAlias: disk.alias, reason: open ? 0 : 1 });
}

/** The guest let go of a device. Whoever waits for that goes on; else it is done here, in a job of its own. */
function onDeviceDeleted(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const alias = textOf(data, "device");
  if (alias === undefined) return;
  const awaited = guest.unplugs.get(alias);
  if (awaited !== undefined) {
    awaited("removed");
    return;
  }
  const find = () => allDevices(guest.config).find((device) => aliasOf(device) === alias);
  if (find() === undefined) return;
  const removal = domain.jobs.run({ kind: "modify", api: "deviceDeleted" }, async () => {
    const device = domain.guest === guest ? find() : undefined;
    if (device !== undefined) await removeUnplugged(liveEnvironment({ hypervisor, domain, guest }), device);
  });
  removal.catch((error: unknown) => {
    if (domain.guest !== guest || guest.beingStopped) return;
    hypervisor.log.error({ err: error, domain: domain.name, alias }, "what a device had cannot be taken back");
  });
}

function onUnplugError(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const devAlias = textOf(data, "device");
  if (devAlias === undefined) return;
  guest.unplugs.get(devAlias)?.("refused");
  hypervisor.emit({ kind: "deviceRemovalFailed", dom: domain.ref, devAlias });
}

/** Ejecting, asked for by the host or the guest. */
const EJECTIONS: ReadonlySet<number | undefined> = new Set([0x003, 0x103]);

/** What the guest's firmware interface says of memory that it was asked to let go of: it failed, or may not be. */
function onAcpiStatus(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const info = objectOf(data, "info") ?? {};
  const status = numberOf(info, "status") ?? 0;
  const isRefused = status === 0x01 || (status >= 0x80 && status <= 0x83);
  if (textOf(info, "slot-type") !== "DIMM" || !EJECTIONS.has(numberOf(info, "source")) || !isRefused) return;
  onUnplugError(hypervisor, domain, guest, info);
}

function onMemorySize(hypervisor: Hypervisor, domain: QemuDomain, _guest: Guest, data: JsonObject): void {
  const size = Math.floor((numberOf(data, "size") ?? 0) / 1024);
  hypervisor.emit({ kind: "memoryDeviceSizeChange", dom: domain.ref, alias: textOf(data, "id") ?? "", size });
}

const FAILURE_ACTIONS: Readonly<Record<string, number>> = { ignore: 0, inject: 1, fatal: 2, reset: 3 };

function onMemoryFailure(hypervisor: Hypervisor, domain: QemuDomain, _guest: Guest, data: JsonObject): void {
  const flags = objectOf(data, "flags");
  hypervisor.emit({
    kind: "memoryFailure",
    dom: domain.ref,
    recipient: textOf(data, "recipient") === "guest" ? 1 : 0,
    action: FAILURE_ACTIONS[textOf(data, "action") ?? ""] ?? 0,
    flags: (flags?.["action-required"] === true ? 1 : 0) | (flags?.recursive === true ? 2 : 0),
  });
}

const AGENT_CHANNEL = "org.qemu.guest_agent.0";
const AGENT_REASON_CHANNEL = 2;

/** The guest opened or closed a channel; on the agent's it means that the agent came or went. */
function onPortChange(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, data: JsonObject): void {
  const alias = textOf(data, "id");
  const connected = data.open === true;
  const channel = guest.config.devices.channels.find((each) => each.alias === alias);
  if (channel === undefined || channel.target.type !== "virtio") return;
  const { target } = channel;
  const state = connected ? "connected" : "disconnected";
  guest.config = mapDevices(guest.config, {
    channel: (each) => (each === channel ? { ...channel, target: { ...target, state } } : each),
  });
  hypervisor.statusWriter(domain, guest).saveSoon();
  if (target.name !== AGENT_CHANNEL) return;
  const reason = AGENT_REASON_CHANNEL;
  hypervisor.emit({ kind: "agentLifecycle", dom: domain.ref, state: connected ? 1 : 2, reason });
}

const FAMILIES: Readonly<Record<string, number>> = { ipv4: 0, ipv6: 1, unix: 2 };

function onVnc(phase: number, hypervisor: Hypervisor, domain: QemuDomain, _guest: Guest, data: JsonObject): void {
  const server = objectOf(data, "server") ?? {};
  const client = objectOf(data, "client") ?? {};
  const subject = [
    { type: "x509dname", name: textOf(client, "x509_dname") },
    { type: "saslUsername", name: textOf(client, "sasl_username") },
  ];
  hypervisor.emit({
    kind: "graphics",
    dom: domain.ref,
    phase,
    local: addressOf(server),
    remote: addressOf(client),
    authScheme: textOf(server, "auth") ?? "",
    subject: subject.flatMap(({ type, name }) => (name === undefined ? [] : [{ type, name }])),
  });
}

function addressOf(end: JsonObject): { family: number; node: string; service: string } {
  const family = FAMILIES[textOf(end, "family") ?? "ipv4"] ?? 0;
  return { family, node: textOf(end, "host") ?? "", service: textOf(end, "service") ?? "" };
}
