import type { NumberSet, YesNo } from "./common.js";

/** Memory limits in KiB; absent means none. */
export interface Memtune {
  readonly hardLimit?: number | undefined;
  readonly softLimit?: number | undefined;
  readonly minGuarantee?: number | undefined;
  readonly swapHardLimit?: number | undefined;
}

export interface HugePage {
  /** KiB; 0 means the host's default size. */
  readonly size: number;
  readonly nodeset?: NumberSet | undefined;
}

export interface MemoryBacking {
  readonly hugepages?: readonly HugePage[] | undefined;
  readonly nosharepages?: boolean | undefined;
  readonly locked?: boolean | undefined;
  readonly source?: "file" | "anonymous" | "memfd" | undefined;
  readonly access?: "shared" | "private" | undefined;
  readonly allocation?:
    | { readonly mode?: "immediate" | "ondemand" | undefined; readonly threads?: number | undefined }
    | undefined;
  readonly discard?: boolean | undefined;
}

export interface BlkioDevice {
  readonly path: string;
  readonly weight?: number | undefined;
  readonly readIopsSec?: number | undefined;
  readonly writeIopsSec?: number | undefined;
  readonly readBytesSec?: number | undefined;
  readonly writeBytesSec?: number | undefined;
}

export interface Blkiotune {
  readonly weight?: number | undefined;
  readonly devices: readonly BlkioDevice[];
}

export interface Scheduler {
  readonly policy: "batch" | "idle" | "fifo" | "rr";
  /** fifo and rr only. */
  readonly priority?: number | undefined;
}

export interface Cachetune {
  readonly vcpus: NumberSet;
  readonly id?: string | undefined;
  readonly caches: readonly {
    readonly id: number;
    readonly level: number;
    readonly type: "both" | "code" | "data";
    /** Bytes. */
    readonly size: number;
  }[];
  readonly monitors: readonly { readonly level: number; readonly vcpus: NumberSet }[];
}

export interface Memorytune {
  readonly vcpus: NumberSet;
  readonly nodes: readonly { readonly id: number; readonly bandwidth: number }[];
  readonly monitors: readonly { readonly vcpus: NumberSet }[];
}

/** Periods and quotas in microseconds. */
export interface Cputune {
  readonly shares?: number | undefined;
  readonly period?: number | undefined;
  readonly quota?: number | undefined;
  readonly globalPeriod?: number | undefined;
  readonly globalQuota?: number | undefined;
  readonly emulatorPeriod?: number | undefined;
  readonly emulatorQuota?: number | undefined;
  readonly iothreadPeriod?: number | undefined;
  readonly iothreadQuota?: number | undefined;
  readonly vcpupin: readonly { readonly vcpu: number; readonly cpuset: NumberSet }[];
  readonly emulatorpin?: NumberSet | undefined;
  readonly iothreadpin: readonly { readonly iothread: number; readonly cpuset: NumberSet }[];
  readonly vcpusched: readonly (Scheduler & { readonly vcpu: number })[];
  readonly iothreadsched: readonly (Scheduler & { readonly iothread: number })[];
  readonly emulatorsched?: Scheduler | undefined;
  readonly cachetune: readonly Cachetune[];
  readonly memorytune: readonly Memorytune[];
}

export type NumatuneMode = "strict" | "preferred" | "interleave" | "restrictive";

export interface Numatune {
  readonly memory?:
    | {
        readonly mode: NumatuneMode;
        readonly placement?: "static" | "auto" | undefined;
        readonly nodeset?: NumberSet | undefined;
      }
    | undefined;
  readonly memnodes: readonly { readonly cellid: number; readonly mode: NumatuneMode; readonly nodeset: NumberSet }[];
}

export interface IothreadId {
  readonly id: number;
  /** Filled up to the count, not written by the user. */
  readonly autofill?: boolean | undefined;
  readonly threadPoolMin?: number | undefined;
  readonly threadPoolMax?: number | undefined;
}

export interface Seclabel {
  readonly model?: string | undefined;
  readonly type: "none" | "dynamic" | "static";
  readonly relabel: YesNo;
  readonly label?: string | undefined;
  /** Live only. */
  readonly imagelabel?: string | undefined;
  readonly baselabel?: string | undefined;
}
