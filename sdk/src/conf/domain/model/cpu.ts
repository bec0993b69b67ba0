import type { NumberSet, OnOff, YesNo } from "./common.js";

export interface CpuTopology {
  readonly sockets: number;
  readonly dies: number;
  readonly cores: number;
  readonly threads: number;
}

export interface CpuFeature {
  readonly name: string;
  readonly policy?: "force" | "require" | "optional" | "disable" | "forbid" | undefined;
}

export interface NumaDistance {
  readonly id: number;
  readonly value: number;
}

/** A cache in front of a cell's memory. */
export interface NumaCache {
  readonly level: number;
  readonly associativity: "none" | "direct" | "full";
  readonly policy: "none" | "writeback" | "writethrough";
  /** KiB. */
  readonly size: number;
  /** Bytes. */
  readonly line: number;
}

export interface NumaCell {
  readonly id: number;
  readonly cpus?: NumberSet | undefined;
  /** KiB. */
  readonly memory: number;
  readonly memAccess?: "shared" | "private" | undefined;
  readonly discard?: YesNo | undefined;
  readonly distances?: readonly NumaDistance[] | undefined;
  readonly caches?: readonly NumaCache[] | undefined;
}

export type NumaInterconnect = {
  readonly initiator: number;
  readonly target: number;
  readonly cache?: number | undefined;
  readonly type: "access" | "read" | "write";
} & (
  | { /** Nanoseconds. */ readonly kind: "latency"; readonly value: number }
  | { /** KiB/s. */ readonly kind: "bandwidth"; readonly value: number }
);

export interface CpuNuma {
  readonly cells: readonly NumaCell[];
  readonly interconnects?: readonly NumaInterconnect[] | undefined;
}

/** The guest's CPU. */
export interface Cpu {
  /** Absent only when nothing but topology or numa is said. */
  readonly mode?: "custom" | "host-model" | "host-passthrough" | "maximum" | undefined;
  /** Absent means that no match was asked for: a `<cpu>` with topology or numa alone. */
  readonly match?: "exact" | "minimum" | "strict" | undefined;
  readonly check?: "none" | "partial" | "full" | undefined;
  readonly migratable?: OnOff | undefined;
  readonly model?: string | undefined;
  readonly fallback?: "allow" | "forbid" | undefined;
  readonly vendorId?: string | undefined;
  readonly vendor?: string | undefined;
  readonly topology?: CpuTopology | undefined;
  readonly cache?:
    | { readonly level?: number | undefined; readonly mode: "emulate" | "passthrough" | "disable" }
    | undefined;
  readonly maxphysaddr?: { readonly mode: "emulate" | "passthrough"; readonly bits?: number | undefined } | undefined;
  readonly features: readonly CpuFeature[];
  readonly numa?: CpuNuma | undefined;
}
