import { array, i64, named, optional, struct, u32, u64 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { type Domain, domain, text } from "./types.js";

/** A job of a domain: one call that holds the domain or waits for it. */
export interface DomainJob {
  readonly dom: Domain;
  /** Names the job as long as it is there; never used twice in the life of a daemon. */
  readonly id: bigint | number;
  /** `normal`, `async` or `agent`: the slot that it holds or waits for. */
  readonly slot: string;
  /** What it does, such as `modify` or `start`. */
  readonly kind: string;
  /** The call that it belongs to. */
  readonly api: string;
  /** `running` or `waiting`. */
  readonly state: string;
  /** Milliseconds since it was asked for. */
  readonly age: bigint | number;
}

const domainJob = named<DomainJob, DomainJob>(
  struct({ dom: domain, id: i64, slot: text, kind: text, api: text, state: text, age: u64 }),
);

/** The process of a plugin that has one of its own. */
export interface PluginProcess {
  /** `stopped`, `starting`, `running`, `draining`, `waiting` or `broken`. */
  readonly state: string;
  /** 0 where none runs. */
  readonly pid: bigint | number;
  /** How often it has ended by itself since the daemon's start. */
  readonly crashes: number;
}

/** A plugin of the daemon, and how it is. */
export interface PluginRecord {
  /** Its name, or that of the package or folder that is no plugin. */
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly contracts: readonly string[];
  readonly schemes: readonly string[];
  /** `found`, `enabled`, `disabled`, `inapplicable`, `incompatible` or `broken`. */
  readonly state: string;
  /** What keeps it from being used, by the name of its page, such as `PLUGIN_INCOMPATIBLE`; else empty. */
  readonly problem: string;
  /** What it found, or what is wrong. */
  readonly message: string;
  /** What an operator should know besides. */
  readonly notes: readonly string[];
  readonly process: PluginProcess | null;
}

const texts = array(text, LIMITS.pluginTexts);

const pluginRecord = named<PluginRecord, PluginRecord>(
  struct({
    ...{ name: text, version: text, folder: text, contracts: texts, schemes: texts },
    ...{ state: text, problem: text, message: text, notes: texts },
    process: optional(struct({ state: text, pid: i64, crashes: u32 })),
  }),
);

/** Calls that libvirt does not have, in a program of their own. */
export const polyvisorApi = defineApi({
  /** Every job of every domain, the oldest first. */
  connectListAllDomainJobs: call(
    1,
    { flags: u32 },
    { jobs: array(domainJob, LIMITS.domains) },
    { acl: ["connect:search_domains"], priority: "high", shape: { returns: "jobs" } },
  ),
  /**
   * Ends the wait of a job, or makes one that runs give up; a call that it belongs to fails with `OPERATION_ABORTED`. What
   * the hypervisor was told before may still happen. Fails with `INVALID_ARG` where the domain has no such job.
   */
  domainCancelJob: call(2, { dom: domain, id: i64, flags: u32 }, {}, { acl: ["domain:write"], priority: "high" }),
  /** The names, in this table, of the calls that the driver behind the connection implements. */
  connectListDriverCalls: call(
    3,
    {},
    { calls: array(text, LIMITS.driverCalls) },
    { acl: ["connect:getattr"], priority: "high", by: "session", shape: { returns: "calls" } },
  ),
  /** The plugins of the daemon, in the order in which they come where two claim the same. */
  connectListAllPlugins: call(
    4,
    { flags: u32 },
    { plugins: array(pluginRecord, LIMITS.plugins) },
    { acl: ["connect:read"], by: "session", shape: { returns: "plugins" } },
  ),
  /**
   * Lets a plugin take part that was disabled or is broken; it is loaded, and finds its guests. Fails with `INVALID_ARG` where
   * there is none of that name, with `OPERATION_FAILED` where it cannot be used, with `OPERATION_UNSUPPORTED` where only a
   * restart of the daemon helps, with `OPERATION_DENIED` for anybody but the user whom the daemon runs as, and root.
   */
  connectEnablePlugin: call(5, { name: text, flags: u32 }, {}, { acl: ["connect:write"], by: "session" }),
  /** Takes a plugin out until it is enabled, or the daemon restarted: its connections are lost, guests run on. Fails as above. */
  connectDisablePlugin: call(6, { name: text, flags: u32 }, {}, { acl: ["connect:write"], by: "session" }),
  /**
   * Goes on with the version of the plugin in a folder of the daemon's host, or with what now is in the plugin's own. Fails as
   * above, and with `INVALID_ARG` where the folder holds no such plugin; where the new version does not run, the one before does
   * again.
   */
  connectReplacePlugin: call(
    7,
    { name: text, folder: optional(text), flags: u32 },
    {},
    { acl: ["connect:write"], by: "session" },
  ),
});

export interface PolyvisorHandlers extends HandlersOf<typeof polyvisorApi> {}
