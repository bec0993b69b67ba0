import type { OnOff } from "./common.js";

/** Features that are only a state, or a bare element. */
export type SwitchFeature = "pmu" | "vmport" | "pvspinlock" | "vmcoreinfo" | "htm" | "nested-hv" | "ccf-assist" | "hap";

export type HypervSwitch =
  | "relaxed"
  | "vapic"
  | "vpindex"
  | "runtime"
  | "synic"
  | "reset"
  | "frequencies"
  | "reenlightenment"
  | "tlbflush"
  | "ipi"
  | "evmcs"
  | "avic";

export interface HypervFeatures {
  readonly mode: "custom" | "passthrough";
  readonly switches: Readonly<Partial<Record<HypervSwitch, OnOff>>>;
  readonly spinlocks?: { readonly state: OnOff; readonly retries?: number | undefined } | undefined;
  readonly stimer?: { readonly state: OnOff; readonly direct?: OnOff | undefined } | undefined;
  readonly vendorId?: { readonly state: OnOff; readonly value?: string | undefined } | undefined;
}

export interface KvmFeatures {
  readonly hidden?: OnOff | undefined;
  readonly hintDedicated?: OnOff | undefined;
  readonly pollControl?: OnOff | undefined;
  readonly pvIpi?: OnOff | undefined;
  readonly dirtyRing?: { readonly state: OnOff; readonly size?: number | undefined } | undefined;
}

/** `<features>`: absent means not said. */
export interface Features {
  readonly acpi?: boolean | undefined;
  readonly apic?: { readonly eoi?: OnOff | undefined } | undefined;
  readonly pae?: boolean | undefined;
  readonly viridian?: boolean | undefined;
  readonly privnet?: boolean | undefined;
  readonly hap?: OnOff | undefined;
  readonly pmu?: OnOff | undefined;
  readonly vmport?: OnOff | undefined;
  readonly pvspinlock?: OnOff | undefined;
  readonly vmcoreinfo?: OnOff | undefined;
  readonly htm?: OnOff | undefined;
  readonly nestedHv?: OnOff | undefined;
  readonly ccfAssist?: OnOff | undefined;
  readonly smm?: { readonly state: OnOff /** Bytes. */; readonly tseg?: number | undefined } | undefined;
  readonly gic?: { readonly version?: "2" | "3" | "host" | undefined } | undefined;
  readonly ioapic?: "qemu" | "kvm" | undefined;
  readonly hpt?:
    | {
        readonly resizing?: "enabled" | "disabled" | "required" | undefined /** KiB. */;
        readonly maxpagesize?: number | undefined;
      }
    | undefined;
  readonly hyperv?: HypervFeatures | undefined;
  readonly kvm?: KvmFeatures | undefined;
  readonly xen?:
    | {
        readonly e820Host?: OnOff | undefined;
        readonly passthrough?:
          | { readonly state: OnOff; readonly mode?: "sync_pt" | "share_pt" | undefined }
          | undefined;
      }
    | undefined;
  readonly msrs?: { readonly unknown: "ignore" | "fault" } | undefined;
  readonly cfpc?: "broken" | "workaround" | "fixed" | undefined;
  readonly sbbc?: "broken" | "workaround" | "fixed" | undefined;
  readonly ibs?: "broken" | "workaround" | "fixed-ibs" | "fixed-ccd" | "fixed-na" | undefined;
  /** MiB. */
  readonly tcg?: { readonly tbCache: number } | undefined;
  readonly capabilities?:
    | { readonly policy: "default" | "allow" | "deny"; readonly states: Readonly<Record<string, OnOff>> }
    | undefined;
}
