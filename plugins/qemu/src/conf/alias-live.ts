import { aliasOf, allDevices, type Device, type Domain, insertDevice } from "@polyvisor/sdk/conf/domain";
import { assignAliases } from "./alias.js";

/** Kinds whose names are numbered after the highest that a device of the guest has. */
const PREFIXES: Readonly<Partial<Record<Device["kind"], readonly [prefix: string, ...also: string[]]>>> = {
  input: ["input"],
  redirdev: ["redir"],
  shmem: ["shmem"],
  serial: ["serial"],
  parallel: ["parallel"],
  channel: ["channel"],
  // The first console may bear the name of the serial port that it shows.
  console: ["console", "serial"],
};

/** The device with the name that it gets when it is plugged into a running guest. A name that the user chose stays. */
export function withLiveAlias(domain: Domain, device: Device): Device {
  if (!("alias" in device || device.kind !== "lease")) return device;
  if (aliasOf(device) !== undefined) return device;
  const prefixes = PREFIXES[device.kind];
  if (prefixes !== undefined) {
    const same = allDevices(domain).filter(({ kind }) => kind === device.kind);
    const highest = Math.max(-1, ...same.flatMap((each) => numberOf(aliasOf(each), prefixes)));
    return { ...device, alias: `${prefixes[0]}${highest + 1}` } as Device;
  }
  const known = new Set<Device>(allDevices(domain));
  const named = assignAliases(insertDevice(domain, device));
  return allDevices(named).find((each) => each.kind === device.kind && !known.has(each)) ?? device;
}

function numberOf(alias: string | undefined, prefixes: readonly string[]): number[] {
  const number = prefixes
    .map((prefix) => (alias?.startsWith(prefix) === true ? alias.slice(prefix.length) : ""))
    .find((rest) => /^\d+$/.test(rest));
  return number === undefined ? [] : [Number(number)];
}
