import { attr } from "../../../xml/index.js";
import type { VirtioOptions } from "../model/index.js";

export interface FormatContext {
  /** As the persistent configuration is shown: without what a start chose. */
  readonly inactive: boolean;
  /** With passwords. */
  readonly secure: boolean;
  /** For another, maybe older, host: without what was added by defaults. */
  readonly migratable: boolean;
  /** For our own status files. */
  readonly status: boolean;
}

export function virtioOptions(options: VirtioOptions | undefined): string {
  if (options === undefined) return "";
  return (
    attr("iommu", options.iommu) +
    attr("ats", options.ats) +
    attr("packed", options.packed) +
    attr("page_per_vq", options.pagePerVq)
  );
}

export function hex(value: number, width = 1): string {
  return `0x${value.toString(16).padStart(width, "0")}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `size` bytes in the largest unit that divides it. */
export function prettySize(size: number): { readonly size: number; readonly unit: string } {
  let value = size;
  let at = 0;
  while (value !== 0 && value % 1024 === 0 && at < UNITS.length - 1) {
    value /= 1024;
    at++;
  }
  return { size: value, unit: UNITS[at] ?? "B" };
}
