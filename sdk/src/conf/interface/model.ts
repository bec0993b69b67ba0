import type { OnOff, YesNo } from "../domain/model/index.js";
import type { NetworkLink } from "./link.js";

export const BOND_MODES = [
  "balance-rr",
  "active-backup",
  "balance-xor",
  "broadcast",
  "802.3ad",
  "balance-tlb",
  "balance-alb",
] as const;
export type BondMode = (typeof BOND_MODES)[number];

export interface InterfaceAddress {
  readonly address: string;
  readonly prefix?: number | undefined;
}

/** How an interface gets its addresses in one family of protocols. */
export interface InterfaceProtocol {
  readonly family: "ipv4" | "ipv6";
  /** Of routers' advertisements; IPv6 only. */
  readonly autoconf?: boolean | undefined;
  readonly dhcp?: { readonly peerdns?: YesNo | undefined } | undefined;
  readonly addresses: readonly InterfaceAddress[];
  readonly gateway?: string | undefined;
}

/** How a bond learns that a link is down. Times are in milliseconds. */
export type BondMonitor =
  | {
      readonly type: "miimon";
      readonly freq: number;
      readonly downdelay?: number | undefined;
      readonly updelay?: number | undefined;
      readonly carrier?: "ioctl" | "netif" | undefined;
    }
  | {
      readonly type: "arpmon";
      readonly interval: number;
      readonly target: string;
      readonly validate?: "active" | "backup" | "all" | undefined;
    };

interface Named {
  readonly name: string;
}

interface Linked {
  readonly link?: NetworkLink | undefined;
}

export interface EthernetPart extends Named, Linked {
  readonly type: "ethernet";
  readonly mac?: string | undefined;
}

export interface VlanPart extends Named, Linked {
  readonly type: "vlan";
  readonly tag: string;
  /** The interface that carries the tagged packets. */
  readonly device: string;
}

export interface BondPart extends Named, Linked {
  readonly type: "bond";
  readonly mode?: BondMode | undefined;
  readonly monitor?: BondMonitor | undefined;
  readonly interfaces: readonly EthernetPart[];
}

export interface BridgePart extends Named {
  readonly type: "bridge";
  readonly stp?: OnOff | undefined;
  /** Forward delay in seconds, as it is written. */
  readonly delay?: string | undefined;
  readonly interfaces: readonly (EthernetPart | VlanPart | BondPart)[];
}

/** What only an interface has that belongs to no other one. */
interface Outermost {
  readonly start?: "onboot" | "hotplug" | "none" | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
  readonly protocols: readonly InterfaceProtocol[];
}

/** An interface of the host: plain data, safe to turn into JSON and back. */
export type HostInterface = (EthernetPart | VlanPart | BondPart | BridgePart) & Outermost;
