import type { DomainEvent, HostInfo, Log } from "@polyvisor/core";
import type { Domain as DomainConfig } from "@polyvisor/sdk/conf";
import { DomainEventHub, MonitorEventHub } from "@polyvisor/sdk/events";
import {
  type DomainStatus,
  type EndingName,
  type LifecycleNews,
  TRANSITIONS,
  type TransitionName,
  transitionFrom,
} from "@polyvisor/sdk/lifecycle";
import { bootId } from "@polyvisor/sdk/process";
import { DomainRegistry } from "@polyvisor/sdk/store";
import { CapabilitiesCache } from "./capabilities/cache.js";
import { Configurations } from "./configurations.js";
import { Confinement } from "./confine/confinement.js";
import type { QemuConfig } from "./confine/settings.js";
import type { QemuDomain } from "./domain.js";
import { qemuError } from "./errors.js";
import { FileGroups } from "./file-groups.js";
import type { Guest } from "./guest.js";
import { Services } from "./services/services.js";
import { SnapshotStore } from "./snapshots/store.js";
import { PortAllocator } from "./start/ports.js";
import { DefinitionStore } from "./state/definitions.js";
import { Layout } from "./state/layout.js";
import type { Measured } from "./state/measured.js";
import type { GuestRecord } from "./state/status-file.js";
import { StatusWriter } from "./state/status-writer.js";

/** What every part of the driver works on: the domains, where they are kept, and what tells of them. */
export class Hypervisor {
  readonly info: HostInfo;
  readonly log: Log;
  /** What other plugins do for guests. */
  readonly services: Services;
  readonly layout: Layout;
  readonly domains = new DomainRegistry<QemuDomain>("QEMU");
  readonly events: DomainEventHub;
  /** What the guests' monitors say, as they say it. */
  readonly monitorEvents: MonitorEventHub;
  readonly capabilities: CapabilitiesCache;
  readonly configurations: Configurations;
  readonly definitions: DefinitionStore;
  readonly snapshots: SnapshotStore;
  readonly ports = new PortAllocator();
  readonly fileGroups = new FileGroups();
  /** Keeps guests from what is not theirs. */
  readonly confinement: Confinement;
  /** Names of guests that an earlier daemon left and that could not be found again: they may still run. */
  readonly lostGuests = new Set<string>();
  /** The daemon ends: guests are left as they are. */
  isClosed = false;
  readonly #statusWriters = new WeakMap<Guest, StatusWriter>();
  #lastId = 0;

  constructor(info: HostInfo, log: Log, services = new Services(undefined), config: Partial<QemuConfig> = {}) {
    this.info = info;
    this.log = log;
    this.services = services;
    this.layout = new Layout(info.paths);
    this.confinement = new Confinement(info, log, config);
    this.events = new DomainEventHub(log);
    this.monitorEvents = new MonitorEventHub(log);
    this.capabilities = new CapabilitiesCache(this.layout.capabilities);
    this.configurations = new Configurations(this.capabilities, this.layout);
    this.definitions = new DefinitionStore(this.layout, this.configurations, log);
    this.snapshots = new SnapshotStore(this.layout.snapshots, this.layout, log);
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Ids of guests that were found running are never given again. */
  reserveId(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
  }

  /** The configuration that a domain has at the moment: the running one, or the definition. */
  async configOf(domain: QemuDomain): Promise<DomainConfig> {
    return domain.guest?.config ?? this.definitions.load(domain.name);
  }

  /** The same for whoever asks little of many domains: that part is kept of all of them. */
  async measuredOf(domain: QemuDomain): Promise<Measured> {
    return domain.guest?.config ?? this.definitions.measured(domain.name);
  }

  emit(event: DomainEvent): void {
    this.events.emit(event);
  }

  /**
   * One step of a domain's life: its state, its status file after it, and what listeners hear. Nothing happens where the
   * step does not fit what the domain does now; `false` then.
   */
  transition(domain: QemuDomain, name: TransitionName): boolean {
    const transition = transitionFrom(domain.status, name);
    if (transition === undefined) return false;
    if (transition.to !== undefined) {
      domain.status = transition.to;
      if (domain.guest !== undefined) this.statusWriter(domain, domain.guest).saveSoon();
    }
    this.#tell(domain, transition.news);
    return true;
  }

  /** The domain has a guest from now on; everybody sees its id. */
  attachGuest(domain: QemuDomain, guest: Guest, status: DomainStatus): void {
    domain.guest = guest;
    domain.status = status;
    domain.setId(guest.id);
    this.domains.reindex(domain);
  }

  /** The guest is gone with all that it had: this is told. A domain without a definition goes with it. */
  detachGuest(domain: QemuDomain, ending: EndingName): void {
    const { to, news } = TRANSITIONS[ending];
    domain.guest = undefined;
    domain.status = to;
    domain.setId(-1);
    this.domains.reindex(domain);
    this.#tell(domain, news);
  }

  /** A domain that neither runs nor has a definition is no more; whoever still waits for it is told. */
  forgetTransient(domain: QemuDomain): void {
    if (domain.persistent || domain.isActive) return;
    this.domains.remove(domain);
    this.snapshots.removeAll(domain).catch((error: unknown) => {
      this.log.error({ err: error, domain: domain.name }, "what is known of snapshots cannot be removed");
    });
    const detail = `no domain with matching uuid '${domain.uuid}' (${domain.name})`;
    domain.jobs.dispose(qemuError("NO_DOMAIN", detail));
  }

  #tell(domain: QemuDomain, news: readonly LifecycleNews[]): void {
    for (const each of news) this.events.emit({ kind: "lifecycle", dom: domain.ref, ...each });
  }

  /** Writes the guest's status file. */
  statusWriter(domain: QemuDomain, guest: Guest): StatusWriter {
    let writer = this.#statusWriters.get(guest);
    if (writer === undefined) {
      const text = async () => {
        const { statusText } = await import("./state/status-text.js");
        return statusText(recordOf(domain, guest), guest);
      };
      writer = new StatusWriter(this.layout.statusFile(domain.name), text, this.log);
      this.#statusWriters.set(guest, writer);
    }
    return writer;
  }
}

function recordOf(domain: QemuDomain, guest: Guest): GuestRecord {
  return {
    status: domain.status,
    process: guest.process?.identity ?? { pid: 0, startTime: 0n, bootId: bootId() },
    folder: guest.folder,
    channelFolder: guest.channelFolder,
    vcpuThreads: guest.vcpuThreads,
    askedCpu: guest.askedCpu,
    fakeReboot: guest.fakeReboot,
    ports: guest.ports,
    labels: guest.labels,
    lockState: guest.lockState,
    images: guest.images,
    overlays: guest.overlays,
    blockJobs: [...guest.blockJobs.values()].map(({ record }) => record),
    taints: guest.taints,
    foreign: guest.foreignStatus,
  };
}
