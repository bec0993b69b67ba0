import { VirtError } from "@polyvisor/core";
import type { Device, DeviceInfo, Domain } from "@polyvisor/sdk/conf";
import { has, type MachineType, type QemuCapabilities, type QemuFlag, type VirtType } from "../capabilities/index.js";
import type { Args } from "./args.js";
import type { Runtime } from "./runtime.js";

/** What every topic of the command line gets. */
export interface Build {
  readonly domain: Domain;
  readonly caps: QemuCapabilities;
  readonly runtime: Runtime;
  readonly args: Args;
  readonly virtType: VirtType;
  readonly machine: MachineType | undefined;
  /** The nodes of images that clients opened; the place of one is the number of its set of descriptors. */
  readonly imageFdSets: readonly string[];
  /** The boot index of each device that has one. */
  readonly bootIndexes: ReadonlyMap<Device, number>;
  can(flag: QemuFlag): boolean;
}

export function canOf(caps: QemuCapabilities): (flag: QemuFlag) => boolean {
  return (flag) => has(caps, flag);
}

/** The configuration asks for something that we cannot express yet: better refused than silently left out. */
export function refuse(what: string, hint?: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", what, { domain: "QEMU", ...(hint === undefined ? {} : { hint }) });
}

export function notYet(what: string, hint?: string): VirtError {
  return refuse(`${what} is not supported yet`, hint);
}

export function internal(what: string): VirtError {
  return new VirtError("INTERNAL_ERROR", what, { domain: "QEMU" });
}

/** Aliases are given when a guest is prepared to start, before its command line is built. */
export function aliasOf(device: DeviceInfo & { readonly kind: string }): string {
  if (device.alias === undefined) throw internal(`${device.kind} device has no alias`);
  return device.alias;
}
