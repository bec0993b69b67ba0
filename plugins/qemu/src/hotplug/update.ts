import {
  type Device,
  type DeviceOf,
  findDevice,
  type Graphics,
  mapDevices,
  replaceDevice,
} from "@polyvisor/sdk/conf/domain";
import { checkFits } from "../conf/index.js";
import { qemuError } from "../errors.js";
import { passwordCommands } from "../start/monitor-setup.js";
import { kindWord } from "./attachable.js";
import type { Environment } from "./environment.js";
import { changeMedia } from "./media.js";
import { checkDiskChange } from "./update-disk.js";
import { checkGraphicsChange, wantsNewPassword } from "./update-graphics.js";
import { updateInterface } from "./update-interface.js";
import { updateMemory } from "./update-memory.js";

/** Changes what can be changed of a device while its guest runs; fails where anything else is to change. */
export async function updateLive(
  env: Environment,
  wanted: Device,
  options: { readonly force: boolean },
): Promise<void> {
  switch (wanted.kind) {
    case "disk":
      return updateDisk(env, wanted, options.force);
    case "graphics":
      return updateGraphics(env, wanted);
    case "interface":
      return updateInterface(env, wanted);
    case "memory":
      return updateMemory(env, wanted);
    default:
      throw qemuError("CONFIG_UNSUPPORTED", `live update of device '${kindWord(wanted)}' is not supported`, {
        hint: "detach it, and attach the new one",
      });
  }
}

async function updateDisk(env: Environment, wanted: DeviceOf<"disk">, force: boolean): Promise<void> {
  const { guest } = env;
  const old = findDevice(guest.config, wanted) as DeviceOf<"disk"> | undefined;
  if (old === undefined) throw qemuError("INTERNAL_ERROR", `disk '${wanted.target.dev}' not found`);
  checkFits(guest.config, wanted, { old, live: true });
  checkDiskChange(old, wanted);
  if (!isSameLocation(old, wanted)) {
    if (wanted.device !== "cdrom" && wanted.device !== "floppy")
      throw qemuError("CONFIG_UNSUPPORTED", "disk source can be changed only in removable drives");
    await changeMedia(env, old, wanted.source, { force, chain: wanted });
  }
  guest.config = mapDevices(guest.config, {
    disk: (each) =>
      each.target.dev === old.target.dev
        ? {
            ...each,
            snapshot: wanted.snapshot,
            source: { ...each.source, startupPolicy: wanted.source.startupPolicy },
          }
        : each,
  });
  await env.save();
}

function isSameLocation(old: DeviceOf<"disk">, wanted: DeviceOf<"disk">): boolean {
  const place = ({ source }: DeviceOf<"disk">) => {
    const { index, startupPolicy, seclabels, slices, reservations, encryption, auth, ...rest } = source;
    return JSON.stringify(
      Object.entries(rest)
        .filter(([, value]) => value !== undefined)
        .sort(),
    );
  };
  return place(old) === place(wanted);
}

async function updateGraphics(env: Environment, wanted: Graphics): Promise<void> {
  const { guest } = env;
  const old = findDevice(guest.config, wanted) as Graphics | undefined;
  if (old === undefined)
    throw qemuError("DEVICE_MISSING", `cannot find existing graphics device to modify of type '${wanted.type}'`);
  checkGraphicsChange(old, wanted);
  if (!("auth" in old || "auth" in wanted) || !wantsNewPassword(old, wanted)) return;
  if (wanted.type !== "vnc" && wanted.type !== "spice") return;
  for (const [name, args] of passwordCommands(wanted)) await guest.qmp(name, args);
  guest.config = replaceDevice(guest.config, old, { ...old, auth: wanted.auth } as Graphics);
  await env.save();
}
