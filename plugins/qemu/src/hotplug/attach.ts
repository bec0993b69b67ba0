import {
  aliasOf,
  allDevices,
  type Device,
  type DeviceOf,
  type Disk,
  unusedControllerIndex,
  withDevices,
} from "@polyvisor/sdk/conf/domain";
import { managedReservationsSocket } from "../command-line/blockdev.js";
import { shmemSocket } from "../command-line/shmem.js";
import { alignModule } from "../conf/align-module.js";
import { checkFits, placeLive, withLiveAlias } from "../conf/index.js";
import { qemuError } from "../errors.js";
import { withChannelSockets } from "../start/live-config.js";
import { throttlesOf } from "../start/throttle.js";
import { attachable } from "./attachable.js";
import { plugDiskControllers } from "./controllers.js";
import type { Environment } from "./environment.js";
import { changeMedia } from "./media.js";
import { refreshMemory } from "./memory.js";
import { withNumbers } from "./numbers.js";
import { plug } from "./plug.js";

/**
 * Gives a guest that runs one more device, or a removable drive another medium. The device is complete but for its place
 * and its name.
 */
export async function attachLive(env: Environment, wanted: Device): Promise<void> {
  const { guest } = env;
  checkAlias(env, wanted);
  checkFits(guest.config, wanted, { live: true });
  const drive = driveOf(env, wanted);
  if (drive !== undefined && wanted.kind === "disk") {
    await changeMedia(env, drive, wanted.source, { force: false, chain: wanted });
    return env.added(drive.alias ?? "");
  }
  if (wanted.kind !== "disk" && !isChardev(wanted)) attachable(guest.config, wanted);
  const device = await plug(env, await prepared(env, await env.onHost(wanted)));
  if (device.kind === "interface" && device.link === "down")
    await guest.qmp("set_link", { name: aliasOf(device) ?? "", up: false });
  if (device.kind === "memory") await refreshMemory(env);
  if (device.kind === "disk") await throttle(env, device);
  const alias = aliasOf(device);
  // libvirt names the memory's backend here.
  if (alias !== undefined) env.added(device.kind === "memory" ? `mem${alias}` : alias);
}

/** A disk that cannot be throttled stays all the same. */
async function throttle(env: Environment, disk: Disk): Promise<void> {
  for (const limits of throttlesOf([disk])) {
    await env.guest.qmp("block_set_io_throttle", limits).catch((error: unknown) => {
      env.warn(error, `disk '${disk.target.dev}' cannot be throttled`);
    });
  }
}

/** A drive that is there already gets the medium. */
function driveOf({ guest }: Environment, wanted: Device): Disk | undefined {
  if (wanted.kind !== "disk" || (wanted.device !== "cdrom" && wanted.device !== "floppy")) return undefined;
  return guest.config.devices.disks.find(({ target }) => target.dev === wanted.target.dev);
}

function checkAlias({ guest }: Environment, device: Device): void {
  const alias = aliasOf(device);
  if (alias === undefined || !allDevices(guest.config).some((each) => aliasOf(each) === alias)) return;
  throw qemuError("XML_ERROR", `non unique alias detected: ${alias}`);
}

/** The device with its images, its place and its name in this guest. */
async function prepared(env: Environment, wanted: Device): Promise<Device> {
  switch (wanted.kind) {
    case "disk":
      return preparedDisk(env, wanted);
    case "controller":
      return named(env, indexed(env, wanted));
    case "serial":
    case "parallel":
    case "console":
    case "channel":
      return preparedChardev(env, wanted);
    case "shmem":
      return named(env, withServerSocket(wanted));
    case "memory":
      return named(env, alignModule(wanted, env.guest.config));
    default:
      return named(env, wanted);
  }
}

function named({ guest, caps, host }: Environment, device: Device): Device {
  return withLiveAlias(guest.config, placeLive(guest.config, device, caps, host));
}

/** A server whose socket nobody names listens where all do. */
function withServerSocket(shmem: DeviceOf<"shmem">): DeviceOf<"shmem"> {
  if (shmem.server === undefined || shmem.server.path !== undefined) return shmem;
  return { ...shmem, server: { path: shmemSocket(shmem) } };
}

function isChardev({ kind }: Device): boolean {
  return kind === "serial" || kind === "parallel" || kind === "console" || kind === "channel";
}

/** Whether it is there already is only known when its path is. */
function preparedChardev(env: Environment, wanted: DeviceOf<"serial" | "parallel" | "console" | "channel">): Device {
  const device = named(env, wanted);
  const placed = device.kind === "channel" ? withSocket(env, device) : device;
  attachable(env.guest.config, placed);
  return placed;
}

function withSocket({ guest }: Environment, channel: DeviceOf<"channel">): DeviceOf<"channel"> {
  const alone = withChannelSockets(withDevices(guest.config, { channels: [channel] }), guest.channelFolder);
  return alone.devices.channels[0] ?? channel;
}

/** A missing image is told before anything else that may be wrong with the disk. */
async function preparedDisk(env: Environment, wanted: Disk): Promise<Device> {
  const { guest } = env;
  const chained = await env.withChain(wanted);
  attachable(guest.config, chained);
  if (chained.target.bus === "scsi") await plugDiskControllers(env, chained);
  const disk = named(env, chained) as Disk;
  return withNumbers(env, withReservations(disk, guest.folder), wanted);
}

/** Whoever leaves reservations to us is told where our helper is. */
function withReservations(disk: Disk, folder: string): Disk {
  const { reservations } = disk.source;
  if (reservations?.managed !== "yes") return disk;
  const path = managedReservationsSocket(folder);
  return { ...disk, source: { ...disk.source, reservations: { ...reservations, path, mode: "client" } } };
}

function indexed({ guest }: Environment, controller: DeviceOf<"controller">): DeviceOf<"controller"> {
  if (controller.index >= 0) return controller;
  return { ...controller, index: unusedControllerIndex(guest.config.devices.controllers, controller.type) };
}
