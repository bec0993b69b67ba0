import type { Bandwidth, FilterReference, IpRoute, VirtualPort, Vlan } from "../../common/index.js";
import type { PciAddress } from "./address.js";
import type { ChardevReconnect } from "./chardev.js";
import type { OnOff, VirtioOptions, YesNo } from "./common.js";
import type { DeviceInfo } from "./device.js";
import type { UsbHostDevice } from "./hostdev.js";

export type { Bandwidth, BandwidthRate, FilterReference, IpRoute, VirtualPort, Vlan } from "../../common/index.js";

export interface IpAddress {
  readonly address: string;
  readonly family?: "ipv4" | "ipv6" | undefined;
  readonly prefix?: number | undefined;
  readonly peer?: string | undefined;
}

export interface SourceIp {
  readonly ips?: readonly IpAddress[] | undefined;
  readonly routes?: readonly IpRoute[] | undefined;
}

export interface PortRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly to?: number | undefined;
  readonly exclude?: YesNo | undefined;
}

export interface PortForward {
  readonly proto: "tcp" | "udp";
  readonly address?: string | undefined;
  readonly dev?: string | undefined;
  readonly ranges: readonly PortRange[];
}

/** What the guest's card is connected to on the host. */
export type InterfaceSource =
  | { readonly type: "user"; readonly dev?: string | undefined }
  | { readonly type: "ethernet" }
  | {
      readonly type: "bridge";
      readonly bridge: string;
    }
  | {
      readonly type: "network";
      readonly network: string;
      readonly portgroup?: string | undefined;
      /** Live only. */
      readonly portid?: string | undefined;
      readonly actual?: ActualInterface | undefined;
    }
  | { readonly type: "direct"; readonly dev: string; readonly mode: MacvtapMode }
  | { readonly type: "internal"; readonly name: string }
  | {
      readonly type: "server" | "client" | "mcast";
      readonly address?: string | undefined;
      readonly port: number;
    }
  | {
      readonly type: "udp";
      readonly address?: string | undefined;
      readonly port: number;
      readonly local: { readonly address?: string | undefined; readonly port: number };
    }
  | {
      readonly type: "vhostuser";
      readonly path: string;
      readonly mode: "client" | "server";
      readonly reconnect?: ChardevReconnect | undefined;
    }
  | { readonly type: "vdpa"; readonly dev: string }
  | { readonly type: "null" }
  | {
      readonly type: "vds";
      readonly switchid: string;
      readonly portid: number;
      readonly portgroupid: string;
      readonly connectionid: number;
    }
  | {
      readonly type: "hostdev";
      readonly managed?: YesNo | undefined;
      readonly driver?: "kvm" | "vfio" | "xen" | undefined;
      readonly address: PciAddress | UsbHostDevice;
    };

export type MacvtapMode = "vepa" | "private" | "bridge" | "passthrough";
export type InterfaceType = InterfaceSource["type"];

/** What a `network` interface was resolved to when the guest started. */
export interface ActualInterface {
  readonly source:
    | Exclude<InterfaceSource, { type: "network" }>
    | { readonly type: "network"; readonly bridge: string };
  readonly macTableManager?: "kernel" | "libvirt" | undefined;
}

export interface InterfaceDriver extends VirtioOptions {
  readonly name?: "qemu" | "vhost" | undefined;
  readonly txmode?: "iothread" | "timer" | undefined;
  readonly ioeventfd?: OnOff | undefined;
  readonly eventIdx?: OnOff | undefined;
  readonly queues?: number | undefined;
  readonly rxQueueSize?: number | undefined;
  readonly txQueueSize?: number | undefined;
  readonly rss?: OnOff | undefined;
  readonly rssHashReport?: OnOff | undefined;
  readonly host?: Readonly<Record<string, OnOff>> | undefined;
  readonly guest?: Readonly<Record<string, OnOff>> | undefined;
}

export interface Teaming {
  readonly type: "persistent" | "transient";
  readonly persistent?: string | undefined;
}

export interface Coalesce {
  readonly rxMaxFrames: number;
}

export interface Interface extends DeviceInfo {
  readonly kind: "interface";
  readonly source: InterfaceSource;
  /** `<ip>` and `<route>` under `<source>`: the host's side. */
  readonly hostIp?: SourceIp | undefined;
  readonly trustGuestRxFilters?: YesNo | undefined;
  /** Lower case, with colons; always there after defaults. */
  readonly mac?:
    | {
        readonly address?: string | undefined;
        readonly type?: "generated" | "static" | undefined;
        readonly check?: YesNo | undefined;
        /** Made up by us: a driver may take another when it must. */
        readonly generated?: boolean | undefined;
      }
    | undefined;
  readonly virtualport?: VirtualPort | undefined;
  readonly vlan?: Vlan | undefined;
  readonly ip?: SourceIp | undefined;
  readonly script?: string | undefined;
  readonly downscript?: string | undefined;
  readonly backenddomain?: string | undefined;
  /** The host's name of the card, such as `vnet0`. */
  readonly target?: { readonly dev?: string | undefined; readonly managed?: YesNo | undefined } | undefined;
  readonly guest?: { readonly dev?: string | undefined; readonly actual?: string | undefined } | undefined;
  readonly model?: string | undefined;
  readonly driver?: InterfaceDriver | undefined;
  readonly backend?:
    | {
        readonly type?: "passt" | undefined;
        readonly tap?: string | undefined;
        readonly vhost?: string | undefined;
        readonly logFile?: string | undefined;
      }
    | undefined;
  readonly portForwards?: readonly PortForward[] | undefined;
  readonly filterref?: FilterReference | undefined;
  readonly bandwidth?: Bandwidth | undefined;
  /** Bytes; 0 means no limit. */
  readonly sndbuf?: number | undefined;
  readonly link?: "up" | "down" | undefined;
  readonly mtu?: number | undefined;
  readonly coalesce?: Coalesce | undefined;
  readonly port?: { readonly isolated: YesNo } | undefined;
  readonly teaming?: Teaming | undefined;
}
