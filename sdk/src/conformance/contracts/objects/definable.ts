import type { Connection, ErrorName, HypervisorCallName, ObjectEventKind } from "@polyvisor/core";

/** What a client knows of such an object. */
export interface Reference {
  readonly name: string;
  readonly uuid: string;
}

/** The calls about one sort of object that is defined, started, stopped and forgotten. */
export interface DefinableCalls {
  define(xml: string): Promise<Reference>;
  createXML(xml: string): Promise<Reference>;
  create(ref: Reference): Promise<void>;
  destroy(ref: Reference): Promise<void>;
  undefine(ref: Reference): Promise<void>;
  byName(name: string): Promise<Reference>;
  byUuid(uuid: string): Promise<Reference>;
  list(flags: number): Promise<readonly Reference[]>;
  activeNames(): Promise<readonly string[]>;
  definedNames(): Promise<readonly string[]>;
  isActive(ref: Reference): Promise<boolean>;
  isPersistent(ref: Reference): Promise<boolean>;
  getXMLDesc(ref: Reference): Promise<string>;
  getAutostart(ref: Reference): Promise<boolean>;
  setAutostart(ref: Reference, autostart: boolean): Promise<void>;
}

/** One sort of such objects, in the words and numbers that belong to it. */
export interface Definable {
  /** Such as "network". */
  readonly what: string;
  /** What a lookup answers that finds nothing. */
  readonly missing: ErrorName;
  /** The calls' names in the API table. */
  readonly names: Readonly<Record<keyof DefinableCalls, HypervisorCallName>>;
  readonly events: {
    readonly registration: HypervisorCallName;
    readonly kind: ObjectEventKind;
    readonly numbers: Readonly<Record<"DEFINED" | "UNDEFINED" | "STARTED" | "STOPPED", number>>;
  };
  readonly filters: Readonly<
    Record<"INACTIVE" | "ACTIVE" | "PERSISTENT" | "TRANSIENT" | "AUTOSTART" | "NO_AUTOSTART", number>
  >;
  calls(connection: Connection): DefinableCalls;
  /** A document of such an object that any driver takes. */
  document(identity: Reference): string;
  /** What has to be done once before an object is started for the first time. */
  prepare?(connection: Connection, ref: Reference): Promise<void>;
  /** Undoes that. */
  dismantle?(connection: Connection, ref: Reference): Promise<void>;
}
