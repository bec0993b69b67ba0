import { createHash } from "node:crypto";
import type { CallContext, NetworkHandlers, Network as Reference } from "@polyvisor/core";
import { formatNetwork, type Network, type NetworkIp, networkPrefix, parseNetwork } from "@polyvisor/sdk/conf/network";
import { checkFlags, vboxError } from "../errors.js";
import type { Machines } from "../machine/machines.js";
import type { Block, VBoxManage } from "../manage/index.js";

/** A network of VirtualBox's that several machines may be in. */
type Known =
  | {
      readonly kind: "hostonly";
      readonly ref: Reference;
      readonly isActive: boolean;
      readonly ip: NetworkIp | undefined;
    }
  | { readonly kind: "nat"; readonly ref: Reference; readonly isActive: boolean; readonly ip: NetworkIp | undefined };

const LIST_FLAGS = 0xff;
const VALIDATE = 1;

/** Host-only interfaces with their DHCP servers, and NAT networks. */
export function networkHandlers({ manage }: Machines): NetworkHandlers {
  const found = async (reference: Reference): Promise<Known> => {
    const known = (await knownNetworks(manage)).find(({ ref }) => ref.uuid === reference.uuid);
    if (known === undefined) throw noNetwork(`no network with matching uuid '${reference.uuid}' (${reference.name})`);
    return known;
  };
  const named = async (isActive: boolean) =>
    (await knownNetworks(manage)).filter((known) => known.isActive === isActive).map(({ ref }) => ref.name);

  async function make(xml: string, { signal }: CallContext): Promise<Reference> {
    const network = parseNetwork(xml);
    signal?.throwIfAborted();
    return network.forward?.mode === "nat" ? makeNat(manage, network) : makeHostOnly(manage, network);
  }

  return {
    connectNumOfNetworks: async () => (await named(true)).length,
    connectListNetworks: () => named(true),
    connectNumOfDefinedNetworks: async () => (await named(false)).length,
    connectListDefinedNetworks: () => named(false),
    async connectListAllNetworks({ flags }) {
      checkFlags(flags, LIST_FLAGS, "vboxConnectListAllNetworks");
      const wanted = (active: boolean) => (flags & 3) === 0 || (flags & 3) === 3 || ((flags & 2) !== 0) === active;
      return (await knownNetworks(manage)).filter(({ isActive }) => wanted(isActive)).map(({ ref }) => ref);
    },
    async networkLookupByName({ name }) {
      const known = (await knownNetworks(manage)).find(({ ref }) => ref.name === name);
      if (known === undefined) throw noNetwork(`no network with matching name '${name}'`);
      return known.ref;
    },
    networkLookupByUUID: async ({ uuid }) => (await found({ name: "", uuid })).ref,
    networkIsActive: async ({ net }) => (await found(net)).isActive,
    async networkIsPersistent({ net }) {
      await found(net);
      return true;
    },
    // VirtualBox brings its networks up itself, when the first machine needs one.
    async networkGetAutostart({ net }) {
      await found(net);
      return false;
    },
    async networkGetXMLDesc({ net }) {
      return formatNetwork(documentOf(await found(net)));
    },
    networkDefineXML: ({ xml }, context) => make(xml, context),
    networkDefineXMLFlags({ xml, flags }, context) {
      checkFlags(flags, VALIDATE, "vboxNetworkDefineXMLFlags");
      return make(xml, context);
    },
    async networkCreateXML({ xml }, context) {
      const ref = await make(xml, context);
      await enable(manage, await found(ref), true);
      return ref;
    },
    async networkCreateXMLFlags({ xml, flags }, context) {
      checkFlags(flags, VALIDATE, "vboxNetworkCreateXMLFlags");
      const ref = await make(xml, context);
      await enable(manage, await found(ref), true);
      return ref;
    },
    networkCreate: async ({ net }) => enable(manage, await found(net), true),
    networkDestroy: async ({ net }) => enable(manage, await found(net), false),
    async networkUndefine({ net }) {
      const { kind, ref } = await found(net);
      if (kind === "nat") return void (await manage.run("natnetwork", "remove", "--netname", ref.name));
      await manage.try("dhcpserver", "remove", "--interface", ref.name);
      await manage.run("hostonlyif", "remove", ref.name);
    },
  };
}

/** The names of VirtualBox's NAT networks, for cards that are in one. */
export async function natNetworkNames(manage: VBoxManage): Promise<ReadonlySet<string>> {
  return new Set((await manage.list("natnets")).map(natName));
}

/** Older versions print another word before the name. */
function natName(block: Block): string {
  return block.get("Name") ?? block.get("NetworkName") ?? "";
}

async function knownNetworks(manage: VBoxManage): Promise<Known[]> {
  const [interfaces, nats, servers] = await Promise.all([
    manage.list("hostonlyifs"),
    manage.list("natnets"),
    manage.list("dhcpservers"),
  ]);
  return [
    ...interfaces.map((block): Known => {
      const name = block.get("Name") ?? "";
      const server = servers.find((each) => each.get("NetworkName") === `HostInterfaceNetworking-${name}`);
      return {
        kind: "hostonly",
        ref: { name, uuid: (block.get("GUID") ?? "").toLowerCase() },
        isActive: block.get("Status") === "Up",
        ip: hostOnlyIp(block, server),
      };
    }),
    ...nats.map((block): Known => {
      const [address, bits] = (block.get("Network") ?? "").split("/");
      const own = block.get("IP") ?? block.get("Gateway") ?? address;
      return {
        kind: "nat",
        ref: { name: natName(block), uuid: uuidOf(natName(block)) },
        isActive: block.get("Enabled") === "Yes",
        ip: own ? { address: own, prefix: Number(bits), ranges: [], hosts: [] } : undefined,
      };
    }),
  ];
}

function hostOnlyIp(block: Block, server: Block | undefined): NetworkIp | undefined {
  const address = block.get("IPAddress");
  if (!address) return undefined;
  const start = server?.get("LowerIPAddress") ?? server?.get("lowerIPAddress");
  const end = server?.get("UpperIPAddress") ?? server?.get("upperIPAddress");
  const ranges = server?.get("Enabled") === "Yes" && start && end ? [{ start, end }] : [];
  const netmask = block.get("NetworkMask");
  return { address, ...(netmask && { netmask }), ranges, hosts: [] };
}

/** VirtualBox knows NAT networks by name alone: the UUID is made of it, the same each time. */
function uuidOf(name: string): string {
  const hash = createHash("sha1").update(`virtualbox natnetwork ${name}`).digest("hex");
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

function documentOf({ kind, ref, ip }: Known): Network {
  return {
    name: ref.name,
    uuid: ref.uuid,
    ipv6: false,
    bridge: { stp: true, delay: 0 },
    ...(kind === "nat" && { forward: { mode: "nat", managed: false, interfaces: [] } }),
    dns: { enable: undefined, forwarders: [], hosts: [], txts: [], srvs: [] },
    ips: ip === undefined ? [] : [ip],
    routes: [],
    portgroups: [],
  } as Network;
}

async function enable(manage: VBoxManage, { kind, ref, ip }: Known, on: boolean): Promise<void> {
  if (kind === "nat") {
    await manage.run("natnetwork", "modify", "--netname", ref.name, on ? "--enable" : "--disable");
    return;
  }
  // An interface comes up with its address; its machines reach each other as long as it is there.
  if (on && ip !== undefined) await manage.run("hostonlyif", "ipconfig", ref.name, ...addressWords(ip));
  await manage.try("dhcpserver", "modify", "--interface", ref.name, on ? "--enable" : "--disable");
}

async function makeNat(manage: VBoxManage, { name, ips }: Network): Promise<Reference> {
  const [ip] = ips;
  if (ip === undefined) throw needsAddress();
  const hasDhcp = ip.ranges.length > 0 ? "on" : "off";
  const network = `${ip.address}/${networkPrefix(ip) ?? 24}`;
  await manage.run("natnetwork", "add", "--netname", name, "--network", network, "--disable", "--dhcp", hasDhcp);
  return { name, uuid: uuidOf(name) };
}

/** VirtualBox chooses the name of a host-only interface itself. */
async function makeHostOnly(manage: VBoxManage, { forward, ips }: Network): Promise<Reference> {
  const [ip] = ips;
  if (forward !== undefined || ip === undefined) throw needsAddress();
  const [, name] = /^Interface '(\S+)' was successfully created/m.exec(await manage.run("hostonlyif", "create")) ?? [];
  if (name === undefined) throw vboxError("INTERNAL_ERROR", "VirtualBox does not say which interface it made");
  try {
    await manage.run("hostonlyif", "ipconfig", name, ...addressWords(ip));
    for (const { start, end } of ip.ranges.slice(0, 1))
      await manage.run(
        ...["dhcpserver", "add", "--interface", name, "--server-ip", ip.address],
        ...["--netmask", netmaskOf(ip), "--lower-ip", start, "--upper-ip", end, "--enable"],
      );
    const made = (await knownNetworks(manage)).find(({ ref }) => ref.name === name);
    if (made === undefined) throw noNetwork(`no network with matching name '${name}'`);
    return made.ref;
  } catch (error) {
    await manage.try("hostonlyif", "remove", name);
    throw error;
  }
}

function addressWords(ip: NetworkIp): string[] {
  return ["--ip", ip.address, "--netmask", netmaskOf(ip)];
}

function netmaskOf(ip: NetworkIp): string {
  if (ip.netmask !== undefined) return ip.netmask;
  const bits = networkPrefix(ip) ?? 24;
  return [0, 8, 16, 24].map((from) => 256 - 2 ** (8 - Math.min(8, Math.max(0, bits - from)))).join(".");
}

function needsAddress() {
  return vboxError(
    "CONFIG_UNSUPPORTED",
    "VirtualBox has networks with an IPv4 address, of the host alone or behind NAT",
    {
      hint: "give the network one <ip>, and no <forward> or <forward mode='nat'/>",
    },
  );
}

function noNetwork(detail: string) {
  return vboxError("NO_NETWORK", detail, { hint: "virsh net-list --all tells which there are" });
}
