import type { Domain } from "@polyvisor/sdk/conf";
import { placedDevices } from "../conf/address/placement.js";
import type { Props } from "./props.js";

/** On a mainframe each PCI device has one beside it that carries its numbers, by the alias of the device. */
export function zpciDevices(domain: Domain): ReadonlyMap<string, Props> {
  const devices = new Map<string, Props>();
  for (const device of placedDevices(domain)) {
    if (device.address?.type !== "pci" || device.alias === undefined) continue;
    const { uid, fid } = device.address.zpci ?? {};
    if (uid === undefined || fid === undefined) continue;
    devices.set(device.alias, { driver: "zpci", uid, fid, target: device.alias, id: `zpci${uid}` });
  }
  return devices;
}
