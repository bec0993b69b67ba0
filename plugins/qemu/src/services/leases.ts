import { LOCK_RESOURCE_FLAG, type LockOwner, type LockResource } from "@polyvisor/core";
import type { Disk, Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import type { QemuDomain } from "../domain.js";
import type { Guest } from "../guest.js";
import type { Hypervisor } from "../hypervisor.js";
import { within } from "../within.js";
import type { LockClient } from "./services.js";

/**
 * The words before a guest's command line with which its process takes the leases, on its way to become the emulator. One
 * that is to stay paused has none until it runs, and so another may run on its disks meanwhile.
 */
export async function leaseWords(
  hypervisor: Hypervisor,
  domain: QemuDomain,
  guest: Guest,
  isPaused: boolean,
): Promise<readonly string[]> {
  const manager = await hypervisor.services.lock();
  const { owner, resources } = leaseClaim(hypervisor, domain, guest);
  return (await manager?.guestWrapper({ owner, resources: isPaused ? [] : resources })) ?? [];
}

/** Takes back what a guest gave up when it was paused. Fails where another has it now: the guest must not run then. */
export function takeLeases(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  return inLeaseTurn(hypervisor, guest, async (manager) => {
    await manager.acquire({ ...leaseClaim(hypervisor, domain, guest), state: guest.lockState ?? null });
    keepState(hypervisor, domain, guest, undefined);
  });
}

/** A guest that does not run needs no leases, so that another may have the disks. What fails is logged, as libvirt does. */
export function releaseLeases(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  return inLeaseTurn(hypervisor, guest, async (manager) => {
    const state = await manager.release(leaseClaim(hypervisor, domain, guest));
    keepState(hypervisor, domain, guest, state ?? undefined);
  }).catch((error: unknown) => {
    hypervisor.log.warn({ err: error, domain: domain.name }, "the leases of a paused guest cannot be given up");
  });
}

/**
 * A guest that was found paused: whoever managed it may have died before its leases were given up, or before it was known
 * that it stands still. What a manager said when they were given up is still true.
 */
export async function releaseForgottenLeases(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest): Promise<void> {
  if (guest.lockState === undefined) await releaseLeases(hypervisor, domain, guest);
}

/** How long whoever pauses a guest waits until its leases are free, in milliseconds: a lock daemon may hang. */
const PATIENCE = 5_000;

/** Resolves when what was asked of the lock manager is done, or takes too long. */
export async function leasesSettled({ leaseTurn }: Guest): Promise<void> {
  await within(leaseTurn, PATIENCE);
}

function keepState(hypervisor: Hypervisor, domain: QemuDomain, guest: Guest, state: string | undefined): void {
  if (guest.lockState === state) return;
  guest.lockState = state;
  if (domain.guest === guest) hypervisor.statusWriter(domain, guest).saveSoon();
}

/** A guest is paused by itself while a client resumes it: what is asked of the manager is asked in that order. */
export function inLeaseTurn(
  hypervisor: Hypervisor,
  guest: Guest,
  work: (manager: LockClient) => Promise<void>,
): Promise<void> {
  const turn = guest.leaseTurn.then(async () => {
    const manager = await hypervisor.services.lock();
    if (manager !== undefined) await work(manager);
  });
  guest.leaseTurn = turn.catch(() => {});
  return turn;
}

interface Claim {
  readonly owner: LockOwner;
  readonly resources: LockResource[];
}

/** For whom leases are held, and all that the guest has. */
export function leaseClaim({ info }: Hypervisor, { uuid, name }: QemuDomain, { id, process, config }: Guest): Claim {
  const owner = {
    uuid,
    name,
    id,
    pid: process?.pid ?? 0,
    uri: `qemu:///${info.mode}`,
    onLockFailure: config.onLockfailure ?? "default",
  };
  return { owner, resources: resourcesOf(config) };
}

/** What may need leases. */
interface ResourceHolder {
  readonly devices: Pick<DomainConfig["devices"], "disks" | "leases">;
}

/** The leases of the configuration, then the images of its disks: the top ones, since those below are not written. */
export function resourcesOf({ devices }: ResourceHolder): LockResource[] {
  const leases = devices.leases.map(({ lockspace = null, key, target }) => ({
    lockspace,
    name: key,
    path: target.path,
    offset: BigInt(target.offset),
    flags: 0,
  }));
  return [...leases, ...devices.disks.flatMap(resourceOf)];
}

function resourceOf({ source, readonly, shareable }: Disk): LockResource[] {
  if (source.type !== "file" && source.type !== "block" && source.type !== "dir") return [];
  if (source.path === undefined) return [];
  const flags = (readonly ? LOCK_RESOURCE_FLAG.READONLY : 0) | (shareable ? LOCK_RESOURCE_FLAG.SHARED : 0);
  return [{ lockspace: null, name: source.path, path: null, offset: 0n, flags }];
}
