import {
  checkFlags,
  type HypervisorHandlers,
  LIST_NETWORKS_FLAG as LIST,
  type Network as NetworkReference,
} from "@polyvisor/core";
import type { Bandwidth } from "@polyvisor/sdk/conf/common";
import { formatNetwork, type Network, type PortGroup, parseNetwork } from "@polyvisor/sdk/conf/network";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { group, text } from "../soap/message.js";
import type { Value } from "../soap/reply.js";
import { type HostNetwork, readHostNetwork, switchNamed, uuidOfSwitch } from "./host-network.js";

const VALIDATE = 1;
const FILTERS = Object.values(LIST).reduce((all, flag) => all | flag, 0);
const SWITCH_PORTS = 128;

/** The host's virtual switches: all of them are active, persistent, and there whenever the host is. */
export function networkHandlers(server: Server): HypervisorHandlers {
  const all = async () => (await readHostNetwork(server)).switches.map(referenceOf);
  const known = async (net: NetworkReference) => void switchNamed(await readHostNetwork(server), net.name);
  return {
    connectNumOfNetworks: async () => (await all()).length,
    connectListNetworks: async () => (await all()).map(({ name }) => name),
    connectNumOfDefinedNetworks: () => 0,
    connectListDefinedNetworks: () => [],
    async connectListAllNetworks({ flags }) {
      checkFlags(flags, FILTERS, "esxConnectListAllNetworks", "ESX");
      const asks = (yes: number, no: number): boolean => (flags & no) !== 0 && (flags & yes) === 0;
      const none =
        asks(LIST.ACTIVE, LIST.INACTIVE) ||
        asks(LIST.PERSISTENT, LIST.TRANSIENT) ||
        asks(LIST.AUTOSTART, LIST.NO_AUTOSTART);
      return none ? [] : all();
    },
    networkLookupByName: async ({ name }) => referenceOf(switchNamed(await readHostNetwork(server), name)),
    async networkLookupByUUID({ uuid }) {
      const found = (await all()).find((each) => each.uuid === uuid);
      if (found !== undefined) return found;
      const detail = `Could not find HostVirtualSwitch with UUID '${uuid}'`;
      throw esxError("NO_NETWORK", detail, "net-list shows the host's switches");
    },
    async networkGetXMLDesc({ net, flags }) {
      checkFlags(flags, 1, "esxNetworkGetXMLDesc", "ESX");
      return formatNetwork(await describe(server, net.name));
    },
    async networkGetAutostart({ net }) {
      await known(net);
      return true;
    },
    async networkSetAutostart({ net, autostart }) {
      await known(net);
      if (autostart) return;
      const detail = "Cannot deactivate network autostart";
      throw esxError("INTERNAL_ERROR", detail, "switches are there whenever the host is");
    },
    async networkIsActive({ net }) {
      await known(net);
      return true;
    },
    async networkIsPersistent({ net }) {
      await known(net);
      return true;
    },
    networkDefineXML: ({ xml }) => define(server, xml, 0),
    networkDefineXMLFlags({ xml, flags }) {
      checkFlags(flags, VALIDATE, "esxNetworkDefineXMLFlags", "ESX");
      return define(server, xml, flags);
    },
    networkUndefine: ({ net }) => undefine(server, net.name),
  };
}

function referenceOf(found: Value): NetworkReference {
  return { name: found.textAt("name") ?? "", uuid: uuidOfSwitch(found) };
}

async function describe(server: Server, name: string): Promise<Network> {
  const network = await readHostNetwork(server);
  const found = switchNamed(network, name);
  const cards = found.all("pnic").map((key) => cardNamed(network, key.text));
  const names = await networkNames(server);
  const portgroups = found
    .all("portgroup")
    .map((key) => portGroupKeyed(network, key.text))
    .filter((portGroup) => names.has(portGroup.textAt("spec", "name") ?? ""))
    .map(
      (portGroup): PortGroup => ({
        name: portGroup.textAt("spec", "name") ?? "",
        isDefault: false,
        bandwidth: bandwidthOf(portGroup.at("spec", "policy", "shapingPolicy")),
      }),
    );
  const interfaces = cards.map((card) => ({ type: "netdev", dev: card.textAt("device") ?? "" }) as const);
  return {
    name,
    uuid: uuidOfSwitch(found),
    ipv6: false,
    forward: interfaces.length === 0 ? undefined : { mode: "bridge", managed: false, interfaces },
    bridge: { stp: false, delay: 0 },
    dns: { forwarders: [], txts: [], srvs: [], hosts: [] },
    bandwidth: bandwidthOf(found.at("spec", "policy", "shapingPolicy")),
    ips: [],
    routes: [],
    portgroups,
  };
}

/** Groups of ports are networks, too; those without are the host's own. */
async function networkNames({ primary }: Server): Promise<ReadonlySet<string>> {
  const { session, place } = primary;
  const found = await session.retrieve({
    properties: { Network: ["name"] },
    from: [place.datacenter],
    skipFrom: true,
    traversals: [{ name: "datacenterToNetwork", type: "Datacenter", path: "network" }],
  });
  return new Set(found.map((each) => each.text("name") ?? ""));
}

function cardNamed({ cards }: HostNetwork, key: string): Value {
  const found = cards.find((each) => each.textAt("key") === key);
  if (found !== undefined) return found;
  throw esxError("INTERNAL_ERROR", `Could not find PhysicalNic with key '${key}'`);
}

function portGroupKeyed({ portGroups }: HostNetwork, key: string): Value {
  const found = portGroups.find((each) => each.textAt("key") === key);
  if (found !== undefined) return found;
  throw esxError("INTERNAL_ERROR", `Could not find HostPortGroup with key '${key}'`);
}

/** The server has bits per second and bytes, a document kilobytes per second and KiB. */
function bandwidthOf(policy: Value | undefined): Bandwidth | undefined {
  if (policy?.isAt("enabled") !== true) return undefined;
  const scaled = (name: string, divisor: number): number | undefined => {
    const value = policy.numberAt(name);
    return value === undefined ? undefined : Math.floor(value / divisor) || undefined;
  };
  const rate = {
    average: scaled("averageBandwidth", 8000),
    peak: scaled("peakBandwidth", 8000),
    burst: scaled("burstSize", 1024),
  };
  return { inbound: rate, outbound: rate };
}

function shapingOf(bandwidth: Bandwidth | undefined): string {
  if (bandwidth === undefined) return "";
  const { inbound, outbound } = bandwidth;
  const same = (["average", "peak", "burst"] as const).every(
    (each) => (inbound?.[each] ?? 0) === (outbound?.[each] ?? 0),
  );
  if (inbound === undefined || outbound === undefined || !same) {
    const detail = "Different inbound and outbound bandwidth is unsupported";
    throw esxError("CONFIG_UNSUPPORTED", detail, "give both the same");
  }
  const scaled = (value: number | undefined, factor: number) => (value ? value * factor : undefined);
  if (!inbound.average && !inbound.peak && !inbound.burst) return "";
  return group(
    "shapingPolicy",
    text("enabled", true) +
      text("averageBandwidth", scaled(inbound.average, 8000)) +
      text("peakBandwidth", scaled(inbound.peak, 8000)) +
      text("burstSize", scaled(inbound.burst, 1024)),
  );
}

/** Makes a switch with its groups of ports. */
async function define(server: Server, xml: string, flags: number): Promise<NetworkReference> {
  if ((flags & VALIDATE) !== 0) await (await import("@polyvisor/sdk/schema")).parseValidXml(xml, "network");
  const network = parseNetwork(xml);
  const before = await readHostNetwork(server);
  checkDefinition(network, before, xml);
  const { session } = server.primary;
  const manager = await server.facts.manager("networkSystem");
  const cards = (network.forward?.interfaces ?? []).map((each) => keyOfCard(before, network.name, each));
  const bridge = cards.map((key) => text("nicDevice", key)).join("");
  const policy = network.bandwidth === undefined ? "" : group("policy", shapingOf(network.bandwidth));
  const groups = network.portgroups.map(({ name, bandwidth }) =>
    group(
      "portgrp",
      text("name", name) +
        text("vlanId", 0) +
        text("vswitchName", network.name) +
        group("policy", shapingOf(bandwidth)),
    ),
  );
  const spec =
    text("numPorts", SWITCH_PORTS) +
    (bridge === "" ? "" : group("bridge", bridge, "HostVirtualSwitchBondBridge")) +
    policy;
  await session.call("AddVirtualSwitch", manager, text("vswitchName", network.name) + group("spec", spec));
  for (const portgrp of groups) await session.call("AddPortGroup", manager, portgrp);
  return referenceOf(switchNamed(await readHostNetwork(server), network.name));
}

function checkDefinition(network: Network, before: HostNetwork, xml: string): void {
  if (before.switches.some((each) => each.textAt("name") === network.name)) {
    const detail = "HostVirtualSwitch already exists, editing existing ones is not supported yet";
    throw esxError("INTERNAL_ERROR", detail, "undefine it first");
  }
  if (/<uuid\b/.test(xml)) {
    const detail = "Cannot use predefined UUID";
    throw esxError("CONFIG_UNSUPPORTED", detail, "leave <uuid> out: it comes from the host's own key");
  }
  const mode = network.forward?.mode;
  if (mode !== undefined && mode !== "bridge") {
    throw esxError("CONFIG_UNSUPPORTED", `Unsupported forward mode '${mode}'`, "write <forward mode='bridge'>");
  }
  for (const { name } of network.portgroups) {
    if (!before.portGroups.some((each) => each.textAt("spec", "name") === name)) continue;
    throw esxError("NETWORK_EXIST", `HostPortGroup with name '${name}' exists already`, "choose another name");
  }
}

type ForwardInterface = NonNullable<Network["forward"]>["interfaces"][number];

function keyOfCard({ cards }: HostNetwork, network: string, forward: ForwardInterface): string {
  if (forward.type !== "netdev") {
    const detail = `unsupported device type in network ${network} interface pool`;
    throw esxError("NO_SUPPORT", detail, "name the host's cards");
  }
  const found = cards.find((each) => each.textAt("device") === forward.dev);
  if (found !== undefined) return found.textAt("key") ?? "";
  const detail = `Could not find PhysicalNic with name '${forward.dev}'`;
  throw esxError("INTERNAL_ERROR", detail, "iface-list shows the host's cards");
}

/** Removes a switch that only machines use, and before it its groups of ports. */
async function undefine(server: Server, name: string): Promise<void> {
  const network = await readHostNetwork(server);
  const found = switchNamed(network, name);
  const groups = found.all("portgroup").map((key) => portGroupKeyed(network, key.text));
  for (const each of groups) {
    const other = each.all("port").find((port) => port.textAt("type") !== "virtualMachine");
    if (other === undefined) continue;
    const detail = `Cannot undefine HostVirtualSwitch that has a '${other.textAt("type")}' port`;
    throw esxError("OPERATION_INVALID", detail, "the host itself uses the switch");
  }
  const { session } = server.primary;
  const manager = await server.facts.manager("networkSystem");
  for (const each of groups) {
    await session.call("RemovePortGroup", manager, text("pgName", each.textAt("spec", "name")));
  }
  await session.call("RemoveVirtualSwitch", manager, text("vswitchName", name));
}
