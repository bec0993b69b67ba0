import type { NetworkFacts } from "../vifs.js";

/** What a domain's start needs to know of the host. */
export interface LibxlFacts extends NetworkFacts {
  /** The feature by which the host's CPU runs guests in guests; undefined where it does not. */
  readonly hardwareVirtualization?: "vmx" | "svm" | undefined;
  /** Whether guests may run guests; a setting. */
  readonly nestedHvm?: boolean | undefined;
  /** NUMA nodes of the host. */
  readonly nodes?: number | undefined;
  readonly cpus?: number | undefined;
  /** A port for a screen that may have any. */
  readonly freePort?: (() => number) | undefined;
  /** KiB that Xen keeps to shadow a guest's memory; libxl's own reckoning when left out. */
  readonly shadowMemory?: ((memory: number, vcpus: number) => number) | undefined;
  /** Where the sockets of channels go that name no path. */
  readonly channelFolder?: string | undefined;
}
