import type { Domain as DomainConfig, SpiceGraphics, VncGraphics } from "@polyvisor/sdk/conf";
import { type JsonObject, numberOf, objects, textOf } from "../capabilities/json.js";
import type { CpuKnowledge } from "../cpu/host-model.js";
import { readLiveCpu } from "../cpu/live.js";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import { QmpError } from "../monitor/index.js";
import { withTerminals } from "./live-config.js";
import { throttlesOf } from "./throttle.js";

/**
 * Asks a new emulator what only it knows, and tells it what no option does. Everything is sent at once and answered in
 * order, so this costs one round trip; the processors do not run yet. Resolves with the host's threads for disks.
 */
export async function setUpGuest(guest: Guest, known: CpuKnowledge | undefined): Promise<ReadonlyMap<number, number>> {
  const { config } = guest;
  const answers = Promise.all([terminalsOf(guest), threadsOf(guest), readLiveCpu(guest, known), iothreadsOf(guest)]);
  await Promise.all([
    answers,
    ...setPasswords(guest),
    ...setLinks(guest),
    ...throttlesOf(config.devices.disks).map((limits) => guest.qmp("block_set_io_throttle", limits)),
    setBalloon(guest),
    setStatsPeriod(guest),
    config.onReboot === "destroy" ? guest.qmp("set-action", { reboot: "shutdown" }) : undefined,
  ]);
  const [terminals, threads, live, iothreads] = await answers;
  guest.config = withTerminals(guest.config, terminals);
  if (live !== undefined) {
    guest.config = { ...guest.config, cpu: live.cpu };
    guest.askedCpu = live.asked;
  }
  guest.vcpuThreads = threads;
  return iothreads;
}

/** The host's thread of each thread for disks, by the number that the configuration gives it. */
export async function iothreadsOf(guest: Guest): Promise<ReadonlyMap<number, number>> {
  const threads = new Map<number, number>();
  if (guest.config.iothreads.length === 0) return threads;
  for (const each of objects(await guest.qmp("query-iothreads"))) {
    const id = /^iothread(\d+)$/.exec(textOf(each, "id") ?? "")?.[1];
    const thread = numberOf(each, "thread-id");
    if (id !== undefined && thread !== undefined) threads.set(Number(id), thread);
  }
  return threads;
}

/** The terminal of each character device that has one, by the alias of its device. */
async function terminalsOf(guest: Guest): Promise<ReadonlyMap<string, string>> {
  const terminals = new Map<string, string>();
  for (const chardev of objects(await guest.qmp("query-chardev"))) {
    const label = textOf(chardev, "label");
    const file = textOf(chardev, "filename");
    if (label?.startsWith("char") && file?.startsWith("pty:")) terminals.set(label.slice(4), file.slice(4));
  }
  return terminals;
}

/** The host's thread of each virtual CPU. A CPU that is emulated beside others shares theirs. */
export async function threadsOf(guest: Guest): Promise<ReadonlyMap<number, number>> {
  const threads = new Map<number, number>();
  for (const cpu of objects(await guest.qmp("query-cpus-fast"))) {
    const index = numberOf(cpu, "cpu-index");
    const thread = numberOf(cpu, "thread-id");
    if (index !== undefined && thread !== undefined) threads.set(index, thread);
  }
  return threads;
}

function setPasswords(guest: Guest): Promise<unknown>[] {
  return guest.config.devices.graphics.flatMap((graphics) => {
    if (graphics.type !== "vnc" && graphics.type !== "spice") return [];
    return passwordCommands(graphics).map(([name, args]) => guest.qmp(name, args));
  });
}

/** What the monitor is told of a display's password: one that is empty, or has had its time, opens nothing. */
export function passwordCommands({ type, auth }: VncGraphics | SpiceGraphics): [name: string, args: JsonObject][] {
  if (auth?.passwd === undefined) return [];
  const { passwd, passwdValidTo, connected } = auth;
  const seconds = passwdValidTo === undefined ? undefined : Math.floor(Date.parse(`${passwdValidTo}Z`) / 1000);
  const isOver = passwd === "" || (seconds !== undefined && seconds * 1000 <= Date.now());
  const time = isOver ? "now" : String(seconds ?? "never");
  return [
    ["set_password", { protocol: type, password: passwd, connected: connected ?? "keep" }],
    ["expire_password", { protocol: type, time }],
  ];
}

function setLinks(guest: Guest): Promise<unknown>[] {
  return guest.config.devices.interfaces.flatMap((nic) =>
    nic.link === "down" && nic.alias !== undefined ? [guest.qmp("set_link", { name: nic.alias, up: false })] : [],
  );
}

/**
 * A guest that may have less than its memory starts with the balloon asked for that. Its processors do not run yet, so
 * what it has now is still all of it; the balloon's events tell when that changes.
 */
async function setBalloon(guest: Guest): Promise<void> {
  const { config } = guest;
  if (hasBalloon(config) && config.currentMemory < config.memory) {
    await guest.qmp("balloon", { value: config.currentMemory * 1024 });
  }
  guest.config = { ...guest.config, currentMemory: config.memory };
}

/** How often the guest's driver reports what `domainMemoryStats` tells. */
async function setStatsPeriod(guest: Guest): Promise<void> {
  const { memballoon } = guest.config.devices;
  if (memballoon?.statsPeriod === undefined || memballoon.alias === undefined) return;
  const path = `/machine/peripheral/${memballoon.alias}`;
  await guest.qmp("qom-set", { path, property: "guest-stats-polling-interval", value: memballoon.statsPeriod });
}

export function hasBalloon(config: { readonly devices: Pick<DomainConfig["devices"], "memballoon"> }): boolean {
  const { memballoon } = config.devices;
  return memballoon !== undefined && memballoon.model !== "none";
}

/** libvirt's words for a balloon that is not there. */
export function balloonError(error: unknown): unknown {
  if (!(error instanceof QmpError) || !/DeviceNotActive|KVMMissingCap/.test(error.qmpClass)) return error;
  return qemuError(
    "OPERATION_INVALID",
    "Unable to change memory of active domain without the balloon device and guest OS balloon driver",
  );
}
