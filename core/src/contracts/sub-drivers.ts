import type { InterfaceHandlers } from "../api/interface.js";
import type { NetworkHandlers } from "../api/network.js";
import type { NodeDeviceHandlers } from "../api/node-device.js";
import type { NwfilterHandlers } from "../api/nwfilter.js";
import type { SecretHandlers } from "../api/secret.js";
import type { StoragePoolHandlers } from "../api/storage-pool.js";
import type { StorageVolumeHandlers } from "../api/storage-volume.js";
import type { VirtError } from "../errors/index.js";
import type { MaybePromise } from "./context.js";
import type { Driver, ObjectEventSource } from "./driver.js";

/** What every connection to a sub-driver has beside its handlers. */
export interface SubConnection {
  /** Where events about the sub-driver's objects come from; one without events leaves it out. */
  readonly objectEvents?: ObjectEventSource;
  /** As a hypervisor's: resolves, with the reason, when the driver's own connection to what it drives is lost. */
  readonly lost?: Promise<VirtError>;
  /** Called once, when the client closes or is gone. */
  close(): MaybePromise<void>;
}

/** One client's connection to a driver of networks: handlers of that part of the API table. */
export interface NetworkConnection extends NetworkHandlers, SubConnection {}
export interface StorageConnection extends StoragePoolHandlers, StorageVolumeHandlers, SubConnection {}
/** Node devices. Detaching one from the host for a guest is the hypervisor's: `nodeDeviceDetachFlags` never comes here. */
export interface NodeDeviceConnection extends Omit<NodeDeviceHandlers, HypervisorsNodeDeviceCall>, SubConnection {}
export interface InterfaceConnection extends InterfaceHandlers, SubConnection {}
export interface NwfilterConnection extends NwfilterHandlers, SubConnection {}
export interface SecretConnection extends SecretHandlers, SubConnection {}

/** Calls on node devices that only a hypervisor can answer: they say which of its guests may have the device. */
export const HYPERVISORS_NODE_DEVICE_CALLS = [
  "nodeDeviceDettach",
  "nodeDeviceReAttach",
  "nodeDeviceReset",
  "nodeDeviceDetachFlags",
] as const satisfies readonly (keyof NodeDeviceHandlers)[];

type HypervisorsNodeDeviceCall = (typeof HYPERVISORS_NODE_DEVICE_CALLS)[number];

/**
 * Contract `network.v1`: virtual networks of this host, for clients of every hypervisor driver that has none of its own. As
 * all sub-drivers its `open` is given `network:///system` or `network:///session`, and the client's context.
 */
export interface NetworkDriver extends Driver<NetworkConnection> {}
/** Contract `storage.v1`: pools and volumes of this host. */
export interface StorageDriver extends Driver<StorageConnection> {}
/** Contract `nodedev.v1`: the devices of this host. */
export interface NodeDeviceDriver extends Driver<NodeDeviceConnection> {}
/** Contract `interface.v1`: the network interfaces of this host. */
export interface InterfaceDriver extends Driver<InterfaceConnection> {}
/** Contract `nwfilter.v1`: filters of guests' traffic, and which port has which. */
export interface NwfilterDriver extends Driver<NwfilterConnection> {}
/** Contract `secret.v1`: passwords and keys that guests' disks need. */
export interface SecretDriver extends Driver<SecretConnection> {}
