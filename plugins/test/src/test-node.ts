import { type ErrorDomain, type Log, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf";
import type { HostInterface } from "@polyvisor/sdk/conf/interface";
import type { Network } from "@polyvisor/sdk/conf/network";
import type { NodeDevice } from "@polyvisor/sdk/conf/node-device";
import type { Snapshot } from "@polyvisor/sdk/conf/snapshot";
import type { StoragePool } from "@polyvisor/sdk/conf/storage-pool";
import type { StorageVolume } from "@polyvisor/sdk/conf/storage-volume";
import { type DomainStatus, shutoff } from "@polyvisor/sdk/lifecycle";
import { TestDomain } from "./domain.js";
import { TestHypervisor } from "./hypervisor.js";
import type { NodeFacts } from "./node-facts.js";
import { TestHost } from "./test-host.js";
import { TestNetwork } from "./test-network.js";
import { TestPool } from "./test-pool.js";

/** A domain as it is found when a node is opened. */
export interface DomainContents {
  readonly config: Config;
  /** Off, or what it does. */
  readonly status: DomainStatus | "off";
  readonly persistent: boolean;
  readonly hasManagedSave: boolean;
  /** In any order; every parent is among them. */
  readonly snapshots: readonly Snapshot[];
  readonly currentSnapshot: string | undefined;
}

/** All that is there when a node is opened; networks, pools and interfaces are up. */
export interface NodeContents {
  readonly facts: NodeFacts;
  readonly domains: Iterable<DomainContents>;
  readonly networks: readonly Network[];
  readonly interfaces: readonly HostInterface[];
  readonly pools: readonly { readonly config: StoragePool; readonly volumes: readonly StorageVolume[] }[];
  readonly devices: readonly NodeDevice[];
}

/** A made-up machine: a hypervisor with its domains, and the host that it runs on. */
export interface TestNode {
  readonly facts: NodeFacts;
  readonly hypervisor: TestHypervisor;
  readonly host: TestHost;
}

export function makeNode(log: Log, contents: NodeContents): TestNode {
  const hypervisor = new TestHypervisor(log, contents.facts);
  const host = new TestHost(log, contents.devices);
  for (const domain of contents.domains) addDomain(hypervisor, domain);
  for (const config of contents.networks) {
    checkFree(host.networks, config, "network", "NETWORK");
    const network = new TestNetwork(config, true);
    network.start();
    host.networks.add(network);
  }
  for (const config of contents.interfaces) host.interfaces.define(config).active = true;
  for (const { config, volumes } of contents.pools) {
    checkFree(host.pools, config, "pool", "STORAGE");
    const pool = new TestPool(config, true);
    pool.start();
    for (const volume of volumes) pool.findVolume(volume);
    host.pools.add(pool);
  }
  return { facts: contents.facts, hypervisor, host };
}

function addDomain(hypervisor: TestHypervisor, contents: DomainContents): void {
  checkFree(hypervisor.domains, contents.config, "domain", "DOMAIN");
  const domain = new TestDomain(contents.config);
  domain.persistent = contents.persistent;
  hypervisor.domains.add(domain);
  if (contents.status !== "off") hypervisor.boot(domain);
  domain.status = contents.status === "off" ? shutoff("UNKNOWN") : contents.status;
  domain.hasManagedSave = contents.hasManagedSave;
  for (const snapshot of contents.snapshots) domain.snapshots.set(snapshot);
  if (contents.currentSnapshot !== undefined) domain.snapshots.current = contents.currentSnapshot;
}

interface Named {
  readonly name: string;
  readonly uuid: string;
}

interface Registry {
  byName(name: string): { readonly ref: Named } | undefined;
  byUuid(uuid: string): { readonly ref: Named } | undefined;
}

/** Name and UUID belong to one object of a node alone. */
function checkFree(registry: Registry, { name, uuid }: Named, what: string, from: ErrorDomain): void {
  const other = registry.byName(name) ?? registry.byUuid(uuid);
  if (other === undefined) return;
  const detail = `${what} '${other.ref.name}' already exists with uuid ${other.ref.uuid}`;
  throw new VirtError("OPERATION_FAILED", detail, { domain: from, hint: "describe each of them once" });
}
