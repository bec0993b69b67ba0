import { aliasOf, allDevices, type Device, type Domain, insertDevice, replaceDevice } from "@polyvisor/sdk/conf/domain";
import type { Guest } from "../guest.js";
import type { PluggingRecord } from "../state/status-file.js";

/** What the status file tells of a device that is being given to a guest, or a drive whose medium changes. */
export function pluggingOf({ plugging, config }: Guest): PluggingRecord<Domain> | undefined {
  if (plugging === undefined) return undefined;
  const name = nameOf(plugging);
  const there = allDevices(config).find((each) => each.kind === plugging.kind && nameOf(each) === name);
  const domain = there === undefined ? insertDevice(config, plugging) : replaceDevice(config, there, plugging);
  return { kind: plugging.kind, name, domain };
}

/** The device that a status file tells of, from the domain that has it. */
export function pluggingIn(domain: Domain, { kind, name }: PluggingRecord<unknown>): Device | undefined {
  return allDevices(domain).find((each) => each.kind === kind && nameOf(each) === name);
}

/** A lease has no alias. */
function nameOf(device: Device): string {
  return device.kind === "lease" ? device.key : (aliasOf(device) ?? "");
}
