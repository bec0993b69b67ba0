import { type ErrorName, VirtError } from "@polyvisor/core";
import type { VirtioOptions } from "../model/index.js";

/** Throws what libvirt's check of the same thing throws. */
export function refuse(code: ErrorName, detail: string, hint?: string): never {
  throw new VirtError(code, detail, hint === undefined ? { domain: "DOMAIN" } : { domain: "DOMAIN", hint });
}

export function unsupported(detail: string, hint?: string): never {
  return refuse("CONFIG_UNSUPPORTED", detail, hint);
}

/** Virtio's options on a device that is no virtio device. */
export function refuseVirtioOptions(options: VirtioOptions | undefined): void {
  const hint = "Remove the option, or use a virtio device.";
  if (options?.iommu !== undefined) unsupported("iommu driver option is only supported for virtio devices", hint);
  if (options?.ats !== undefined) unsupported("ats driver option is only supported for virtio devices", hint);
  if (options?.packed !== undefined) unsupported("packed driver option is only supported for virtio devices", hint);
  if (options?.pagePerVq !== undefined) unsupported("page_per_vq option is only supported for virtio devices", hint);
}
