import { CONTRACTS, call, contractId, defineApi, type HandlersOf, LIMITS, type Program, xdr } from "@polyvisor/core";
import { programWithCallers } from "./caller.js";

/**
 * What goes between a host and the process of an isolated plugin, beside libvirt's own protocol: two connections, each with
 * one side that calls and one that answers, in the frames of libvirt's protocol and with program numbers of our own.
 */

/** Changes with any change of the tables below: host and process must agree on it. */
export const PROTOCOL = 1;

const text = xdr.string(LIMITS.string);
const none = { acl: ["none"] } as const;
const paths = xdr.struct({ config: text, lib: text, run: text, log: text, cache: text });

/** How a plugin has loaded: `inapplicable` where it has nothing to drive on this host. */
export const LOADED = { USABLE: 0, INAPPLICABLE: 1, BROKEN: 2 } as const;

/** Calls of the host. */
export const processApi = defineApi({
  /**
   * The first call. A process that cannot do with these versions ends with the exit code for that; else it answers with its
   * own. Runs none of the plugin's code.
   */
  configure: call(
    1,
    {
      protocol: xdr.u32,
      core: text,
      plugin: text,
      version: text,
      folder: text,
      mode: text,
      paths,
      uuid: xdr.optional(text),
      /** As JSON: what the operator has set for the plugin, checked and with its defaults. */
      configuration: text,
      debug: xdr.flag,
    },
    { protocol: xdr.u32, core: text },
    none,
  ),
  /** Imports the plugin, makes its implementation of a contract and asks it whether it has anything to drive. */
  load: call(2, { contract: text }, { loaded: xdr.i32, words: text }, none),
  /** Has a driver find again what ran before. */
  start: call(3, { contract: text }, {}, none),
  /** Listens for connections to the driver, on a unix socket in a folder that is the host's alone. */
  listen: call(4, { path: text }, {}, none),
  ping: call(5, {}, {}, { ...none, priority: "high" }),
  /** The caller of a call of some contract waits for it no more. */
  cancel: call(6, { id: xdr.u32 }, {}, { ...none, priority: "high" }),
  /** Closes the drivers. The process ends once this is answered. */
  stop: call(7, {}, {}, none),
});

export interface ProcessHandlers extends Required<HandlersOf<typeof processApi>> {}

/** Calls of the plugin's process. */
export const hostApi = defineApi({
  /** A line of the log. `fields` is JSON. */
  log: call(1, { level: text, fields: text, message: text }, {}, none),
  /**
   * Who provides a contract, in the operator's order: by its number a call of the contract's table names one of them. One of a
   * sub-driver has none: it is reached by libvirt's protocol (`socket`).
   */
  providers: call(
    2,
    { contract: text },
    { providers: xdr.array(xdr.struct({ plugin: text, id: xdr.u32 }), 64) },
    { ...none, shape: { returns: "providers" } },
  ),
  /** Where the host serves its sub-drivers to the plugin: a private unix socket, made at the first such call. */
  socket: call(4, {}, { path: text }, { ...none, shape: { returns: "path" } }),
  cancel: call(3, { id: xdr.u32 }, {}, { ...none, priority: "high" }),
});

export interface HostHandlers extends Required<HandlersOf<typeof hostApi>> {}

export const processProgram = {
  name: "plugin process",
  number: 0x706c7567,
  version: PROTOCOL,
  calls: processApi,
} as const satisfies Program;

export const hostProgram = {
  name: "plugin host",
  number: 0x706c7568,
  version: PROTOCOL,
  calls: hostApi,
} as const satisfies Program;

/** Contracts that are tables of calls come one after the other from here on, in the core's order. */
const FIRST_CONTRACT = 0x706c7600;

/** The program of each contract whose provider is an object with handlers. Those of drivers go over libvirt's own protocol. */
export const CONTRACT_PROGRAMS: ReadonlyMap<string, Program> = new Map(
  CONTRACTS.map((contract, index) => ({ contract, index }))
    .filter(({ contract }) => contract.provider === "handlers")
    .map(({ contract, index }) => {
      const id = contractId(contract);
      return [id, programWithCallers(id, FIRST_CONTRACT + index, contract.api)] as const;
    }),
);
