import type { XmlElement } from "../../xml/index.js";
import type { Device, DeviceKind, Domain } from "./model/index.js";

/** What a driver can do beyond the common ground; a configuration that needs more is refused. */
export type DriverFeature =
  | "memory-hotplug"
  | "offline-vcpupin"
  | "name-slash"
  | "individual-vcpus"
  | "user-alias"
  | "no-boot-order"
  | "net-model-string"
  | "disk-fd";

/** A hypervisor's own elements under `<domain>`. */
export interface NamespaceHooks {
  readonly prefix: string;
  readonly uri: string;
  /** Checks the elements and returns them as they are to be kept and printed. */
  parse(elements: readonly XmlElement[]): readonly XmlElement[];
}

export type DeviceOf<K extends DeviceKind> = Extract<Device, { kind: K }>;

/** One function for each kind of device; kinds without one stay as they are. */
export type DeviceMapping = {
  readonly [K in DeviceKind]?: (device: DeviceOf<K>, domain: Domain) => DeviceOf<K>;
};

/** How the document is read that the hooks complete. */
export interface HookContext {
  /** A new configuration rather than one that was stored before. */
  readonly abiUpdate: boolean;
  /** A configuration rather than the state of a running domain. */
  readonly inactive: boolean;
}

/** A driver's part in turning XML into a complete configuration. Every function is pure. */
export interface DomainHooks {
  readonly features?: ReadonlySet<DriverFeature>;
  /** The architecture of a domain that names none; the host's when left out. */
  readonly defaultArch?: string;
  /** The first three bytes of made-up MAC addresses; `52:54:00` when left out. */
  readonly macPrefix?: string;
  readonly defaultSecurityModel?: string;
  /** How many disks an SCSI controller takes in automatic addresses; 7 when left out. */
  readonly scsiBusMaxUnit?: number;
  readonly namespace?: NamespaceHooks;
  /** First of all: what later steps need to know, such as the emulator. */
  basics?(domain: Domain): Domain;
  /** Adds the devices that a machine always has and fills what is not said; before any device is looked at. */
  domain?(domain: Domain, context: HookContext): Domain;
  /** Fills what a device does not say. Called for every device, and again for devices that the defaults add. */
  readonly devices?: DeviceMapping;
  /** After all defaults: gives devices their places. */
  assignAddresses?(domain: Domain, context: HookContext): Domain;
  /** After all addresses, before any other check: throws what the driver cannot do with the domain as a whole. */
  validate?(domain: Domain, context: HookContext): void;
  /** For each device, after the checks that hold everywhere: throws what the driver cannot do with it. */
  validateDevice?(device: Device, domain: Domain, context: HookContext): void;
}
