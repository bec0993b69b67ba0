import { dirname, join } from "node:path";
import {
  HOST_INFO,
  type HostInfo,
  LOG,
  type LockManager,
  type LockOwner,
  type LockResource,
  type Log,
  PLUGIN_CONFIG,
  type PluginConfig,
  VirtError,
} from "@polyvisor/core";
import { type HelperAddress, HelperDoor } from "@polyvisor/sdk/helper-daemon";
import { launcherWords } from "@polyvisor/sdk/launcher";
import { hasEnded, readProcessStat } from "@polyvisor/sdk/process";
import { inject, injectable } from "tsyringe";
import { releaseLeases, takeLeases } from "./claims.js";
import { DAEMON_DEADLINE, type DaemonDoor, withDaemon } from "./daemon-client.js";
import { deviceKeys } from "./device-keys.js";
import { planFor } from "./launcher-plan.js";
import { type Lease, leasesFor } from "./leases.js";
import { MetadataLocks } from "./metadata-locks.js";
import { type LockdSettings, settingsOf } from "./settings.js";

const STEPS = new URL("steps.cjs", import.meta.url);
const DAEMON = new URL("../bin/polyvisor-lockd.js", import.meta.url);

interface Claim {
  readonly owner: LockOwner;
  readonly resources: readonly LockResource[];
}

/**
 * Leases that a lock daemon keeps: ours or libvirt's, which speak one protocol. The daemon holds locks on the files on
 * behalf of guests, each of which has a connection to it: where that ends, so do the guest's leases. Nothing is kept here,
 * so another manager, or this one after its restart, finds all as it is.
 */
@injectable()
export class LockdManager implements LockManager {
  readonly #settings: LockdSettings;
  readonly #door: DaemonDoor;
  readonly #log: Log;
  readonly #metadata: MetadataLocks;
  #hasMetadataLocks = true;

  constructor(
    @inject(PLUGIN_CONFIG as symbol) config: PluginConfig,
    @inject(HOST_INFO as symbol) info: HostInfo,
    @inject(LOG as symbol) log: Log,
  ) {
    this.#settings = settingsOf(config, info);
    const door = new HelperDoor(addressOf(this.#settings, info));
    this.#door = { connect: () => door.connect() };
    this.#log = log;
    this.#metadata = new MetadataLocks(this.#door);
  }

  /** Never empty: a guest that has nothing yet may be given a disk later. */
  async guestWrapper({ owner, resources }: Claim): Promise<string[]> {
    const leases = await this.#leases(resources);
    await this.#prepareDaemon();
    const plan = planFor(this.#settings.socket, owner, leases);
    return launcherWords({ steps: STEPS, plan, deadline: DAEMON_DEADLINE });
  }

  async acquire({ owner, resources }: Claim): Promise<void> {
    const leases = await this.#leases(resources);
    await this.#prepareDaemon();
    const begun = new Set<Lease>();
    await withDaemon(this.#door, async (daemon) => {
      await takeLeases(daemon, owner, leases, begun);
      // The daemon has forgotten by now whom it saw end: nobody would give these back.
      if (!hasEnded(readProcessStat(owner.pid))) return;
      await releaseLeases(daemon, owner, leases);
      throw new VirtError("OPERATION_INVALID", "domain is not running");
    });
  }

  /** The daemon does not count how often a lease changes hands. */
  async release({ owner, resources }: Claim): Promise<null> {
    const leases = await this.#leases(resources);
    await withDaemon(this.#door, (daemon) => releaseLeases(daemon, owner, leases));
    return null;
  }

  inquire(): null {
    return null;
  }

  async lockMetadata({ paths }: { readonly paths: readonly string[] }): Promise<string> {
    if (!this.#hasMetadataLocks) throw noMetadataLocks();
    await this.#prepareDaemon();
    try {
      return await this.#metadata.lock(paths);
    } catch (error) {
      if (!(error instanceof VirtError && error.code === "NO_SUPPORT")) throw error;
      this.#hasMetadataLocks = false;
      this.#log.info({ socket: this.#settings.socket }, "the lock daemon has no locks for labels: they are left out");
      throw noMetadataLocks();
    }
  }

  unlockMetadata({ token }: { readonly token: string }): void {
    this.#metadata.unlock(token);
  }

  #leases(resources: readonly LockResource[]): Promise<Lease[]> {
    return leasesFor(resources, this.#settings, deviceKeys);
  }

  /** The daemon is started where it does not run. It may be a new one, so it is told of the folders each time. */
  async #prepareDaemon(): Promise<void> {
    const { fileLockspace, lvmLockspace, scsiLockspace, autoDiskLeases } = this.#settings;
    const folders = [fileLockspace, lvmLockspace, scsiLockspace].filter((each) => each !== undefined);
    await withDaemon(this.#door, async (daemon) => {
      for (const path of autoDiskLeases ? new Set(folders) : []) await daemon.createLockspace({ path });
    });
  }
}

/** Another's daemon is never started from here. Where ours keeps its things it would keep them if it were started by hand. */
function addressOf({ socket, isForeign }: LockdSettings, { mode, paths }: HostInfo): HelperAddress {
  if (isForeign) return { socket };
  const pidFile = join(mode === "system" ? dirname(paths.run) : paths.run, "virtlockd.pid");
  const configFile = join(paths.config, "virtlockd.conf");
  return { socket, start: { program: DAEMON, pidFile, configFile, logFile: join(paths.log, "polyvisor-lockd.log") } };
}

function noMetadataLocks(): VirtError {
  return new VirtError("NO_SUPPORT", "lockMetadata");
}
