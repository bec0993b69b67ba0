import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import type { Duplex } from "node:stream";
import type { HostServices, HypervisorHandlers, Log } from "@polyvisor/core";
import { DEFAULT_PARTITION } from "@polyvisor/sdk/cgroup";
import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import { type Domain as Config, parseDomain } from "@polyvisor/sdk/conf/domain";
import type { GuestBackend, GuestEnd, GuestHypervisor, StartOptions } from "@polyvisor/sdk/driver";
import { ProcessHandle } from "@polyvisor/sdk/process";
import { lxcHooks } from "./conf/hooks.js";
import { openConsole } from "./console/open.js";
import { freeze, Groups } from "./container/groups.js";
import { type ContainerToken, endOf, endProcesses, LiveContainer, releaseAll } from "./container/live.js";
import type { Places } from "./container/place.js";
import { POWER_FLAGS, rebootContainer, shutDownContainer } from "./container/power.js";
import { identityOf, readRecord } from "./container/record.js";
import { startContainer } from "./container/start.js";
import { connectHandlers } from "./handlers/connect.js";
import { networkIn } from "./network/container-networks.js";
import type { PreparedNetwork } from "./network/networks.js";
import { type LoadNetworks, type LxcHypervisor, networksOf, TOPICS } from "./pieces.js";

/** What the backend is given by its host. */
export interface BackendParts {
  readonly places: Places;
  readonly log: Log;
  readonly services: HostServices | undefined;
  readonly capabilities: Capabilities;
  /** The engine that the operator has chosen. */
  readonly engine: string | undefined;
}

/** Containers of this host, under a shim and an engine each. */
export class LxcBackend implements GuestBackend<LiveContainer> {
  readonly scheme = "lxc";
  readonly type = "LXC";
  readonly documents: ReturnType<typeof lxcHooks>;
  readonly startsPaused = false;
  readonly takesFiles = true;
  readonly powerFlags = POWER_FLAGS;
  readonly #parts: BackendParts;
  readonly #groups = new Groups();
  readonly #running = new Map<string, LiveContainer>();
  readonly #loadNetworks: LoadNetworks;

  constructor(parts: BackendParts) {
    this.#parts = parts;
    this.#loadNetworks = networksOf(parts.services);
    this.documents = lxcHooks(parts.capabilities);
  }

  async start(config: Config, { files }: StartOptions): Promise<LiveContainer> {
    const { places, log, engine } = this.#parts;
    const networks = await this.#loadNetworks();
    const initOf = (name: string) => this.#running.get(name)?.initPid;
    const parts = { places, log, engine, networks, groups: this.#groups, initOf };
    const placed = { ...config, resource: { partition: DEFAULT_PARTITION, ...config.resource } };
    return this.#add(await startContainer(parts, placed, files));
  }

  async find(config: Config, token: unknown): Promise<LiveContainer | GuestEnd> {
    const { shim, initPid, cgroupPath, network, processGroup } = token as ContainerToken;
    const [cgroup, networks] = await Promise.all([this.#groups.at(cgroupPath), this.#loadNetworks()]);
    const { places } = this.#parts;
    const process = ProcessHandle.find(identityOf(shim));
    if (process !== undefined) {
      const parts = { config, shim: process, cgroupPath, cgroup, network, processGroup };
      return this.#add(new LiveContainer(parts, initPid, places, networks));
    }
    const folder = places.folder(config.name);
    const end = await endOf(folder);
    await endProcesses(undefined, { folder, cgroup });
    await releaseAll(networks, { name: config.name, folder, cgroupPath, cgroup, network, config });
    return end;
  }

  /** What is left of starts that nobody finished. */
  async sweep(names: ReadonlySet<string>): Promise<void> {
    const { places, log } = this.#parts;
    for (const file of await readdir(places.run).catch(() => [])) {
      const name = places.nameOf(basename(file));
      if (name === undefined || names.has(name)) continue;
      await this.#sweepOne(name).catch((error: unknown) => {
        log.error({ err: error, domain: name }, "what is left of a container cannot be removed");
      });
    }
  }

  shutdown(container: LiveContainer, flags: number): Promise<void> {
    return shutDownContainer(container, flags);
  }

  reboot(container: LiveContainer, flags: number): Promise<void> {
    return rebootContainer(container, flags);
  }

  suspend({ cgroup }: LiveContainer): Promise<void> {
    return freeze(cgroup, true);
  }

  resume({ cgroup }: LiveContainer): Promise<void> {
    return freeze(cgroup, false);
  }

  console({ config }: LiveContainer, device: string | null): Promise<Duplex> {
    return openConsole(config, device);
  }

  async cpuTime({ cgroup }: LiveContainer): Promise<bigint> {
    if (cgroup.versionOf("cpuacct") === 1) return BigInt(await cgroup.read("cpuacct", "cpuacct.usage"));
    const usage = /^usage_usec (\d+)$/m.exec(await cgroup.read("cpuacct", "cpu.stat"))?.[1];
    return BigInt(usage ?? 0) * 1000n;
  }

  handlers(hypervisor: GuestHypervisor<LiveContainer>): HypervisorHandlers {
    const topics = TOPICS.map((topic) => topic(hypervisor as unknown as LxcHypervisor, this.#loadNetworks).handlers);
    return Object.assign({}, ...topics, connectHandlers(hypervisor, this.#parts.capabilities));
  }

  close(): void {
    for (const container of this.#running.values()) container.close();
  }

  #add(container: LiveContainer): LiveContainer {
    this.#running.set(container.name, container);
    void container.ended.then(() => {
      if (this.#running.get(container.name) === container) this.#running.delete(container.name);
    });
    return container;
  }

  async #sweepOne(name: string): Promise<void> {
    const folder = this.#parts.places.folder(name);
    const record = await readRecord(folder);
    const { cgroupPath, shim: identity } = record ?? {};
    const config = parseDomain(record?.xml ?? bareDocument(name), {
      hooks: this.documents,
      inactive: false,
      status: true,
      skipChecks: true,
    });
    const cgroup = cgroupPath === undefined ? undefined : await this.#groups.at(cgroupPath);
    const shim = identity && ProcessHandle.find(identity);
    await endProcesses(shim, { folder, cgroup });
    shim?.close();
    const network: PreparedNetwork = record?.network ?? networkIn(folder);
    await releaseAll(await this.#loadNetworks(), { name, folder, cgroupPath, cgroup, network, config });
  }
}

/** Of a container of which nothing was written down yet, so that nothing was made. */
function bareDocument(name: string): string {
  const word = name.replace(/[&<>]/g, "");
  return `<domain type='lxc'><name>${word}</name><memory>1</memory><os><type>exe</type><init>/</init></os></domain>`;
}
