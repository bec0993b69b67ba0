import type { YesNo } from "./common.js";

export interface Timer {
  readonly name: "platform" | "pit" | "rtc" | "hpet" | "tsc" | "kvmclock" | "hypervclock" | "armvtimer";
  readonly present?: YesNo | undefined;
  readonly tickpolicy?: "delay" | "catchup" | "merge" | "discard" | undefined;
  readonly track?: "boot" | "guest" | "wall" | "realtime" | undefined;
  /** Hertz; tsc only. */
  readonly frequency?: number | undefined;
  /** tsc only. */
  readonly mode?: "auto" | "native" | "emulate" | "paravirt" | "smpsafe" | undefined;
  readonly catchup?:
    | {
        readonly threshold?: number | undefined;
        readonly slew?: number | undefined;
        readonly limit?: number | undefined;
      }
    | undefined;
}

/** `reset`, or a number of seconds that the first start turns into a variable clock. */
export type ClockAdjustment = "reset" | number;

export type ClockOffset =
  | { readonly offset: "utc" | "localtime"; readonly adjustment?: ClockAdjustment | undefined }
  | {
      readonly offset: "variable";
      /** Seconds from the basis. */
      readonly adjustment: number;
      readonly basis: "utc" | "localtime";
      /** The adjustment at the guest's start; status files only. */
      readonly adjustment0?: number | undefined;
    }
  | { readonly offset: "timezone"; readonly timezone: string }
  | { readonly offset: "absolute" /** Seconds since the epoch. */; readonly start: number };

export type Clock = ClockOffset & { readonly timers: readonly Timer[] };
