import { aliasOf, allDevices, type Device, findDevice, insertDevice } from "@polyvisor/sdk/conf/domain";
import { objects, textOf } from "../capabilities/json.js";
import { hasDevice } from "./commands.js";
import type { Environment } from "./environment.js";
import { forget, removeUnplugged } from "./unplug.js";

/**
 * Finds out which devices came and went while nobody looked. Called once for a guest that an earlier daemon left running,
 * before anyone else changes its devices.
 *
 * A device that was just being given is kept where the emulator has it, and taken back where it has not. One that the guest
 * has let go of meanwhile is removed as if that had been heard.
 */
export async function reconcileDevices(env: Environment): Promise<void> {
  const { guest } = env;
  const there = new Set(
    objects(await guest.qmp("qom-list", { path: "/machine/peripheral" })).flatMap((each) => textOf(each, "name") ?? []),
  );
  await finishPlugging(env, there);
  for (const device of allDevices(guest.config)) {
    const alias = aliasOf(device);
    if (alias === undefined || there.has(alias) || !(await isEmulated(env, device))) continue;
    await removeUnplugged(env, device).catch((error: unknown) =>
      env.warn(error, `device '${alias}' cannot be removed`),
    );
  }
}

async function finishPlugging(env: Environment, there: ReadonlySet<string>): Promise<void> {
  const { guest } = env;
  const { plugging } = guest;
  if (plugging === undefined) return;
  guest.plugging = undefined;
  const drive = findDevice(guest.config, plugging);
  if (drive !== undefined && plugging.kind === "disk" && drive.kind === "disk") {
    // The medium of a drive was being changed: only the emulator knows which it has now.
    return;
  }
  const alias = aliasOf(plugging);
  if (alias !== undefined && there.has(alias)) {
    guest.config = insertDevice(guest.config, plugging);
    await env.save();
    env.added(alias);
    return;
  }
  await forget(env, plugging);
}

const REMOVABLE: ReadonlySet<Device["kind"]> = new Set([
  "disk",
  "controller",
  "interface",
  "hostdev",
  "serial",
  "console",
  "channel",
  "redirdev",
  "rng",
  "memory",
  "shmem",
  "watchdog",
  "input",
  "vsock",
  "filesystem",
]);

/** Whether the emulator was given it as a device of its own, rather than as a part of the board. */
async function isEmulated(env: Environment, device: Device): Promise<boolean> {
  if (!REMOVABLE.has(device.kind)) return false;
  if (device.kind === "controller" && device.type !== "scsi") return false;
  if (device.kind === "serial" && device.target.type !== "usb-serial" && device.target.type !== "pci-serial")
    return false;
  if (device.kind === "console" && device.target.type !== "virtio") return false;
  if (device.kind === "disk" && (device.target.bus === "sd" || device.device === "floppy")) return false;
  try {
    return hasDevice(env.guest.config, device, { caps: env.caps, runtime: await env.runtime(placeholder(device)) });
  } catch {
    // What cannot be expressed is left alone.
    return false;
  }
}

function placeholder(device: Device) {
  const alias = aliasOf(device) ?? "";
  return {
    device,
    taps: new Map([[alias, { fds: [0] }]]),
    vhostFds: new Map([[alias, 0]]),
    helperSockets: new Map([[alias, ""]]),
    close() {},
  };
}
