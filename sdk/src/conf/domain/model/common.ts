export type OnOff = "on" | "off";
export type YesNo = "yes" | "no";

/** A set of CPU or NUMA node numbers, ascending and without repeats. */
export type NumberSet = readonly number[];

/** Knobs that every virtio device shares; they sit on its `<driver>` element. */
export interface VirtioOptions {
  readonly iommu?: OnOff | undefined;
  readonly ats?: OnOff | undefined;
  readonly packed?: OnOff | undefined;
  readonly pagePerVq?: OnOff | undefined;
}

/** How a device that comes in several virtio flavours presents itself. */
export type VirtioModel = "virtio" | "virtio-transitional" | "virtio-non-transitional";

/** A per-device override of the domain's security label. */
export interface DeviceSeclabel {
  readonly model?: string | undefined;
  readonly relabel?: YesNo | undefined;
  readonly labelskip?: boolean | undefined;
  readonly label?: string | undefined;
}
