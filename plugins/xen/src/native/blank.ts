import type { Capabilities, Domain, DomainHooks, Os } from "@polyvisor/sdk/conf";

/** What a native configuration is read with. */
export interface NativeContext {
  readonly capabilities: Capabilities;
  readonly hooks: DomainHooks;
  /** The feature by which the host's CPU runs guests in guests; `vmx` when left out. */
  readonly hardwareVirtualization?: "vmx" | "svm" | undefined;
}

/** A domain that says nothing yet. */
export function blankDomain(name: string, uuid: string, os: Os): Domain {
  return {
    type: "xen",
    name,
    uuid,
    memory: 0,
    currentMemory: 0,
    vcpu: { max: 1, current: 1, placement: "static" },
    iothreads: [],
    sysinfos: [],
    os,
    features: {},
    clock: { offset: "utc", timers: [] },
    onPoweroff: "destroy",
    onReboot: "restart",
    onCrash: "destroy",
    devices: {
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
    },
    seclabels: [],
  };
}
