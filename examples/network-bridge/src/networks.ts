import { join } from "node:path";
import { type HostPaths, VirtError } from "@polyvisor/core";
import {
  formatNetwork,
  formatNetworkPort,
  type Network,
  type NetworkPort,
  parseNetwork,
  parseNetworkPort,
} from "@polyvisor/sdk/conf/network";
import { ObjectRegistry } from "@polyvisor/sdk/store";
import { hasBridge, makeBridge, removeBridge } from "./bridges.js";
import { XmlFolder } from "./store.js";

/** A network with a definition; active while its bridge is there. */
export interface BridgeNetwork {
  readonly ref: { readonly name: string; readonly uuid: string };
  readonly config: Network;
  readonly bridge: string;
  isActive: boolean;
  /** The cards that are plugged in, by the number of their port. */
  readonly ports: Map<string, NetworkPort>;
}

/** All networks, and where they are kept: definitions for good, ports until the host is booted anew. */
export class Networks extends ObjectRegistry<BridgeNetwork> {
  readonly #definitions: XmlFolder;
  readonly #run: string;

  constructor(paths: HostPaths) {
    super({ what: "network", missing: "NO_NETWORK", from: "NETWORK", hint: "`virsh net-list --all` shows them" });
    this.#definitions = new XmlFolder(join(paths.config, "network-bridge"));
    this.#run = join(paths.run, "network-bridge");
  }

  async load(): Promise<void> {
    for (const xml of await this.#definitions.all()) {
      const network = this.#entryOf(parseNetwork(xml));
      this.add(network);
      network.isActive = await hasBridge(network.bridge);
      if (!network.isActive) continue;
      const ports = (await this.#portsOf(network).all()).map(parseNetworkPort);
      for (const port of ports) network.ports.set(port.uuid, port);
    }
  }

  /** Defines a network, anew where it is known. An active one gets its new definition when it is started again. */
  async define(xml: string): Promise<BridgeNetwork> {
    const network = this.#entryOf(checked(parseNetwork(xml)));
    const { name, uuid } = network.ref;
    const known = this.byUuid(uuid) ?? this.byName(name);
    if (known !== undefined && (known.ref.uuid !== uuid || known.ref.name !== name)) {
      throw failed(`network '${known.ref.name}' is already defined with uuid ${known.ref.uuid}`);
    }
    if (known?.isActive) throw invalid(`network '${name}' is active`, "stop it before you define it anew");
    await this.#definitions.put(name, formatNetwork(network.config, { inactive: true }));
    if (known !== undefined) this.remove(known);
    this.add(network);
    return network;
  }

  async start(network: BridgeNetwork): Promise<void> {
    if (network.isActive) throw invalid("network is already active");
    await makeBridge(network.bridge, network.config);
    network.isActive = true;
  }

  async stop(network: BridgeNetwork): Promise<void> {
    checkActive(network);
    await removeBridge(network.bridge);
    network.isActive = false;
    for (const uuid of network.ports.keys()) await this.unplug(network, uuid);
  }

  async undefine(network: BridgeNetwork): Promise<void> {
    if (network.isActive) throw invalid(`network '${network.ref.name}' is active`, "stop it first");
    await this.#definitions.remove(network.ref.name);
    this.remove(network);
  }

  async plug(network: BridgeNetwork, wanted: NetworkPort): Promise<NetworkPort> {
    checkActive(network);
    if (network.ports.has(wanted.uuid)) {
      throw new VirtError("NETWORK_PORT_EXIST", `Network port with UUID ${wanted.uuid} already exists`, from);
    }
    const port: NetworkPort = { ...wanted, plug: { type: "network", bridge: network.bridge } };
    await this.#portsOf(network).put(port.uuid, formatNetworkPort(port));
    network.ports.set(port.uuid, port);
    return port;
  }

  async unplug(network: BridgeNetwork, uuid: string): Promise<void> {
    await this.#portsOf(network).remove(uuid);
    network.ports.delete(uuid);
  }

  #entryOf(config: Network): BridgeNetwork {
    const { name, uuid } = config;
    const bridge = config.bridge.name ?? this.#freeName();
    const named = { ...config, bridge: { ...config.bridge, name: bridge } };
    return { ref: { name, uuid }, config: named, bridge, isActive: false, ports: new Map() };
  }

  #freeName(): string {
    const taken = new Set([...this].map(({ bridge }) => bridge));
    for (let number = 0; ; number++) if (!taken.has(`virbr${number}`)) return `virbr${number}`;
  }

  #portsOf({ ref }: BridgeNetwork): XmlFolder {
    return new XmlFolder(join(this.#run, ref.uuid));
  }
}

/** Refuses what nobody here would do: an operator must not believe that there is a firewall or a DHCP server. */
function checked(network: Network): Network {
  const unsupported = network.forward === undefined ? undefined : `<forward mode='${network.forward.mode}'>`;
  const dhcp = network.ips.some(({ ranges, hosts }) => ranges.length + hosts.length > 0) ? "<dhcp>" : undefined;
  const what = unsupported ?? dhcp;
  if (what === undefined) return network;
  throw new VirtError("CONFIG_UNSUPPORTED", `${what} is not supported by networks that are mere bridges`, from);
}

export function checkActive({ isActive, ref }: BridgeNetwork): void {
  if (!isActive) throw invalid(`network '${ref.name}' is not active`, "start it: virsh net-start");
}

const from = { domain: "NETWORK" } as const;

function invalid(detail: string, hint?: string): VirtError {
  return new VirtError("OPERATION_INVALID", detail, { ...from, ...(hint && { hint }) });
}

function failed(detail: string): VirtError {
  return new VirtError("OPERATION_FAILED", detail, from);
}
