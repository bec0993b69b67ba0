import type { XmlElement } from "../../xml/index.js";
import type { Bandwidth, HostPciAddress, IpFamily, IpRoute, VirtualPort, Vlan } from "../common/index.js";

type YesNo = "yes" | "no";
export type BridgeMacTableManager = "kernel" | "libvirt";

/** A host device that a network gives its guests' cards. */
export type ForwardInterface =
  | { readonly type: "netdev"; readonly dev: string /** Live only. */; readonly connections?: number | undefined }
  | { readonly type: "pci"; readonly address: HostPciAddress; readonly connections?: number | undefined };

export interface ForwardNat {
  readonly ipv6?: YesNo | undefined;
  /** The IPv4 addresses that guests appear with. */
  readonly address?: { readonly start: string; readonly end: string } | undefined;
  /** Both 0 where nothing is said. */
  readonly port?: { readonly start: number; readonly end: number } | undefined;
}

export type ForwardMode = "nat" | "route" | "open" | "bridge" | "private" | "vepa" | "passthrough" | "hostdev";

interface ForwardCommon {
  readonly managed: boolean;
  readonly driver?: "kvm" | "vfio" | undefined;
  /** The physical function whose virtual functions are used. */
  readonly pf?: string | undefined;
  /** Next to `pf`: its virtual functions, live only. */
  readonly interfaces: readonly ForwardInterface[];
}

/** How a network reaches the world; absent for an isolated one. */
export type NetworkForward =
  | (ForwardCommon & { readonly mode: "nat"; readonly nat?: ForwardNat | undefined })
  | (ForwardCommon & { readonly mode: Exclude<ForwardMode, "nat"> });

export interface NetworkBridge {
  readonly name?: string | undefined;
  /** A zone of firewalld. */
  readonly zone?: string | undefined;
  readonly stp: boolean;
  /** Seconds. */
  readonly delay: number;
  readonly macTableManager?: BridgeMacTableManager | undefined;
}

/** 0 is for ever. */
export interface DhcpLease {
  readonly expiry: number;
  readonly unit: "seconds" | "minutes" | "hours";
}

export interface DhcpRange {
  readonly start: string;
  readonly end: string;
  readonly lease?: DhcpLease | undefined;
}

export interface DhcpHost {
  /** As it was written. */
  readonly mac?: string | undefined;
  /** IPv6: the DUID. */
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly ip?: string | undefined;
  readonly lease?: DhcpLease | undefined;
}

export interface NetworkIp {
  /** As it was written; without it, IPv4. */
  readonly family?: IpFamily | undefined;
  readonly address: string;
  readonly netmask?: string | undefined;
  readonly prefix?: number | undefined;
  readonly localPtr?: YesNo | undefined;
  readonly tftpRoot?: string | undefined;
  readonly ranges: readonly DhcpRange[];
  readonly hosts: readonly DhcpHost[];
  readonly bootp?: { readonly file: string; readonly server?: string | undefined } | undefined;
}

/** At least one of both is there. */
export interface DnsForwarder {
  readonly domain?: string | undefined;
  readonly address?: string | undefined;
}

export interface DnsTxt {
  readonly name: string;
  readonly value: string;
}

export interface DnsSrv {
  readonly service: string;
  readonly protocol: string;
  readonly domain?: string | undefined;
  readonly target?: string | undefined;
  readonly port?: number | undefined;
  readonly priority?: number | undefined;
  readonly weight?: number | undefined;
}

export interface DnsHost {
  readonly ip: string;
  readonly names: readonly string[];
}

export interface NetworkDns {
  readonly enable?: YesNo | undefined;
  readonly forwardPlainNames?: YesNo | undefined;
  readonly forwarders: readonly DnsForwarder[];
  readonly txts: readonly DnsTxt[];
  readonly srvs: readonly DnsSrv[];
  readonly hosts: readonly DnsHost[];
}

export interface PortGroup {
  readonly name: string;
  readonly isDefault: boolean;
  readonly trustGuestRxFilters?: YesNo | undefined;
  readonly vlan?: Vlan | undefined;
  readonly virtualport?: VirtualPort | undefined;
  readonly bandwidth?: Bandwidth | undefined;
}

/** A virtual network. Addresses are in their usual form, MAC addresses in lower case. */
export interface Network {
  readonly name: string;
  readonly uuid: string;
  /** How many cards use it, live only. */
  readonly connections?: number | undefined;
  /** Guests reach each other by IPv6 although the network has no IPv6 address. */
  readonly ipv6: boolean;
  readonly trustGuestRxFilters?: YesNo | undefined;
  readonly metadata?: XmlElement | undefined;
  readonly forward?: NetworkForward | undefined;
  readonly bridge: NetworkBridge;
  readonly mtu?: number | undefined;
  /** Of the bridge. */
  readonly mac?: string | undefined;
  /** What DNS calls the network's guests. */
  readonly domain?: { readonly name: string; readonly localOnly?: YesNo | undefined } | undefined;
  readonly dns: NetworkDns;
  readonly vlan?: Vlan | undefined;
  readonly bandwidth?: Bandwidth | undefined;
  readonly isolatedPort?: YesNo | undefined;
  readonly ips: readonly NetworkIp[];
  readonly routes: readonly IpRoute[];
  readonly virtualport?: VirtualPort | undefined;
  readonly portgroups: readonly PortGroup[];
  /** Lines for dnsmasq's configuration. */
  readonly dnsmasqOptions?: readonly string[] | undefined;
}

/** What a card that uses a network is connected to on the host. */
export type NetworkPortPlug =
  | {
      readonly type: "network" | "bridge";
      readonly bridge: string;
      readonly macTableManager?: BridgeMacTableManager | undefined;
    }
  | { readonly type: "direct"; readonly dev: string; readonly mode: "vepa" | "private" | "bridge" | "passthrough" }
  | {
      readonly type: "hostdev-pci";
      readonly managed?: YesNo | undefined;
      readonly driver?: "kvm" | "vfio" | undefined;
      readonly address: HostPciAddress;
    };

/** The use of a network by one card of a domain. */
export interface NetworkPort {
  readonly uuid: string;
  readonly owner: { readonly name: string; readonly uuid: string };
  /** The port group. */
  readonly group?: string | undefined;
  readonly mac: string;
  readonly virtualport?: VirtualPort | undefined;
  readonly bandwidth?: Bandwidth | undefined;
  readonly vlan?: Vlan | undefined;
  readonly isolatedPort?: YesNo | undefined;
  readonly trustGuestRxFilters?: YesNo | undefined;
  readonly plug?: NetworkPortPlug | undefined;
}
