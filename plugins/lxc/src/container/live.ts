import { access, readFile, rm, writeFile } from "node:fs/promises";
import type net from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { GuestEnd } from "@polyvisor/sdk/driver";
import type { ProcessHandle } from "@polyvisor/sdk/process";
import type { Networks, PreparedNetwork } from "../network/networks.js";
import type { Container } from "./container.js";
import { killEngine } from "./engines.js";
import { killAll, removeGroup } from "./groups.js";
import { connectMonitor } from "./monitor.js";
import { FILES, type Places } from "./place.js";
import { keptIdentity } from "./record.js";

/** What a running container is made of. */
export interface ContainerParts {
  readonly config: Config;
  readonly shim: ProcessHandle;
  readonly cgroupPath: string;
  readonly cgroup: Cgroup;
  readonly network: PreparedNetwork;
  /** The process group of the shim, its keeper and the engine, which is nobody else's while the shim lives. */
  readonly processGroup: number;
}

/** What is kept of it, as JSON. */
export interface ContainerToken {
  readonly shim: ReturnType<typeof keptIdentity>;
  readonly initPid: number;
  readonly cgroupPath: string;
  readonly network: PreparedNetwork;
  readonly processGroup: number;
}

/** How long a shim may take to see that its container has ended, in milliseconds. */
const SHIM_MS = 10_000;
const BETWEEN_KILLS = 10;
/** How long the keeper may take to be there, or to be there again, in milliseconds: a busy machine is slow. */
const BETWEEN_CONNECTS = 250;

export class LiveContainer implements Container {
  readonly name: string;
  readonly uuid: string;
  readonly id: number;
  readonly shim: ProcessHandle;
  readonly cgroupPath: string;
  readonly cgroup: Cgroup;
  readonly network: PreparedNetwork;
  readonly folder: string;
  readonly ended: Promise<GuestEnd>;
  readonly #places: Places;
  readonly #networks: Networks;
  readonly #processGroup: number;
  #config: Config;
  #initPid: number;
  #rebooted: (() => void) | undefined;
  #monitor: net.Socket | undefined;
  #destroyed: Promise<void> | undefined;
  #isClosed = false;

  constructor(parts: ContainerParts, initPid: number, places: Places, networks: Networks) {
    const { config, shim } = parts;
    this.name = config.name;
    this.uuid = config.uuid;
    this.id = shim.pid;
    this.#config = config;
    this.shim = shim;
    this.cgroupPath = parts.cgroupPath;
    this.cgroup = parts.cgroup;
    this.network = parts.network;
    this.folder = places.folder(config.name);
    this.#processGroup = parts.processGroup;
    this.#initPid = initPid;
    this.#places = places;
    this.#networks = networks;
    this.ended = shim.ended.then(() => endOf(this.folder));
    void this.#listen();
  }

  /** What it was started with, and what was plugged in since. */
  get config(): Config {
    return this.#config;
  }

  runsWith(config: Config): void {
    this.#config = config;
  }

  get initPid(): number {
    return this.#initPid;
  }

  get token(): ContainerToken {
    const { initPid, cgroupPath, network } = this;
    return { shim: keptIdentity(this.shim.identity), initPid, cgroupPath, network, processGroup: this.#processGroup };
  }

  watchReboots(rebooted: () => void): void {
    this.#rebooted = rebooted;
  }

  destroy(): Promise<void> {
    this.#destroyed ??= this.#end();
    return this.#destroyed;
  }

  /** The daemon ends; the container goes on. */
  close(): void {
    this.#isClosed = true;
    this.#monitor?.destroy();
    this.shim.close();
  }

  async #end(): Promise<void> {
    await endProcesses(this.shim, { ...this, processGroup: this.#processGroup });
    await releaseAll(this.#networks, this);
    this.close();
  }

  /** Follows the keeper, which is not there yet when the container starts, and comes again when it was killed. */
  async #listen(): Promise<void> {
    while (!this.#isClosed && !this.shim.hasEnded) {
      let closed = () => {};
      const isClosed = new Promise<void>((resolve) => {
        closed = resolve;
      });
      try {
        this.#monitor = await connectMonitor(this.#places.monitor(this.name), {
          init: (pid) => this.#sawInit(pid),
          closed,
        });
        await isClosed;
      } catch {
        // Nobody listens there now.
      }
      await delay(BETWEEN_CONNECTS, undefined, { ref: false });
    }
  }

  #sawInit(pid: number): void {
    if (pid === this.#initPid) return;
    this.#initPid = pid;
    this.#rebooted?.();
  }
}

/** What is there to end and to remove of a container. */
export interface Remains {
  readonly name: string;
  readonly folder: string;
  readonly cgroupPath?: string | undefined;
  readonly cgroup?: Cgroup | undefined;
  readonly network?: PreparedNetwork | undefined;
  readonly config: Config;
}

/**
 * Ends all processes of a container: its own first, so that the engine and the shim end by themselves. A shim that has gone without
 * a word has left its engine.
 */
export async function endProcesses(
  shim: ProcessHandle | undefined,
  { folder, cgroup, processGroup }: Pick<Remains, "folder" | "cgroup"> & { readonly processGroup?: number },
): Promise<void> {
  await writeFile(join(folder, "stopping"), "").catch(() => {});
  const deadline = Date.now() + SHIM_MS;
  for (;;) {
    const isThere = shim?.hasEnded === false;
    const hadEngine = !isThere && (await endOf(folder)) === "crash" && (await killEngine(folder));
    const hadProcesses = cgroup !== undefined && (await killAll(cgroup));
    if (!hadEngine && !hadProcesses && !isThere) break;
    if (Date.now() > deadline && isThere) shim.kill("SIGKILL");
    if (Date.now() > deadline + SHIM_MS) break;
    await (isThere ? Promise.race([shim.ended, delay(BETWEEN_KILLS)]) : delay(BETWEEN_KILLS));
  }
  // As long as the shim was there until now, nobody else has got the number of its group.
  if (shim !== undefined && processGroup !== undefined) endGroup(processGroup);
}

function endGroup(group: number): void {
  try {
    if (group > 1) process.kill(-group, "SIGTERM");
  } catch {
    // All have ended by themselves.
  }
}

/** Takes back what was prepared for a container whose processes have ended. What is not there needs nothing. */
export async function releaseAll(networks: Networks, remains: Remains): Promise<void> {
  const { name, folder, cgroupPath, network, config } = remains;
  if (network !== undefined) await networks.release(network, config);
  if (cgroupPath !== undefined) await removeGroup(cgroupPath);
  // A keeper that was killed leaves its socket.
  await rm(join(dirname(folder), `${name}.sock`), { force: true });
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/** How a container ended, by what its shim has written down. A shim that was killed has written nothing. */
export function endOf(folder: string): Promise<GuestEnd> {
  return access(join(folder, FILES.ended)).then(
    () => "shutdown",
    () => "crash",
  );
}

/** The container's init, by what the engine has said when it ran; `undefined` until then. */
export async function initPidOf(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, FILES.started), "utf8").catch(() => "");
  const pid = /"pid":\s*(\d+)\s*[,}]/.exec(text)?.[1];
  return pid === undefined ? undefined : Number(pid);
}
