import type { Devices, Domain } from "./model/index.js";

/** A domain's devices where it has none. */
export const NO_DEVICES: Devices = {
  disks: [],
  controllers: [],
  leases: [],
  filesystems: [],
  interfaces: [],
  smartcards: [],
  serials: [],
  parallels: [],
  consoles: [],
  channels: [],
  inputs: [],
  tpms: [],
  graphics: [],
  sounds: [],
  audios: [],
  videos: [],
  hostdevs: [],
  redirdevs: [],
  hubs: [],
  rngs: [],
  panics: [],
  shmems: [],
  memories: [],
};

/**
 * A domain of which nothing else is said, for drivers that make configurations of what is no document: spread it, and say the
 * rest. `completeDomain` fills in what is missing then.
 */
export function blankDomain(known: Pick<Domain, "type" | "name" | "uuid" | "os">): Domain {
  return {
    ...known,
    memory: 0,
    currentMemory: 0,
    vcpu: { max: 1, current: 1, placement: "static" },
    iothreads: [],
    sysinfos: [],
    features: {},
    clock: { offset: "utc", timers: [] },
    onPoweroff: "destroy",
    onReboot: "restart",
    onCrash: "destroy",
    devices: NO_DEVICES,
    seclabels: [],
  };
}
