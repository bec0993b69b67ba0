import type { Cpu, OnOff, VirtType, YesNo } from "../domain/model/index.js";

/**
 * One kind of thing that a guest can or cannot have, and the values that its attributes take, in libvirt's order.
 *
 * A list that is left out is not reported; an empty one says that no value is possible.
 */
export type CapabilitySection<Name extends string> =
  | { readonly supported: false }
  | { readonly supported: true; readonly enums: { readonly [N in Name]?: readonly string[] | undefined } };

export interface LoaderCapability {
  /** Paths of firmware images. */
  readonly values: readonly string[];
}

export type OsCapability =
  | { readonly supported: false }
  | (Extract<CapabilitySection<"firmware">, { supported: true }> & {
      readonly loader?:
        | { readonly supported: false }
        | (Extract<CapabilitySection<"type" | "readonly" | "secure">, { supported: true }> & LoaderCapability)
        | undefined;
    });

/** A mode in which the guest sees the host's CPU. */
export type CpuModeCapability =
  | { readonly supported: false }
  | { readonly supported: true; readonly migratable?: readonly OnOff[] | undefined };

export interface CpuModelCapability {
  readonly name: string;
  readonly usable: YesNo | "unknown";
  readonly deprecated?: boolean | undefined;
  readonly vendor?: string | undefined;
}

export interface CpuCapability {
  readonly hostPassthrough: CpuModeCapability;
  readonly maximum: CpuModeCapability;
  /** What `host-model` stands for on this host; undefined where the mode is not supported. */
  readonly hostModel?: Cpu | undefined;
  /** The models of the mode `custom`; none where it is not supported. */
  readonly custom: readonly CpuModelCapability[];
}

export interface SevCapability {
  readonly cbitpos: number;
  readonly reducedPhysBits: number;
  readonly maxGuests: number;
  readonly maxESGuests: number;
  readonly cpu0Id?: string | undefined;
}

export interface SgxCapability {
  readonly flc: boolean;
  readonly sgx1: boolean;
  readonly sgx2: boolean;
  /** KiB. */
  readonly sectionSize: number;
  /** Sizes in KiB. */
  readonly sections: readonly { readonly node: number; readonly size: number }[];
}

/** The lists of each kind of device, in the order in which they are printed. */
export const DEVICE_ENUMS = {
  disk: ["diskDevice", "bus", "model"],
  graphics: ["type"],
  video: ["modelType"],
  hostdev: ["mode", "startupPolicy", "subsysType", "capsType", "pciBackend"],
  rng: ["model", "backendModel"],
  filesystem: ["driverType"],
  tpm: ["model", "backendModel", "backendVersion"],
  redirdev: ["bus"],
  channel: ["type"],
} as const;

export type CapabilityDevice = keyof typeof DEVICE_ENUMS;

export type DeviceCapabilities = {
  readonly [D in CapabilityDevice]?: CapabilitySection<(typeof DEVICE_ENUMS)[D][number]> | undefined;
};

/** Features that are there or not, in the order in which they are printed. */
export const SIMPLE_FEATURES = ["vmcoreinfo", "genid", "backingStoreInput", "backup", "s390-pv"] as const;

export type SimpleFeature = (typeof SIMPLE_FEATURES)[number];

export interface FeatureCapabilities {
  readonly gic?: CapabilitySection<"version"> | undefined;
  /** Features that are left out are not reported. */
  readonly simple: { readonly [F in SimpleFeature]?: boolean | undefined };
  readonly sev?: SevCapability | undefined;
  readonly sgx?: SgxCapability | undefined;
  readonly hyperv?: CapabilitySection<"features"> | undefined;
}

/** What guests of one emulator, machine and architecture can have: the document of `virsh domcapabilities`. */
export interface DomainCapabilities {
  /** The emulator. */
  readonly path?: string | undefined;
  readonly type: VirtType;
  readonly machine?: string | undefined;
  readonly arch: string;
  readonly maxVcpus?: number | undefined;
  readonly iothreads?: boolean | undefined;
  readonly os?: OsCapability | undefined;
  readonly cpu: CpuCapability;
  readonly memoryBacking?: CapabilitySection<"sourceType"> | undefined;
  readonly devices: DeviceCapabilities;
  readonly features: FeatureCapabilities;
}
