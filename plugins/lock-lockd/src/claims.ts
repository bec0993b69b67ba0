import { type LockOwner, VirtError } from "@polyvisor/core";
import { type LockDaemon, registerAs } from "./daemon-client.js";
import { released } from "./launcher-plan.js";
import { LEASE_FLAG, type Lease } from "./leases.js";

/**
 * Takes leases for a guest that runs: all or none. The daemon has no call that tells who holds one, and refuses its holder
 * like anybody else; but it lets only the holder give one back. So what the guest had before is given back and taken anew:
 * a guest does not use yet, or not at this moment, what leases are taken for.
 *
 * @param begun what an attempt before this one, whose connection was lost, may have taken
 */
export async function takeLeases(
  daemon: LockDaemon,
  owner: LockOwner,
  leases: readonly Lease[],
  begun: Set<Lease>,
): Promise<void> {
  await registerAs(daemon, owner);
  const taken: Lease[] = [];
  try {
    for (const lease of leases) {
      const mayBeOurs = begun.has(lease);
      begun.add(lease);
      const wasHeld = await take(daemon, lease);
      if (!wasHeld || mayBeOurs) taken.push(lease);
    }
  } catch (error) {
    for (const lease of taken) await giveBack(daemon, lease).catch(() => {});
    throw error;
  }
}

/** Gives leases back; what is not the guest's does no harm. */
export async function releaseLeases(daemon: LockDaemon, owner: LockOwner, leases: readonly Lease[]): Promise<void> {
  await registerAs(daemon, owner);
  for (const lease of leases) await giveBack(daemon, lease);
}

/** Resolves with whether the guest had it before. */
async function take(daemon: LockDaemon, lease: Lease): Promise<boolean> {
  // One that is shared would be counted twice.
  const isShared = (lease.flags & LEASE_FLAG.SHARED) !== 0;
  let wasHeld = isShared && (await giveBack(daemon, lease));
  try {
    await daemon.acquireResource(lease);
  } catch (error) {
    if (!isBusy(error) || wasHeld || !(await giveBack(daemon, lease))) throw error;
    wasHeld = true;
    await daemon.acquireResource(lease);
  }
  return wasHeld;
}

/** Resolves with whether there was something to give back. */
async function giveBack(daemon: LockDaemon, lease: Lease): Promise<boolean> {
  try {
    await daemon.releaseResource(released(lease));
    return true;
  } catch (error) {
    if (isBusy(error) || isOfAnother(error)) return false;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof VirtError && error.code === "RESOURCE_BUSY";
}

/** libvirt's daemon has no code of its own for it. */
function isOfAnother(error: unknown): boolean {
  return error instanceof VirtError && /owner \d+ does not hold the resource lock/.test(error.message);
}
