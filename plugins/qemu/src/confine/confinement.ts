import { access, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostInfo, Log } from "@polyvisor/core";
import { allDone } from "@polyvisor/sdk/all-done";
import {
  Cgroup,
  CONTROLLERS,
  type Controller,
  DEFAULT_PARTITION,
  type DeviceNeed,
  type DeviceRule,
  findHierarchies,
  findNodes,
  type Hierarchies,
  type HostNode,
  partitionPath,
  removeEmpty,
  rulesFor,
} from "@polyvisor/sdk/cgroup";
import type { Device, Domain as DomainConfig } from "@polyvisor/sdk/conf/domain";
import type { HeldProcess, LaunchPlan } from "@polyvisor/sdk/process";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";
import { guestGroup, isGuestGroup } from "./group-name.js";
import { limitsOf, raiseLockedMemory } from "./limits.js";
import { addNodes, devMounts, devSetUp, hasOwnDev, mountsInDev, removeNode } from "./private-dev.js";
import { type Privileges, readPrivileges } from "./privileges.js";
import { DEFAULT_CONFIG, type QemuConfig } from "./settings.js";
import { emulatorPart, hasTunedThreads, iothreadPart, makePart, pin, placeThread, vcpuPart } from "./threads.js";
import { tuneGroup } from "./tuning.js";

/** What devices need is known to the code of documents, which is loaded with the first guest. */
const loadNeeds = () => import("./device-needs.js");

/** Terminals: a guest gets new ones at any time. */
const TERMINALS: DeviceRule = { type: "char", major: 136, access: "rw" };
/** Sound cards, for a guest that plays on the host's. */
const SOUND: DeviceRule = { type: "char", major: 116, access: "rw" };

/** What of a launch plan confines the emulator. */
export type ConfinedLaunch = Pick<LaunchPlan, "limits" | "ownMounts" | "capabilities">;

/** What was made for a guest that is about to start; nothing where guests have no groups here. */
export interface GuestGroups {
  readonly group?: Cgroup | undefined;
  readonly emulator?: Cgroup | undefined;
}

/**
 * Keeps guests from what is not theirs: limits, capabilities, control groups, a /dev of their own. A daemon that may not do
 * one of these (a user's own, one in a container) does without, as libvirt does.
 */
export class Confinement {
  readonly settings: QemuConfig;
  readonly #info: HostInfo;
  readonly #log: Log;
  readonly #privileges: Privileges;
  readonly #ownDev: boolean;
  /** Guests whose threads are still on their way to their groups. */
  readonly #arranging = new WeakMap<Guest, Promise<void>>();
  #hierarchies: Promise<Hierarchies | undefined> | undefined;

  /** Fails where the operator demands what this daemon may not do. */
  constructor(info: HostInfo, log: Log, settings: Partial<QemuConfig> = {}) {
    this.settings = { ...DEFAULT_CONFIG, ...settings };
    this.#info = info;
    this.#log = log;
    this.#privileges = readPrivileges(info);
    const { namespaces } = this.settings;
    if (namespaces?.includes("mount") && this.#privileges.isSystem && !this.#privileges.mayMount) {
      throw qemuError("CONFIG_UNSUPPORTED", "cannot enable namespace mount", {
        hint: "the daemon lacks CAP_SYS_ADMIN, CAP_MKNOD or CAP_SYS_PTRACE: set namespaces = [] in plugins/qemu.conf",
      });
    }
    this.#ownDev = this.#privileges.mayMount && (namespaces === undefined || namespaces.includes("mount"));
  }

  /** How the emulator is launched. The guest's folder is there by now, with a folder `dev` for the mounts' sake. */
  async plan({ config, folder }: Guest): Promise<ConfinedLaunch> {
    const drops = this.#privileges.mayDropCapabilities && this.settings.clear_emulator_capabilities;
    return {
      limits: limitsOf(config, this.settings),
      ownMounts: this.#ownDev ? { setUp: await prepareDev(folder) } : false,
      ...(drops && { capabilities: needsRawIo(config) ? ["sys_rawio"] : [] }),
    };
  }

  /** The folders that a launch needs besides. */
  foldersFor(folder: string): readonly string[] {
    return this.#ownDev ? [stageOf(folder)] : [];
  }

  /**
   * Makes a guest's group, with its limits, and the one of its emulator's threads, before there is a process. Undone by
   * `release`.
   */
  async prepare({ config, id }: Guest): Promise<GuestGroups> {
    const group = await this.#makeGroup(config, id);
    const emulator = await makePart(group, emulatorPart(config));
    if (group === undefined) return {};
    await tuneGroup(group, config);
    if (group.has("pids")) await group.write("pids", "pids.max", this.settings.max_threads_per_process);
    if (group.has("devices")) await group.setDevices(allRules(await this.#nodesOf(config), config));
    return { group, emulator };
  }

  /**
   * Puts a process that waits at the gate into its group, and makes the devices in its /dev once that is there: by then they
   * are labelled. Resolves with the configuration, which says now in which partition the guest is.
   */
  async enclose({ config }: Guest, { group, emulator }: GuestGroups, held: HeldProcess): Promise<DomainConfig> {
    const { pid } = held.process;
    const fillDev = async () => {
      if (!this.#ownDev) return;
      const [nodes, isThere] = await Promise.all([this.#nodesOf(config), held.prepared]);
      if (isThere) await addNodes(pid, devicesOf(nodes));
    };
    const join = async () => {
      await group?.addProcess(pid, emulator);
      pin(pid, emulatorPart(config).cpus);
    };
    await allDone([fillDev(), join()]);
    return group === undefined ? config : { ...config, resource: { partition: DEFAULT_PARTITION, ...config.resource } };
  }

  /**
   * Limits and pins the threads of the processors, which stand still, and those that the configuration gave disks. Where
   * nothing is limited, nobody waits until each is counted apart: the kernel takes its time to move a thread.
   */
  async arrange(guest: Guest, iothreads: ReadonlyMap<number, number>): Promise<void> {
    const { config, id, vcpuThreads } = guest;
    const group = await this.#groupOf(config, id);
    const vcpus = [...vcpuThreads].map(([vcpu, thread]) => placeThread(group, vcpuPart(config, vcpu), thread));
    const others = [...iothreads].map(([io, thread]) => placeThread(group, iothreadPart(config, io), thread));
    const arranged = allDone([...vcpus, ...others]).then(() => {});
    if (hasTunedThreads(config)) return arranged;
    const quietly = arranged.catch((error: unknown) => {
      if (guest.process?.hasEnded === false) this.#log.warn({ err: error }, "threads of a guest cannot be told apart");
    });
    this.#arranging.set(guest, quietly);
  }

  /** Gives a running guest what a device needs, before the emulator hears of it. */
  async giveDevice(guest: Guest, device: Device): Promise<void> {
    const { config, id, process } = guest;
    if (process === undefined) return;
    if (this.#privileges.isSystem) await raiseLockedMemory(process.pid, await withDevice(config, device));
    const needs = await (await loadNeeds()).needsOfDevice(device);
    const nodes = await findNodes(needs);
    if (nodes.length === 0) return;
    const group = await this.#groupOf(config, id);
    if (group?.has("devices")) await this.#setRules(group, config, needs);
    if (await hasOwnDev(process.pid)) await addNodes(process.pid, devicesOf(nodes));
  }

  /**
   * Takes it back, but for what another device still needs: `guest.config` no longer has this one. Does no harm where it was
   * never given.
   */
  async takeDevice(guest: Guest, device: Device): Promise<void> {
    const { config, id, process } = guest;
    const needs = await (await loadNeeds()).needsOfDevice(device);
    if (process === undefined || needs.length === 0) return;
    const group = await this.#groupOf(config, id);
    if (group?.has("devices")) await this.#setRules(group, config, [], needs);
    if (!(await hasOwnDev(process.pid))) return;
    const kept = new Set((await this.#nodesOf(config)).map(({ node }) => node.path));
    const gone = (await findNodes(needs)).filter(({ node }) => !kept.has(node.path));
    await Promise.all(gone.map(({ node }) => removeNode(process.pid, node)));
  }

  /**
   * Removes what is left of a guest whose process has ended. Twice does no harm, nor does a start that still makes groups: it
   * removes them itself, and those of one hierarchy may be gone by then.
   */
  async release(guest: Guest): Promise<void> {
    await this.#arranging.get(guest);
    const hierarchies = await this.#findHierarchies();
    if (hierarchies !== undefined) await Cgroup.at(hierarchies, this.#pathOf(guest.config, guest.id)).remove();
  }

  /**
   * Removes the groups that an earlier daemon left of guests that are no more: those without a process. Called once, before
   * anyone is served.
   */
  async sweep(): Promise<void> {
    const hierarchies = (await this.#findHierarchies()) ?? new Map<never, never>();
    for (const mount of new Set([...hierarchies.values()].map((each) => each.mount))) {
      for (const group of await readdir(join(mount, DEFAULT_PARTITION)).catch(() => [])) {
        if (isGuestGroup(this.#info.paths, group)) await removeEmpty(join(mount, DEFAULT_PARTITION, group));
      }
    }
  }

  /** The group of a guest, for those who read and change what it may use; `undefined` where it has none. */
  async groupOf({ config, id, process }: Guest): Promise<Cgroup | undefined> {
    return process === undefined ? undefined : this.#groupOf(config, id);
  }

  async #makeGroup(config: DomainConfig, id: number): Promise<Cgroup | undefined> {
    const hierarchies = await this.#findHierarchies();
    if (hierarchies === undefined) return undefined;
    const partition = config.resource?.partition ?? DEFAULT_PARTITION;
    if (!partition.startsWith("/")) {
      throw qemuError("CONFIG_UNSUPPORTED", `Resource partition '${partition}' must start with '/'`);
    }
    if (partition !== DEFAULT_PARTITION) await checkPartition(hierarchies, partitionPath(partition));
    try {
      return await Cgroup.make(hierarchies, this.#pathOf(config, id));
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#log.warn({ err: error }, "guests have no control groups: this daemon may not make them");
      this.#hierarchies = Promise.resolve(undefined);
      return undefined;
    }
  }

  async #groupOf(config: DomainConfig, id: number): Promise<Cgroup | undefined> {
    const hierarchies = await this.#findHierarchies();
    if (hierarchies === undefined) return undefined;
    const path = this.#pathOf(config, id);
    const [first] = hierarchies.values();
    const isThere = await access(join(first?.mount ?? "", path)).then(
      () => true,
      () => false,
    );
    return isThere ? Cgroup.at(hierarchies, path) : undefined;
  }

  #pathOf({ resource, name }: DomainConfig, id: number): string {
    return join(partitionPath(resource?.partition ?? DEFAULT_PARTITION), guestGroup(this.#info.paths, id, name));
  }

  /** Looked for once: a host's hierarchies do not change while guests are in them. */
  #findHierarchies(): Promise<Hierarchies | undefined> {
    this.#hierarchies ??= this.#privileges.isSystem
      ? findHierarchies(wantedControllers(this.settings))
      : Promise.resolve(undefined);
    return this.#hierarchies;
  }

  async #nodesOf(config: DomainConfig) {
    const shared = this.settings.cgroup_device_acl.map((path): DeviceNeed => ({ path, access: "rw" }));
    return findNodes([...shared, ...(await (await loadNeeds()).needsOfDomain(config))]);
  }

  /** All that the guest has, and what comes or goes besides. */
  async #setRules(group: Cgroup, config: DomainConfig, more: readonly DeviceNeed[], less: readonly DeviceNeed[] = []) {
    const has = await this.#nodesOf(config);
    const rules = allRules([...has, ...(await findNodes(more))], config);
    await group.setDevices(rules, allRules([...has, ...(await findNodes(less))], config));
  }
}

function devicesOf(nodes: readonly { readonly node: HostNode }[]): HostNode[] {
  return nodes.map(({ node }) => node);
}

/** The number of processes and threads is limited only where the operator wants it: guests have many. */
function wantedControllers({ cgroup_controllers, max_threads_per_process }: QemuConfig): Controller[] {
  const isWanted = (name: Controller) => cgroup_controllers === undefined || cgroup_controllers.includes(name);
  return CONTROLLERS.filter((name) => (name === "pids" ? max_threads_per_process > 0 : isWanted(name)));
}

/** Where the new /dev is put together, inside the guest's own mounts: on the host the folder stays empty. */
function stageOf(folder: string): string {
  return join(folder, "dev");
}

/** Writes down the mounts of the guest's /dev, and returns the commands that make them. */
async function prepareDev(folder: string): Promise<string> {
  const table = join(folder, "dev.mounts");
  await writeFile(table, devMounts(stageOf(folder), await mountsInDev()), { mode: 0o600 });
  return devSetUp(stageOf(folder), table);
}

/** The configuration with a device that locks memory; no other counts. */
async function withDevice(config: DomainConfig, device: Device): Promise<DomainConfig> {
  if (device.kind !== "hostdev" || config.devices.hostdevs.includes(device)) return config;
  const { withDevices } = await import("@polyvisor/sdk/conf/domain");
  return withDevices(config, { hostdevs: [...config.devices.hostdevs, device] });
}

function needsRawIo({ devices }: DomainConfig): boolean {
  const isRaw = devices.hostdevs.some(({ source }) => source.type === "scsi" && source.rawio === "yes");
  return isRaw || devices.disks.some(({ rawio }) => rawio === "yes");
}

function allRules(nodes: Parameters<typeof rulesFor>[0], config: DomainConfig): DeviceRule[] {
  return [...rulesFor(nodes), TERMINALS, ...soundRules(config)];
}

function soundRules({ devices }: DomainConfig): DeviceRule[] {
  return devices.sounds.length > 0 && devices.graphics[0]?.type === "sdl" ? [SOUND] : [];
}

/** A partition of their own is made by people, who also say what it may use. */
async function checkPartition(hierarchies: Hierarchies, path: string): Promise<void> {
  for (const { mount } of hierarchies.values()) {
    await access(join(mount, path)).catch((cause: unknown) => {
      throw qemuError("SYSTEM_ERROR", `Failed to find the control group ${path} of the guest's partition`, {
        cause,
        hint: `make the folder ${join(mount, path)}, or leave <partition> out`,
      });
    });
  }
}

/** Where groups cannot be made at all a start goes on without. */
function isForbidden(error: unknown): boolean {
  return ["EPERM", "EACCES", "EROFS", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "");
}
