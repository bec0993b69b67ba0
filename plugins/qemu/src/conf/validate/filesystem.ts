import type { Filesystem } from "@polyvisor/sdk/conf";
import { has } from "../../capabilities/index.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";
import { requireSharedMemory } from "./shared-memory.js";

export function checkFilesystem(fs: Filesystem, checked: Checked): void {
  const { caps } = checked;
  if (fs.source.type !== "mount") throw refuse("only supports mount filesystem type");
  if (fs.multidevs !== undefined && !has(caps, "fsdev.multidevs"))
    throw refuse("multidevs is not supported with this QEMU binary");
  const modes = (fs.fmode ?? 0) !== 0 || (fs.dmode ?? 0) !== 0;
  if (modes && fs.accessmode !== "mapped") throw refuse("fmode and dmode must be used with accessmode=mapped");
  const driver = fs.driver?.type ?? "path";
  if (driver !== "virtiofs" && fs.binary?.sandbox !== undefined)
    throw refuse("sandbox can only be used with driver=virtiofs");
  switch (driver) {
    case "path":
      return;
    case "handle":
      if ((fs.accessmode ?? "passthrough") !== "passthrough") throw refuse("only supports passthrough accessmode");
      return;
    case "virtiofs":
      checkVirtiofs(fs, modes, checked);
      return;
    default:
      throw refuse("Filesystem driver type not supported");
  }
}

function checkVirtiofs(fs: Filesystem, modes: boolean, checked: Checked): void {
  const ours = fs.source.type === "mount" && fs.source.socket === undefined;
  if (ours) {
    if (fs.readonly === true) throw refuse("virtiofs does not yet support read-only mode");
    if ((fs.accessmode ?? "passthrough") !== "passthrough")
      throw refuse("virtiofs only supports passthrough accessmode");
    if (fs.driver?.wrpolicy !== undefined) throw refuse("virtiofs does not support wrpolicy");
  }
  if (fs.model !== undefined) throw refuse("virtiofs does not support model");
  if (fs.driver?.format !== undefined) throw refuse("virtiofs does not support format");
  const { caps } = checked;
  if (!has(caps, "vhost-user-fs")) throw refuse("virtiofs is not supported with this QEMU binary");
  if (fs.multidevs !== undefined) throw refuse("virtiofs does not support multidevs");
  if (modes) throw refuse("virtiofs does not support fmode and dmode");
  requireSharedMemory("virtiofs", checked);
  if (fs.bootOrder !== undefined && !has(caps, "vhost-user-fs.bootindex"))
    throw refuse("setting virtiofs boot order is not supported with this QEMU binary");
}
