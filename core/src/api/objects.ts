import { i32, named, struct } from "../xdr/index.js";
import { type Domain, domain, text } from "./types.js";
import { uuid } from "./uuid.js";

/** What a client knows of a network: enough to find it. */
export interface Network {
  readonly name: string;
  readonly uuid: string;
}
export const network = named<Network, Network>(struct({ name: text, uuid }));

/** A guest's place in a network. */
export interface NetworkPort {
  readonly net: Network;
  readonly uuid: string;
}
export const networkPort = named<NetworkPort, NetworkPort>(struct({ net: network, uuid }));

export interface NWFilter {
  readonly name: string;
  readonly uuid: string;
}
export const nwfilter = named<NWFilter, NWFilter>(struct({ name: text, uuid }));

/** A filter put on a port: the host's name of the port's device, and the filter's name. */
export interface NWFilterBinding {
  readonly portdev: string;
  readonly filtername: string;
}
export const nwfilterBinding = named<NWFilterBinding, NWFilterBinding>(struct({ portdev: text, filtername: text }));

export interface StoragePool {
  readonly name: string;
  readonly uuid: string;
}
export const storagePool = named<StoragePool, StoragePool>(struct({ name: text, uuid }));

/** A volume: its pool's name, its own, and its key, which is unique on the host. */
export interface StorageVol {
  readonly pool: string;
  readonly name: string;
  readonly key: string;
}
export const storageVol = named<StorageVol, StorageVol>(struct({ pool: text, name: text, key: text }));

export interface NodeDevice {
  readonly name: string;
}
export const nodeDevice = named<NodeDevice, NodeDevice>(struct({ name: text }));

/** A secret: what it is for (`VIR_SECRET_USAGE_TYPE_*`) and for which object. */
export interface Secret {
  readonly uuid: string;
  readonly usageType: number;
  readonly usageID: string;
}
export const secret = named<Secret, Secret>(struct({ uuid, usageType: i32, usageID: text }));

/** One of the host's network interfaces. */
export interface NetworkInterface {
  readonly name: string;
  readonly mac: string;
}
export const networkInterface = named<NetworkInterface, NetworkInterface>(struct({ name: text, mac: text }));

export interface DomainSnapshot {
  readonly name: string;
  readonly dom: Domain;
}
export const domainSnapshot = named<DomainSnapshot, DomainSnapshot>(struct({ name: text, dom: domain }));

export interface DomainCheckpoint {
  readonly name: string;
  readonly dom: Domain;
}
export const domainCheckpoint = named<DomainCheckpoint, DomainCheckpoint>(struct({ name: text, dom: domain }));
