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
import { launcherWords } from "@polyvisor/sdk/launcher";
import { inject, injectable } from "tsyringe";
import { SanlockClient } from "./daemon-client.js";
import { deadlinesFor, LAUNCHER_DEADLINE, PATIENCE } from "./deadlines.js";
import { GuestLeases } from "./guest-leases.js";
import { planOf } from "./launcher-plan.js";
import { LeasePlaces } from "./lease-places.js";
import { DiskLockspace } from "./lockspace.js";
import { LostLease } from "./lost-lease.js";
import { checkLeased, isSame, wantedOf } from "./resources.js";
import { type Settings, settingsOf } from "./settings.js";
import type { Resource } from "./wire/frames.js";
import { formatState, type HeldLease, parseState } from "./wire/state.js";

const STEPS = new URL("steps.cjs", import.meta.url);

interface Claim {
  readonly owner: LockOwner;
  readonly resources: readonly LockResource[];
}

/**
 * Leases that sanlock keeps on storage which several hosts share. Nothing is kept here: sanlock knows by its connection to a
 * guest's process what that holds, so another process of ours finds all as it is.
 */
@injectable()
export class SanlockManager implements LockManager {
  readonly #settings: Settings;
  readonly #log: Log;
  readonly #lockspace: DiskLockspace;
  readonly #places: LeasePlaces;
  readonly #guests: GuestLeases;
  readonly #lostLease: LostLease;

  constructor(
    @inject(PLUGIN_CONFIG as symbol) config: PluginConfig,
    @inject(HOST_INFO as symbol) { paths }: HostInfo,
    @inject(LOG as symbol) log: Log,
  ) {
    this.#settings = settingsOf(config, paths);
    this.#log = log;
    const client = new SanlockClient(this.#settings.sanlockSocket);
    const deadlines = deadlinesFor(this.#settings.ioTimeout);
    this.#lockspace = new DiskLockspace(client, this.#settings, deadlines);
    this.#places = new LeasePlaces(client, this.#settings, deadlines);
    this.#guests = new GuestLeases(client, deadlines);
    this.#lostLease = new LostLease(this.#settings, paths);
  }

  /** Never empty: leases can be given later only to a process that sanlock knows. */
  async guestWrapper({ owner, resources }: Claim): Promise<string[]> {
    const ready = await this.#prepare(resources, []);
    const killpath = await this.#lostLease.killpathFor(owner);
    const { sanlockSocket: socket } = this.#settings;
    const plan = planOf({ socket, guest: owner.name, resources: ready, killpath, patience: PATIENCE });
    return launcherWords({ steps: STEPS, plan, deadline: LAUNCHER_DEADLINE });
  }

  /** A guest that was started without sanlock goes on without it, as with libvirt. */
  async acquire({ owner, resources, state }: Claim & { readonly state: string | null }): Promise<void> {
    const { name, pid } = owner;
    if (pid === 0) throw new VirtError("OPERATION_INVALID", `guest ${name} has no process that could hold a lease`);
    const ready = await this.#prepare(resources, parseState(state ?? ""));
    if (!(await this.#guests.acquire(pid, ready, name)))
      this.#log.warn({ domain: name }, "the guest was not started with sanlock, its disks have no leases");
  }

  /** The state is what sanlock said of the leases before, as in libvirt's migration cookie. */
  async release({ owner, resources }: Claim): Promise<string | null> {
    const { resources: wanted } = wantedOf(resources, this.#settings);
    return formatState(await this.#guests.release(owner.pid, wanted));
  }

  async inquire({ owner, resources }: Claim): Promise<string | null> {
    const { resources: wanted } = wantedOf(resources, this.#settings);
    const held = (await this.#guests.held(owner.pid)) ?? [];
    return formatState(held.filter((one) => wanted.some((each) => isSame(one, each))));
  }

  /** Has everything there that the leases need, and says in which versions they are wanted. */
  async #prepare(resources: readonly LockResource[], known: readonly HeldLease[]): Promise<readonly Resource[]> {
    checkLeased(resources, this.#settings);
    const { resources: wanted, automatic } = wantedOf(resources, this.#settings);
    if (automatic.length > 0) await this.#lockspace.ensure();
    const versions = await this.#places.ensure(automatic);
    return wanted.map((each) => withVersion(each, known, versions.get(each.place.path)));
  }
}

/**
 * A lease that others have had since is not taken back: the disk has other contents now than the guest believes. A place that
 * was made anew since begins to count anew, and nobody knows.
 */
function withVersion(resource: Resource, known: readonly HeldLease[], stored: bigint | undefined): Resource {
  const version = known.find((each) => isSame(each, resource))?.version;
  const isOlder = version !== undefined && stored !== undefined && stored < version;
  return version === undefined || resource.shared || isOlder ? resource : { ...resource, version };
}
