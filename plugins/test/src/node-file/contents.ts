import { setImmediate as nextTurn } from "node:timers/promises";
import { DOMAIN_STATE, VirtError } from "@polyvisor/core";
import { readHostInterface } from "@polyvisor/sdk/conf/interface";
import { readNetwork } from "@polyvisor/sdk/conf/network";
import { readNodeDevice } from "@polyvisor/sdk/conf/node-device";
import { parseStoredSnapshot, type Snapshot } from "@polyvisor/sdk/conf/snapshot";
import { readStoragePool } from "@polyvisor/sdk/conf/storage-pool";
import { readStorageVolume } from "@polyvisor/sdk/conf/storage-volume";
import { childElements, isElement, serializeXml, type XmlElement } from "@polyvisor/sdk/xml";
import { HOOKS, readConfigElement } from "../config.js";
import type { DomainContents, NodeContents } from "../test-node.js";
import { factsOf } from "./facts.js";
import { readState, TEST_NAMESPACE } from "./test-namespace.js";

/** Domains that are read before others get their turn. */
const DOMAINS_PER_TURN = 50;

/** What a gathered `<node>` holds. Elements that a node does not know are left alone, as libvirt does. */
export async function contentsOf(root: XmlElement): Promise<NodeContents> {
  const domains: DomainContents[] = [];
  for (const element of childElements(root, "domain")) {
    domains.push(domainOf(element));
    if (domains.length % DOMAINS_PER_TURN === 0) await nextTurn();
  }
  return {
    facts: factsOf(root),
    domains,
    networks: childElements(root, "network").map((element) => readNetwork(element)),
    interfaces: childElements(root, "interface").map((element) => readHostInterface(element)),
    pools: childElements(root, "pool").map(poolOf),
    devices: childElements(root, "device").map((element) => readNodeDevice(element)),
  };
}

function domainOf(element: XmlElement): DomainContents {
  const config = readConfigElement(element);
  const own = element.children.filter(isElement).filter(({ uri }) => uri === TEST_NAMESPACE);
  const { state, transient, hasManagedSave, snapshots } = readState(own);
  return {
    config,
    status: state === DOMAIN_STATE.SHUTOFF ? "off" : { state, reason: 0 },
    persistent: !transient,
    hasManagedSave,
    ...snapshotsOf(snapshots, config),
  };
}

function snapshotsOf(
  elements: readonly XmlElement[],
  domain: { readonly name: string },
): Pick<DomainContents, "snapshots" | "currentSnapshot"> {
  const byName = new Map<string, Snapshot>();
  let currentSnapshot: string | undefined;
  for (const element of elements) {
    const document = serializeXml({ ...element, name: "domainsnapshot", uri: "" });
    const { snapshot, current } = parseStoredSnapshot(document, { domain: { hooks: HOOKS } });
    byName.set(snapshot.name, snapshot);
    if (!current) continue;
    if (currentSnapshot !== undefined) {
      throw inconsistent("more than one snapshot claims to be active", "write <active>1</active> in one of them");
    }
    currentSnapshot = snapshot.name;
  }
  const lost = [...byName.values()].find((snapshot) => !isRooted(snapshot, byName));
  if (lost !== undefined) {
    const detail = `Snapshots have inconsistent relations for domain ${domain.name}`;
    throw inconsistent(detail, `look at the parent of snapshot '${lost.name}'`);
  }
  return { snapshots: [...byName.values()], currentSnapshot };
}

/** Whether its parents lead to a snapshot that follows none. */
function isRooted({ parent }: Snapshot, byName: ReadonlyMap<string, Snapshot>): boolean {
  const seen = new Set<string>();
  for (let name = parent; name !== undefined; name = byName.get(name)?.parent) {
    if (!byName.has(name) || seen.has(name)) return false;
    seen.add(name);
  }
  return true;
}

function poolOf(element: XmlElement): NodeContents["pools"][number] {
  const volumes = childElements(element, "volume");
  const rest = element.children.filter((node) => !isElement(node) || node.name !== "volume");
  const config = readStoragePool({ ...element, children: rest });
  return { config, volumes: volumes.map((volume) => readStorageVolume(volume, config)) };
}

function inconsistent(detail: string, hint: string): VirtError {
  return new VirtError("INTERNAL_ERROR", detail, { domain: "TEST", hint });
}
