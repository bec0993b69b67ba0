import type { Address, DeviceInfo, VirtioOptions } from "../model/index.js";
import { formatPciName } from "../parse/device-info.js";
import { type AbiRule, checkRules, refuse, rule } from "./rule.js";

/** An address as libvirt writes it in messages; kinds that a guest does not see, or that it sees otherwise, have none. */
function placeOf(address: Address): string | undefined {
  switch (address.type) {
    case "pci":
      return formatPciName(address);
    case "drive":
      return `${address.controller}:${address.bus}:${address.unit}`;
    case "virtio-serial":
      return `${address.controller}:${address.bus}:${address.port}`;
    case "ccid":
      return `${address.controller}:${address.slot}`;
    case "isa":
      return `${address.iobase ?? 0}:${address.irq ?? 0}`;
    default:
      return undefined;
  }
}

const PLACES: Readonly<Partial<Record<Address["type"], string>>> = {
  // libvirt leaves out the space
  pci: "Target device PCI address %sdoes not match source %s",
  drive: "Target device drive address %s does not match source %s",
  "virtio-serial": "Target device virtio serial address %s does not match source %s",
  ccid: "Target device ccid address %s does not match source %s",
  isa: "Target device isa address %s does not match source %s",
};

const TYPE = rule<DeviceInfo>(
  "Target device address type %s does not match source %s",
  ({ address }) => address?.type,
  "none",
);
const ACPI_INDEX = rule<DeviceInfo>(
  "Target ACPI index '%s' does not match source '%s'",
  ({ acpiIndex }) => acpiIndex ?? 0,
);

const DIMM: readonly AbiRule<Extract<Address, { type: "dimm" }>>[] = [
  rule("Target device dimm slot %s does not match source %s", ({ slot }) => slot),
  rule("Target device dimm base address '%s' does not match source '%s'", ({ base }) => (base ?? 0).toString(16)),
];

/** Where the guest finds a device. */
export function checkDeviceInfo(source: DeviceInfo, target: DeviceInfo): void {
  checkRules([TYPE], source, target);
  const was = source.address;
  const becomes = target.address;
  if (was !== undefined && becomes !== undefined) {
    const words = PLACES[was.type];
    if (words !== undefined) checkRules([rule(words, placeOf)], was, becomes);
    if (was.type === "dimm" && becomes.type === "dimm") checkRules(DIMM, was, becomes);
  }
  checkRules([ACPI_INDEX], source, target);
}

const VIRTIO: readonly AbiRule<VirtioOptions>[] = [
  rule("Target device iommu option '%s' does not match source '%s'", ({ iommu }) => iommu),
  rule("Target device ats option '%s' does not match source '%s'", ({ ats }) => ats),
  rule("Target device packed option '%s' does not match source '%s'", ({ packed }) => packed),
  rule("Target device page_per_vq option '%s' does not match source '%s'", ({ pagePerVq }) => pagePerVq),
];

/** A device's virtio options, its place, its ACPI index. */
export function checkVirtioDevice(
  source: DeviceInfo & { readonly driver?: VirtioOptions | undefined },
  target: DeviceInfo & { readonly driver?: VirtioOptions | undefined },
): void {
  if (hasOptions(source.driver) !== hasOptions(target.driver)) {
    refuse("Target device virtio options don't match the source");
  }
  checkRules(VIRTIO, source.driver ?? {}, target.driver ?? {});
  checkDeviceInfo(source, target);
}

function hasOptions(options: VirtioOptions | undefined): boolean {
  return VIRTIO.some(({ value }) => options !== undefined && value(options) !== undefined);
}
