import { randomUUID } from "node:crypto";
import { type ContractClient, VirtError } from "@polyvisor/core";
import { type Device, type Domain as DomainConfig, type Interface, mapDevices } from "../conf/domain/index.js";
import { formatNetworkPort, type NetworkPort, type NetworkPortPlug, parseNetworkPort } from "../conf/network/index.js";

export type NetworkClient = ContractClient<"network.v1">;

/** What leads to the networks of the host. */
export interface Networks {
  /** Does something with them; `undefined` where the host has none. */
  withNetworks<T>(work: (networks: NetworkClient) => Promise<T>): Promise<T | undefined>;
}

/** The network is told of a port that is in use, whatever it thinks of it (`VIR_NETWORK_PORT_CREATE_RECLAIM`). */
const RECLAIM = 1;

type NetworkCard = Interface & { readonly source: { readonly type: "network" } };
type Actual = NonNullable<NetworkCard["source"]["actual"]>;

/**
 * The configuration with a number for the port of each card on a network. They are chosen before any port is made, so that
 * the status file can tell of them by then.
 */
export function withPortIds(config: DomainConfig): DomainConfig {
  return mapCards(config, (nic) => ({ ...nic, source: { ...nic.source, portid: randomUUID(), actual: undefined } }));
}

/** Asks each network for the port of its card, and learns what the card is to be connected to. */
export async function makePorts(host: Networks, config: DomainConfig): Promise<DomainConfig> {
  const actuals = new Map<Interface, Actual | undefined>();
  for (const nic of cardsOf(config)) {
    const actual = await host.withNetworks((networks) => makePort(networks, config, nic));
    actuals.set(nic, actual);
  }
  return mapCards(config, (nic) => ({ ...nic, source: { ...nic.source, actual: actuals.get(nic) } }));
}

/** After the daemon's end, a network may have forgotten the ports of guests that run: it is told of them again. */
export async function reclaimPorts(host: Networks, config: DomainConfig): Promise<void> {
  for (const nic of cardsOf(config)) await host.withNetworks((networks) => reclaimPort(networks, config, nic));
}

/** Gives the ports of a guest back. What fails does not keep the others: the first failure is thrown in the end. */
export async function releasePorts(host: Networks, config: DomainConfig): Promise<void> {
  const results = await Promise.allSettled(
    cardsOf(config).map((nic) => host.withNetworks((networks) => deletePort(networks, nic))),
  );
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

/** The same for a card that is about to be plugged in; any other device stays as it is. */
export async function claimDevicePort(host: Networks, config: DomainConfig, device: Device): Promise<Device> {
  if (device.kind !== "interface" || !isOnNetwork(device)) return device;
  const nic = { ...device, source: { ...device.source, portid: randomUUID(), actual: undefined } };
  const actual = await host.withNetworks((networks) => makePort(networks, config, nic));
  return { ...nic, source: { ...nic.source, actual } };
}

/** Gives back the port of a card that was taken out. */
export async function releaseDevicePort(host: Networks, device: Device): Promise<void> {
  if (device.kind !== "interface" || !isOnNetwork(device) || device.source.portid === undefined) return;
  await host.withNetworks((networks) => deletePort(networks, device));
}

async function makePort(networks: NetworkClient, config: DomainConfig, nic: NetworkCard): Promise<Actual | undefined> {
  const network = await networks.networkLookupByName({ name: nic.source.network });
  const port = await networks.networkPortCreateXML({ network, xml: formatNetworkPort(portOf(config, nic)), flags: 0 });
  return actualOf(parseNetworkPort(await networks.networkPortGetXMLDesc({ port, flags: 0 })).plug);
}

async function reclaimPort(networks: NetworkClient, config: DomainConfig, nic: NetworkCard): Promise<void> {
  const network = await networks.networkLookupByName({ name: nic.source.network });
  const uuid = nic.source.portid ?? "";
  try {
    await networks.networkPortLookupByUUID({ network, uuid });
  } catch (error) {
    if (!isGone(error)) throw error;
    const xml = formatNetworkPort({ ...portOf(config, nic), plug: plugOf(nic.source.actual) });
    await networks.networkPortCreateXML({ network, xml, flags: RECLAIM });
  }
}

async function deletePort(networks: NetworkClient, { source }: NetworkCard): Promise<void> {
  try {
    const net = await networks.networkLookupByName({ name: source.network });
    await networks.networkPortDelete({ port: { net, uuid: source.portid ?? "" }, flags: 0 });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** The network may be gone, or the port was never made: the start failed before. */
function isGone(error: unknown): boolean {
  return error instanceof VirtError && (error.code === "NO_NETWORK" || error.code === "NO_NETWORK_PORT");
}

function portOf({ uuid, name }: DomainConfig, nic: NetworkCard): NetworkPort {
  return {
    uuid: nic.source.portid ?? randomUUID(),
    owner: { uuid, name },
    group: nic.source.portgroup,
    mac: nic.mac?.address ?? "52:54:00:00:00:00",
    virtualport: nic.virtualport,
    bandwidth: nic.bandwidth,
    vlan: nic.vlan,
    isolatedPort: nic.port?.isolated,
    trustGuestRxFilters: nic.trustGuestRxFilters,
  };
}

function actualOf(plug: NetworkPortPlug | undefined): Actual | undefined {
  switch (plug?.type) {
    case "network":
    case "bridge":
      return { source: { type: plug.type, bridge: plug.bridge }, macTableManager: plug.macTableManager };
    case "direct":
      return { source: { type: "direct", dev: plug.dev, mode: plug.mode } };
    case "hostdev-pci":
      return {
        source: {
          type: "hostdev",
          managed: plug.managed,
          driver: plug.driver,
          address: { type: "pci", ...plug.address },
        },
      };
    case undefined:
      return undefined;
  }
}

function plugOf(actual: Actual | undefined): NetworkPortPlug | undefined {
  const source = actual?.source;
  if (source?.type === "network" || source?.type === "bridge")
    return { type: source.type, bridge: source.bridge, macTableManager: actual?.macTableManager };
  return source?.type === "direct" ? { type: "direct", dev: source.dev, mode: source.mode } : undefined;
}

/** The cards whose network gave them a port, or will. */
function cardsOf({ devices }: DomainConfig): NetworkCard[] {
  return devices.interfaces.filter((nic): nic is NetworkCard => isOnNetwork(nic) && nic.source.portid !== undefined);
}

function isOnNetwork(nic: Interface): nic is NetworkCard {
  return nic.source.type === "network";
}

function mapCards(config: DomainConfig, change: (nic: NetworkCard) => Interface): DomainConfig {
  return mapDevices(config, { interface: (nic) => (isOnNetwork(nic) ? change(nic) : nic) });
}
