import type { LockResource } from "@polyvisor/core";
import type { Device } from "@polyvisor/sdk/conf/domain";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { inLeaseTurn, leaseClaim, resourcesOf } from "./leases.js";

/** Takes the leases of a device for a running guest, which then has them beside its others: all or none. */
export async function takeDeviceLeases(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  device: Device,
): Promise<void> {
  const resources = resourcesOfDevice(device);
  if (resources.length === 0) return;
  await inLeaseTurn(hypervisor, guest, async (manager) => {
    await manager.acquire({ ...leaseClaim(hypervisor, domain, guest), resources, state: null });
  });
}

/** Gives back the leases of a device that the guest no longer has, but for those that another of its devices needs. */
export async function releaseDeviceLeases(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  device: Device,
): Promise<void> {
  const kept = new Set(resourcesOf(guest.config).map(keyOf));
  const resources = resourcesOfDevice(device).filter((each) => !kept.has(keyOf(each)));
  if (resources.length === 0) return;
  await inLeaseTurn(hypervisor, guest, async (manager) => {
    await manager.release({ ...leaseClaim(hypervisor, domain, guest), resources });
  });
}

function resourcesOfDevice(device: Device): LockResource[] {
  const devices = {
    disks: device.kind === "disk" ? [device] : [],
    leases: device.kind === "lease" ? [device] : [],
  };
  return resourcesOf({ devices });
}

function keyOf({ lockspace, name }: LockResource): string {
  return JSON.stringify([lockspace, name]);
}
