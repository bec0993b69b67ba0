import type { Address, VirtioModel, VirtioOptions } from "@polyvisor/sdk/conf";
import { type Build, internal, refuse } from "./context.js";
import { fromOnOff, type Props } from "./props.js";

interface VirtioDevice {
  readonly address?: Address | undefined;
}

const SUFFIXES: Readonly<Partial<Record<Address["type"], string>>> = {
  pci: "pci",
  ccw: "ccw",
  "virtio-mmio": "device",
};

/** The QEMU device of a virtio device: its name depends on the bus that it sits on and on its flavour. */
export function virtioDriver(
  build: Build,
  base: string,
  device: VirtioDevice,
  model?: VirtioModel | undefined,
): string {
  const type = device.address?.type;
  const suffix = type === undefined ? undefined : SUFFIXES[type];
  if (suffix === undefined) throw internal(`Unexpected address type for '${base}'`);
  const plain = `${base}-${suffix}`;
  if (model === undefined || model === "virtio") return plain;
  if (type !== "pci")
    throw refuse(`virtio (non-)transitional models are not supported for address type=${type ?? "none"}`);
  const split = build.can("virtio-pci-non-transitional");
  if (model === "virtio-transitional") return split ? `${plain}-transitional` : plain;
  if (!split) throw refuse("virtio non-transitional model not supported for this qemu");
  return `${plain}-non-transitional`;
}

export function virtioOptions(options: VirtioOptions | undefined): Props {
  return {
    iommu_platform: fromOnOff(options?.iommu),
    ats: fromOnOff(options?.ats),
    packed: fromOnOff(options?.packed),
    "page-per-vq": fromOnOff(options?.pagePerVq),
  };
}

export function virtioProps(
  build: Build,
  base: string,
  device: VirtioDevice & { readonly driver?: VirtioOptions | undefined },
  model?: VirtioModel | undefined,
): Props {
  return { driver: virtioDriver(build, base, device, model), ...virtioOptions(device.driver) };
}
